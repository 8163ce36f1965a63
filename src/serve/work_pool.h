/// Do independent pieces of work side by side.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace inferometer::serve {

/// Threads that help whoever calls run(). They start with the first call that has more than one piece. Members: any thread.
class WorkPool {
 public:
  /// @param helpers  beside the caller; 0: the caller does everything
  explicit WorkPool(std::size_t helpers) : helpers_(helpers) {}
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Call work(0) ... work(count - 1), each once, here and on helpers; return when all have returned. After an exception no further piece
  /// begins, and that of the lowest index is thrown. Calls from several threads share the helpers, first come first served.
  void run(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  struct Job;
  void start_helpers();
  void help();

  std::size_t helpers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;  ///< that have pieces nobody took
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

}  // namespace inferometer::serve

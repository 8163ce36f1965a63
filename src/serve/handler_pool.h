/// Run calls on a fixed number of threads, with a bounded queue before them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace inferometer::serve {

/// Members: any thread, not from within a call.
class HandlerPool {
 public:
  HandlerPool(int threads, std::size_t most_waiting);
  ~HandlerPool();  ///< drops what waits, ends what runs
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  /// @param call  throws nothing
  /// @return false where no thread is free and the queue is full, or the pool is closing
  bool submit(std::function<void()> call);
  std::size_t waiting() const;
  std::size_t running() const;
  /// Wait until nothing waits or runs. @return false when `deadline` came first.
  bool drain(std::chrono::steady_clock::time_point deadline);
  /// Take no more, drop what waits, wait for what runs, join.
  void close();

 private:
  void work();

  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable work_, idle_;
  std::deque<std::function<void()>> queue_;
  std::size_t running_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace inferometer::serve

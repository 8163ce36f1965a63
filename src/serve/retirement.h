/// End services on a thread of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace inferometer::serve {

class Service;

/// Ending a service waits for its process, up to seconds; threads that answer others must not. Members: any thread.
class Retirement {
 public:
  Retirement();
  ~Retirement();  ///< close()
  Retirement(const Retirement&) = delete;
  Retirement& operator=(const Retirement&) = delete;

  /// Let go of it there; after close(), here.
  void take(std::shared_ptr<Service> service);
  /// Wait until all are gone.
  void close();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Service>> services_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace inferometer::serve

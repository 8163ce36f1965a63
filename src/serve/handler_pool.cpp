#include "serve/handler_pool.h"

#include <utility>

namespace inferometer::serve {

HandlerPool::HandlerPool(int threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  try {
    for (int index = 0; index < threads; ++index) threads_.emplace_back([this] { work(); });
  } catch (...) {
    close();
    throw;
  }
}

HandlerPool::~HandlerPool() { close(); }

bool HandlerPool::submit(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t free = threads_.size() - running_;
    // Calls that a thread is about to take do not wait.
    if (closing_ || queue_.size() >= free + most_waiting_) return false;
    queue_.push_back(std::move(call));
  }
  work_.notify_one();
  return true;
}

std::size_t HandlerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

std::size_t HandlerPool::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool HandlerPool::drain(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return idle_.wait_until(lock, deadline, [this] { return queue_.empty() && running_ == 0; });
}

void HandlerPool::close() {
  std::deque<std::function<void()>> dropped;  // what they hold ends outside the lock
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(queue_);
  }
  work_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void HandlerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;  // closing
    std::function<void()> call = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    call();
    call = nullptr;  // what it holds ends outside the lock, and before it counts as done
    lock.lock();
    --running_;
    if (running_ == 0 && queue_.empty()) idle_.notify_all();
  }
}

}  // namespace inferometer::serve

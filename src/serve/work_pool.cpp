#include "serve/work_pool.h"

#include <algorithm>
#include <atomic>
#include <exception>

namespace inferometer::serve {

struct WorkPool::Job {
  Job(std::size_t pieces, const std::function<void(std::size_t)>& function) : count(pieces), work(function) {}

  bool is_exhausted() const { return next.load() >= count; }

  /// Do pieces until none is left.
  void work_on() {
    for (std::size_t index = next.fetch_add(1); index < count; index = next.fetch_add(1)) {
      try {
        work(index);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (index < problem_index) {
          problem_index = index;
          problem = std::current_exception();
        }
        skip_rest();
      }
      finish(1);
    }
  }

  void finish(std::size_t pieces) {
    const std::lock_guard lock(mutex);
    finished += pieces;
    if (finished == count) done.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex);
    done.wait(lock, [this] { return finished == count; });
  }

  const std::size_t count;
  const std::function<void(std::size_t)>& work;  ///< the caller's: outlives the last piece
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable done;
  std::size_t finished = 0;
  std::size_t problem_index = static_cast<std::size_t>(-1);
  std::exception_ptr problem;

 private:
  /// Under the mutex: pieces that nobody took count as finished.
  void skip_rest() {
    const std::size_t first = next.exchange(count);
    if (first < count) finished += count - first;
  }
};

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkPool::run(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count <= 1 || helpers_ == 0) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  const auto job = std::make_shared<Job>(count, work);
  {
    const std::lock_guard lock(mutex_);
    start_helpers();
    jobs_.push_back(job);
  }
  changed_.notify_all();
  job->work_on();
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = std::find(jobs_.begin(), jobs_.end(), job); found != jobs_.end()) jobs_.erase(found);
  }
  job->wait();
  if (job->problem) std::rethrow_exception(job->problem);
}

void WorkPool::start_helpers() {
  while (threads_.size() < helpers_) threads_.emplace_back([this] { help(); });
}

void WorkPool::help() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const std::shared_ptr<Job> job = jobs_.front();
    if (job->is_exhausted()) {
      jobs_.pop_front();
      continue;
    }
    lock.unlock();
    job->work_on();
    lock.lock();
  }
}

}  // namespace inferometer::serve

#include "serve/retirement.h"

#include <utility>

#include "serve/service.h"

namespace inferometer::serve {

Retirement::Retirement() : thread_([this] { work(); }) {}

Retirement::~Retirement() { close(); }

void Retirement::take(std::shared_ptr<Service> service) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;  // `service` ends behind the lock, when the caller's argument does
  services_.push_back(std::move(service));
  changed_.notify_one();
}

void Retirement::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Retirement::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !services_.empty(); });
    if (services_.empty()) return;  // closing
    std::shared_ptr<Service> service = std::move(services_.front());
    services_.pop_front();
    lock.unlock();
    service.reset();
    lock.lock();
  }
}

}  // namespace inferometer::serve

#include "serve/session_cache.h"

#include <algorithm>
#include <bit>
#include <iostream>
#include <utility>

#include "measure/worker_parts.h"

namespace inferometer::serve {

SessionCache::SessionCache(Make make, std::unique_ptr<LoadedSession> first, std::int64_t largest_batch, std::size_t most,
                           std::function<void(std::uint64_t, std::size_t)> on_change)
    : make_(std::move(make)), most_(std::max<std::size_t>(most, 2)), on_change_(std::move(on_change)), largest_(largest_batch) {
  sessions_.emplace(1, std::move(first));
  on_change_(made_, sessions_.size());
}

std::shared_ptr<LoadedSession> SessionCache::take(std::size_t items) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto batch = std::min(static_cast<std::int64_t>(std::bit_floor(items)), largest_);
    if (const auto found = sessions_.find(batch); found != sessions_.end()) {
      found->second->last_used = ++uses_;
      return found->second;
    }
    if (std::find(wanted_.begin(), wanted_.end(), batch) == wanted_.end()) wanted_.push_back(batch);
    wanted_changed_.notify_one();
    made_changed_.wait(lock);
  }
}

void SessionCache::make_sessions() {
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_changed_.wait(lock, [this] { return !wanted_.empty(); });
    make_one(lock);
    made_changed_.notify_all();
  }
}

void SessionCache::make_one(std::unique_lock<std::mutex>& lock) {
  const std::int64_t batch = wanted_.front();
  lock.unlock();
  std::shared_ptr<LoadedSession> session;
  try {
    session = make_(batch);
  } catch (...) {
    // Smaller ones do the same work, only slower; batch 1 is there.
    std::cerr << "batch " << batch << " cannot be had: " << measure::current_error().what() << std::endl;
  }
  lock.lock();
  // Only now, so that nobody asks for it again meanwhile.
  wanted_.pop_front();
  if (session) {
    ++made_;
    session->last_used = ++uses_;
    sessions_.emplace(batch, std::move(session));
    drop_surplus(batch);
  } else {
    largest_ = std::min(largest_, batch / 2);
  }
  on_change_(made_, sessions_.size());
}

void SessionCache::drop_surplus(std::int64_t keep) {
  while (sessions_.size() > most_) {
    auto oldest = sessions_.end();
    for (auto each = sessions_.begin(); each != sessions_.end(); ++each) {
      if (each->first == 1 || each->first == keep) continue;
      if (oldest == sessions_.end() || each->second->last_used < oldest->second->last_used) oldest = each;
    }
    if (oldest == sessions_.end()) return;
    sessions_.erase(oldest);
  }
}

}  // namespace inferometer::serve

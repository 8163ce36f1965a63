/// Hold what the connections of one server share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "serve/body_budget.h"
#include "serve/handler_pool.h"
#include "serve/http.h"
#include "serve/http_server.h"

namespace inferometer::serve {

/// Outlives every connection. Any thread.
struct HttpCore {
  HttpCore(const HttpServerOptions& given, Application& served)
      : options(given), application(served), bodies(given.buffered_bytes), handlers(given.handler_threads, given.queued_calls) {}

  const HttpServerOptions options;
  Application& application;
  BodyBudget bodies;
  std::atomic<std::uint64_t> connections{0}, requests{0}, refused_connections{0};
  std::atomic<bool> stopping{false};

  void connection_opened() { open_.fetch_add(1); }
  void connection_closed() {
    if (open_.fetch_sub(1) != 1) return;
    const std::lock_guard lock(mutex_);  // or whoever waits could miss it
    none_open_.notify_all();
  }
  std::uint64_t open() const { return open_.load(); }
  void wait_until_none_open(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    none_open_.wait_until(lock, deadline, [this] { return open_.load() == 0; });
  }

 private:
  std::atomic<std::uint64_t> open_{0};
  std::mutex mutex_;
  std::condition_variable none_open_;

 public:
  HandlerPool handlers;  ///< last: its calls use the others
};

}  // namespace inferometer::serve

#include "serve/socket_loop.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

#include "serve/http_connection.h"

namespace inferometer::serve {
namespace {

/// Long enough for a client that still sends what was refused to see why; short enough that the many cost nothing.
constexpr std::chrono::milliseconds kLinger{2000};
constexpr std::chrono::milliseconds kForever{-1};

}  // namespace

SocketLoop::SocketLoop(const HttpServerOptions& options)
    : limits_{options.idle_timeout, options.receive_timeout, kForever, options.send_timeout, kLinger},
      work_(context_.get_executor()),
      timer_(context_) {
  thread_ = std::thread([this] {
    while (true) {
      try {
        context_.run();
        return;
      } catch (const std::exception&) {
        // Memory ran out for one connection, which its phase's limit will end; the others go on.
      }
    }
  });
}

SocketLoop::~SocketLoop() { join(); }

void SocketLoop::join() {
  if (!thread_.joinable()) return;
  boost::asio::post(context_, [this] {
    close_all();
    timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

SocketLoop::Place SocketLoop::enter(std::shared_ptr<HttpConnection> connection) {
  auto& list = phases_[static_cast<std::size_t>(Phase::idle)];
  list.push_back({std::move(connection), Phase::idle, {}});
  const Place place = std::prev(list.end());
  move(place, Phase::idle);
  return place;
}

void SocketLoop::move(Place place, Phase phase) {
  auto& from = phases_[static_cast<std::size_t>(place->phase)];
  auto& to = phases_[static_cast<std::size_t>(phase)];
  to.splice(to.end(), from, place);
  place->phase = phase;
  const std::chrono::milliseconds limit = limits_[static_cast<std::size_t>(phase)];
  if (limit < std::chrono::milliseconds::zero()) {
    place->deadline = TimePoint::max();
    return;
  }
  place->deadline = std::chrono::steady_clock::now() + limit;
  if (place->deadline < watched_) watch(place->deadline);
}

void SocketLoop::leave(Place place) { phases_[static_cast<std::size_t>(place->phase)].erase(place); }

void SocketLoop::watch(TimePoint deadline) {
  watched_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_time();
  });
}

void SocketLoop::on_time() {
  watched_ = TimePoint::max();
  const TimePoint now = std::chrono::steady_clock::now();
  TimePoint next = TimePoint::max();
  for (auto& list : phases_) {
    while (!list.empty() && list.front().deadline <= now) {
      const std::shared_ptr<HttpConnection> connection = list.front().connection;
      connection->expire(list.front().phase);  // which closes it or moves it elsewhere
    }
    if (!list.empty()) next = std::min(next, list.front().deadline);
  }
  if (next < watched_) watch(next);
}

void SocketLoop::close_resting() {
  for (const Phase phase : {Phase::idle, Phase::receive, Phase::linger}) {
    auto& list = phases_[static_cast<std::size_t>(phase)];
    while (!list.empty()) std::shared_ptr<HttpConnection>(list.front().connection)->close();
  }
}

void SocketLoop::close_all() {
  for (auto& list : phases_) {
    while (!list.empty()) std::shared_ptr<HttpConnection>(list.front().connection)->close();
  }
}

}  // namespace inferometer::serve

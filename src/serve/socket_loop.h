/// Watch sockets on one thread, and end connections whose time is up.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "serve/http_server.h"

namespace inferometer::serve {

class HttpConnection;

/// What a connection waits for, and so how long it may.
enum class Phase : unsigned char {
  idle,     ///< between requests
  receive,  ///< a request has begun
  answer,   ///< the application works: no limit here
  send,     ///< the answer is on its way
  linger    ///< all is said, and the client is to take it
};
constexpr std::size_t kPhases = 5;

/// One thread, its io_context and the connections that live on it. All members but the constructor, the destructor and context(): that
/// thread.
class SocketLoop {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Entry {
    std::shared_ptr<HttpConnection> connection;
    Phase phase;
    TimePoint deadline;
  };
  using Place = std::list<Entry>::iterator;

  explicit SocketLoop(const HttpServerOptions& options);
  ~SocketLoop();  ///< join()
  SocketLoop(const SocketLoop&) = delete;
  SocketLoop& operator=(const SocketLoop&) = delete;

  boost::asio::io_context& context() { return context_; }
  /// Let the thread end once nothing is left to do, and wait for that. Any other thread.
  void join();

  /// Since the durations of a phase are all alike, each phase's list is in the order of deadlines: entering and leaving take constant time,
  /// whatever the number of connections.
  Place enter(std::shared_ptr<HttpConnection> connection);
  void move(Place place, Phase phase);
  void leave(Place place);
  /// Close what no call is in flight for: what remains closes itself once its answer is out.
  void close_resting();
  void close_all();

  /// Room for one read; its content belongs to whoever reads, until he returns.
  std::array<char, 64 << 10> scratch;

 private:
  void watch(TimePoint deadline);
  void on_time();

  std::array<std::chrono::milliseconds, kPhases> limits_;
  boost::asio::io_context context_{1};
  std::array<std::list<Entry>, kPhases> phases_;  ///< ends before the context that its sockets belong to
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  TimePoint watched_ = TimePoint::max();
  std::thread thread_;
};

}  // namespace inferometer::serve

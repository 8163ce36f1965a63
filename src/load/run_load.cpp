#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <deque>
#include <ctime>
#include <memory>
#include <optional>
#include <system_error>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/error.h"
#include "base/text.h"
#include "load/answer_parser.h"
#include "load/arrivals.h"
#include "load/connect.h"
#include "load/load.h"

namespace inferometer::load {
namespace {

using Parsed = AnswerParser::State;

double ms(Nanoseconds time) { return static_cast<double>(time.count()) * 1e-6; }
Nanoseconds from_seconds(double seconds) { return Nanoseconds(std::llround(seconds * 1e9)); }

double thread_cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Each connection takes a descriptor, and this process needs some besides.
void require_descriptors(int connections) {
  rlimit limit{};
  const rlim_t needed = static_cast<rlim_t>(connections) + 64;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  if (limit.rlim_cur >= needed && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  throw Error(ErrorCode::io, fmt::format("{} connections need {} open files; the limit is {}", connections, needed, limit.rlim_max),
              "raise it with `ulimit -n`, or use fewer connections");
}

void require_sense(const Target& target, const LoadOptions& options) {
  const auto refuse = [](const char* problem) { throw Error(ErrorCode::usage, problem); };
  if (target.bodies.empty()) refuse("there is nothing to send");
  if (options.concurrency < 1) refuse("at least one connection is needed");
  if (!(options.seconds > 0) || !(options.warmup_seconds >= 0) || !(options.timeout_s > 0)) {
    refuse("the duration and the timeout must be above 0 s, the warm-up not below");
  }
}

/// What an event speaks of: a connection's index above, how often it was opened below.
constexpr std::uint64_t kTimer = ~std::uint64_t{0};
constexpr std::uint64_t event_key(std::size_t index, std::uint32_t opened) { return (std::uint64_t{index} << 32) | opened; }

enum class Phase : std::uint8_t { closed, connecting, sending, receiving, idle, resting };

struct Connection {
  Descriptor socket;
  Phase phase = Phase::closed;
  AnswerParser parser;
  const std::string* bytes = nullptr;  ///< of the request in flight
  std::size_t written = 0;
  Nanoseconds intended{0}, sent{0}, connected{0};  ///< on the window's clock
  bool fresh = true;                               ///< no answer has come over this socket yet
  std::uint32_t opened = 0;                        ///< how often; tells events of this socket from those of the one before
};

/// Everything of one run. Times are on the window's clock: 0 is its begin, the warm-up lies before.
class LoadLoop {
 public:
  LoadLoop(const Target& target, const LoadOptions& options, const std::function<void(std::size_t)>& progress)
      : target_(target),
        options_(options),
        progress_(progress),
        window_(from_seconds(options.seconds)),
        timeout_(from_seconds(options.timeout_s)),
        look_every_(std::clamp(timeout_ / 10, Nanoseconds(1'000'000), Nanoseconds(100'000'000))),
        connections_(static_cast<std::size_t>(options.concurrency)) {
    for (const std::string& body : target.bodies)
      requests_.push_back(request_bytes(target, "POST", target.path, body, !options.new_connections));
  }

  LoadRun run();

 private:
  bool is_open() const { return options_.loop != Loop::closed; }
  bool in_window(Nanoseconds intended) const { return intended >= Nanoseconds(0) && intended < window_; }
  Nanoseconds now() const { return steady_now() - origin_; }

  void prepare();
  void start_due(Nanoseconds time);
  void start_ready();
  void wait(Nanoseconds until);
  void handle(Connection& connection, std::uint32_t events);
  void look_for_timeouts(Nanoseconds time);

  void start(Connection& connection, Nanoseconds intended, Nanoseconds time);
  void open(Connection& connection);
  void write(Connection& connection);
  void read(Connection& connection, bool peer_has_closed);
  void answer(Connection& connection);
  void broken(Connection& connection, const std::string& cause);
  void finish(Connection& connection, Outcome outcome, Nanoseconds done, const std::string& cause);
  void drop(Connection& connection);
  void release(Connection& connection, bool rest);
  void never_sent(Nanoseconds intended, Nanoseconds time, const char* why);
  void note_failure(Nanoseconds intended, const std::string& cause);
  void count_in_flight(Nanoseconds time, int change);

  const Target& target_;
  const LoadOptions& options_;
  const std::function<void(std::size_t)>& progress_;
  const Nanoseconds window_, timeout_, look_every_;
  std::vector<std::string> requests_;
  std::vector<Connection> connections_;
  std::vector<Connection*> free_;  ///< with nothing to do; the last used comes first, so that in an open loop few stay busy
  std::deque<std::pair<Nanoseconds, Connection*>> resting_;
  std::deque<Nanoseconds> waiting_;  ///< open loop: intended times that found no free connection
  std::optional<Arrivals> arrivals_;
  Address address_;
  Descriptor poll_, timer_;
  Nanoseconds origin_{0}, next_look_{0}, armed_{0};
  std::size_t next_request_ = 0, in_flight_ = 0;
  Nanoseconds counted_until_{0};
  double in_flight_s_ = 0;
  std::array<char, 256 << 10> buffer_;
  LoadRun result_;
};

void LoadLoop::prepare() {
  require_descriptors(options_.concurrency);
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(std::min(timeout_, Nanoseconds(10'000'000'000)));
  address_ = find_server(target_.host, target_.port, std::max(limit, std::chrono::milliseconds(1)));
  poll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!poll_ || !timer_) throw Error(ErrorCode::io, fmt::format("no epoll or timer: {}", std::generic_category().message(errno)));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kTimer;
  ::epoll_ctl(poll_.number(), EPOLL_CTL_ADD, timer_.number(), &event);
  const Nanoseconds warmup = from_seconds(options_.warmup_seconds);
  origin_ = steady_now() + warmup;
  next_look_ = counted_until_ = -warmup;
  if (is_open()) arrivals_.emplace(options_.loop, options_.rate, -warmup, options_.seed);
  for (auto each = connections_.rbegin(); each != connections_.rend(); ++each) free_.push_back(&*each);
}

LoadRun LoadLoop::run() {
  prepare();
  const double cpu_before = thread_cpu_s();
  const Nanoseconds began = steady_now();
  while (true) {
    if (interrupt_requested()) throw Error(ErrorCode::interrupted, "interrupted");
    const Nanoseconds time = now();
    if (is_open()) start_due(time);
    while (!resting_.empty() && resting_.front().first <= time) {
      resting_.front().second->phase = Phase::closed;
      free_.push_back(resting_.front().second);
      resting_.pop_front();
    }
    if (time >= next_look_) look_for_timeouts(time);
    start_ready();
    if (time >= window_ && in_flight_ == 0 && waiting_.empty()) break;
    Nanoseconds until = next_look_;
    if (is_open() && arrivals_->next() < window_) until = std::min(until, arrivals_->next());
    if (!resting_.empty()) until = std::min(until, resting_.front().first);
    if (time < window_) until = std::min(until, window_);
    wait(until);
  }
  count_in_flight(window_, 0);
  result_.cpu_s = thread_cpu_s() - cpu_before;
  result_.wall_s = ms(steady_now() - began) * 1e-3;
  result_.seconds = options_.seconds;
  result_.mean_in_flight = in_flight_s_ / options_.seconds;
  return std::move(result_);
}

/// Open loop: whatever is due goes out, or waits.
void LoadLoop::start_due(Nanoseconds time) {
  while (arrivals_->next() <= time && arrivals_->next() < window_) {
    const Nanoseconds intended = arrivals_->next();
    arrivals_->advance();
    if (free_.empty()) {
      if (waiting_.size() < options_.most_waiting) {
        waiting_.push_back(intended);
      } else {
        if (in_window(intended)) ++result_.refused_by_cap;
        never_sent(intended, time, "too many requests wait for a connection");
      }
      continue;
    }
    const Nanoseconds going = now();
    if (in_window(intended)) {
      result_.lags_ms.push_back(ms(going - intended));
      if (going - intended > kLateSend) ++result_.late_sends;
    }
    Connection* connection = free_.back();
    free_.pop_back();
    start(*connection, intended, going);
  }
}

void LoadLoop::wait(Nanoseconds until) {
  if (until != armed_) {
    const std::int64_t at = std::max<std::int64_t>((until + origin_).count(), 1);
    itimerspec due{};
    due.it_value.tv_sec = at / 1'000'000'000;
    due.it_value.tv_nsec = at % 1'000'000'000;
    ::timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &due, nullptr);
    armed_ = until;
  }
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(poll_.number(), events.data(), static_cast<int>(events.size()), 1000);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 != kTimer) {
      Connection& connection = connections_[event.data.u64 >> 32];
      // An event of this batch may be older than the socket.
      if (connection.opened == static_cast<std::uint32_t>(event.data.u64)) handle(connection, event.events);
      start_ready();
    } else {
      std::uint64_t expired = 0;
      [[maybe_unused]] const ssize_t taken = ::read(timer_.number(), &expired, sizeof expired);
      armed_ = Nanoseconds::min();
    }
  }
}

void LoadLoop::handle(Connection& connection, std::uint32_t events) {
  if (connection.phase == Phase::connecting) {
    // Writable: connected. Anything else on a socket under way is a failure.
    if (const int cause = connection_failure(connection.socket); cause != 0) {
      return finish(connection, Outcome::refused_connection, now(), "cannot connect: " + std::generic_category().message(cause));
    }
    if ((events & EPOLLOUT) == 0) return;
    connection.phase = Phase::sending;
    connection.connected = now();
  }
  if (connection.phase == Phase::sending && (events & EPOLLOUT) != 0) write(connection);
  // Also while sending: a server that refuses a body answers before it has read it all.
  const bool closed = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  const bool readable = closed || (events & EPOLLIN) != 0;
  if (readable && (connection.phase == Phase::sending || connection.phase == Phase::receiving)) return read(connection, closed);
  if (readable && connection.phase == Phase::idle) drop(connection);
}

void LoadLoop::start(Connection& connection, Nanoseconds intended, Nanoseconds time) {
  connection.intended = intended;
  connection.sent = connection.connected = time;
  connection.bytes = &requests_[next_request_++ % requests_.size()];
  connection.written = 0;
  connection.parser.reset();
  count_in_flight(time, 1);
  ++result_.whole.requests;
  if (connection.socket) {
    connection.phase = Phase::sending;
    write(connection);
  } else {
    open(connection);
  }
}

void LoadLoop::open(Connection& connection) {
  int cause = 0;
  connection.socket = begin_connection(address_, cause);
  connection.fresh = true;
  ++connection.opened;
  connection.written = 0;
  connection.parser.reset();
  ++result_.connections;
  if (!connection.socket) {
    return finish(connection, Outcome::refused_connection, now(), "cannot connect: " + std::generic_category().message(cause));
  }
  connection.phase = Phase::connecting;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;  // told once for good, so that a request costs no call for it
  event.data.u64 = event_key(static_cast<std::size_t>(&connection - connections_.data()), connection.opened);
  if (::epoll_ctl(poll_.number(), EPOLL_CTL_ADD, connection.socket.number(), &event) != 0) {
    finish(connection, Outcome::refused_connection, now(), std::generic_category().message(errno));
  }
}

void LoadLoop::write(Connection& connection) {
  const std::string& bytes = *connection.bytes;
  while (connection.written < bytes.size()) {
    const ssize_t sent =
        ::send(connection.socket.number(), bytes.data() + connection.written, bytes.size() - connection.written, MSG_NOSIGNAL);
    if (sent > 0) {
      connection.written += static_cast<std::size_t>(sent);
      result_.bytes_sent += static_cast<std::uint64_t>(sent);
    } else if (sent < 0 && errno == EAGAIN) {
      return;
    } else if (sent < 0 && errno != EINTR) {
      // The peer has closed; what it said before may still be there.
      connection.phase = Phase::receiving;
      return read(connection, true);
    }
  }
  connection.phase = Phase::receiving;
}

void LoadLoop::read(Connection& connection, bool peer_has_closed) {
  while (true) {
    const ssize_t received = ::recv(connection.socket.number(), buffer_.data(), buffer_.size(), 0);
    if (received > 0) {
      result_.bytes_received += static_cast<std::uint64_t>(received);
      const Parsed state = connection.parser.feed({buffer_.data(), static_cast<std::size_t>(received)});
      if (state == Parsed::malformed) return finish(connection, Outcome::malformed, now(), "what came back is no HTTP answer");
      if (state == Parsed::complete) return answer(connection);
      // The socket is empty, and what comes later is told; but a close that came with these bytes was told with them.
      if (static_cast<std::size_t>(received) < buffer_.size() && !peer_has_closed) return;
    } else if (received < 0 && errno == EAGAIN) {
      return;
    } else if (received == 0 || errno != EINTR) {
      const std::string cause = received == 0 ? "closed before the answer was whole" : std::generic_category().message(errno);
      if (connection.parser.closed() == Parsed::complete) return answer(connection);
      return broken(connection, cause);
    }
  }
}

void LoadLoop::answer(Connection& connection) {
  const Nanoseconds done = now();
  const int status = connection.parser.status();
  if (status < 200 || status > 299) {
    return finish(connection, Outcome::status, done, fmt::format("HTTP status {}: {}", status, one_line(connection.parser.body(), 200)));
  }
  if (target_.interface == Interface::deepdetect && !told_ms(connection.parser.body())) {
    return finish(connection, Outcome::malformed, done,
                  fmt::format("no DeepDetect answer: {}", one_line(to_utf8(connection.parser.body().substr(0, 400)), 200)));
  }
  finish(connection, Outcome::ok, done, {});
}

/// A connection that lay idle may have been closed by the server just then: that is no answer to this request, which goes out once more.
void LoadLoop::broken(Connection& connection, const std::string& cause) {
  if (connection.fresh || !connection.parser.empty()) return finish(connection, Outcome::closed_connection, now(), cause);
  ++result_.repeated;
  connection.socket.reset();
  open(connection);
}

void LoadLoop::finish(Connection& connection, Outcome outcome, Nanoseconds done, const std::string& cause) {
  count_in_flight(done, -1);
  Sample sample{connection.intended, connection.sent, done, outcome, 0, 0};
  if (outcome == Outcome::ok || outcome == Outcome::status) sample.status = connection.parser.status();
  if (outcome == Outcome::ok) {
    const double told = target_.interface == Interface::deepdetect ? told_ms(connection.parser.body()).value_or(0) : 0;
    sample.server_ms = static_cast<float>(told);
    WholeRun& whole = result_.whole;
    ++whole.ok;
    whole.wait_ms += ms(connection.sent - connection.intended);
    whole.connect_ms += ms(connection.connected - connection.sent);
    whole.answer_ms += ms(done - connection.sent);
    whole.server_ms += told;
    if (in_window(done)) ++result_.completed[block_of(done, window_)];
  } else {
    note_failure(connection.intended, cause);
  }
  if (in_window(connection.intended)) result_.samples.push_back(sample);
  const bool whole_answer = outcome == Outcome::ok || outcome == Outcome::status;
  if (!whole_answer || !connection.parser.keeps_alive() || options_.new_connections) {
    drop(connection);
  } else {
    connection.fresh = false;
  }
  release(connection, outcome == Outcome::refused_connection || outcome == Outcome::closed_connection);
}

void LoadLoop::drop(Connection& connection) {
  connection.socket.reset();  // closing takes it out of the poll set
  if (connection.phase == Phase::idle) connection.phase = Phase::closed;
}

/// The connection has nothing to do. What comes next begins in start_ready(), not here: a request that fails at once would call itself.
void LoadLoop::release(Connection& connection, bool rest) {
  connection.phase = connection.socket ? Phase::idle : Phase::closed;
  if (is_open() || !rest) return free_.push_back(&connection);
  connection.phase = Phase::resting;
  resting_.emplace_back(now() + kRest, &connection);
}

/// What waits goes out; a closed-loop client sends its next.
void LoadLoop::start_ready() {
  while (!free_.empty() && (!is_open() || !waiting_.empty())) {
    const Nanoseconds time = now();
    Connection* connection = free_.back();
    free_.pop_back();
    Nanoseconds intended = time;
    if (is_open()) {
      intended = waiting_.front();
      waiting_.pop_front();
    } else if (time >= window_) {
      continue;
    }
    start(*connection, intended, time);
  }
}

void LoadLoop::never_sent(Nanoseconds intended, Nanoseconds time, const char* why) {
  note_failure(intended, why);
  if (in_window(intended)) result_.samples.push_back({intended, time, time, Outcome::not_sent, 0, 0});
}

void LoadLoop::note_failure(Nanoseconds intended, const std::string& cause) {
  if (result_.first_failure.empty() && in_window(intended)) result_.first_failure = one_line(to_utf8(cause), 300);
}

void LoadLoop::count_in_flight(Nanoseconds time, int change) {
  const Nanoseconds from = std::clamp(counted_until_, Nanoseconds(0), window_), to = std::clamp(time, Nanoseconds(0), window_);
  if (to > from) in_flight_s_ += static_cast<double>(in_flight_) * ms(to - from) * 1e-3;
  counted_until_ = std::max(counted_until_, time);
  in_flight_ = static_cast<std::size_t>(static_cast<std::int64_t>(in_flight_) + change);
}

void LoadLoop::look_for_timeouts(Nanoseconds time) {
  next_look_ = time + look_every_;
  while (!waiting_.empty() && waiting_.front() + timeout_ <= time) {
    const Nanoseconds intended = waiting_.front();
    waiting_.pop_front();
    never_sent(intended, time, "no connection was free within the timeout");
  }
  for (Connection& connection : connections_) {
    const bool busy = connection.phase == Phase::connecting || connection.phase == Phase::sending || connection.phase == Phase::receiving;
    if (busy && connection.intended + timeout_ <= time) finish(connection, Outcome::timed_out, time, "no whole answer within the timeout");
  }
  if (progress_) progress_(result_.samples.size());
}

}  // namespace

LoadRun run_load(const Target& target, const LoadOptions& options, const std::function<void(std::size_t done)>& progress) {
  require_sense(target, options);
  // Large (its read buffer) and full of addresses that events point to: it stays where it is.
  return std::make_unique<LoadLoop>(target, options, progress)->run();
}

}  // namespace inferometer::load

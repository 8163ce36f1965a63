#include "load/connect.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "load/answer_parser.h"

namespace inferometer::load {
namespace {

using std::chrono::milliseconds;

std::string error_text(int cause) { return std::generic_category().message(cause); }

/// Until the socket is ready for `events`. False: not before `deadline`.
bool wait_for(const Descriptor& socket, short events, Nanoseconds deadline, OnInterrupt on_interrupt) {
  while (true) {
    if (on_interrupt == OnInterrupt::stop && interrupt_requested()) throw Error(ErrorCode::interrupted, "interrupted");
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_now()).count() + 1;
    if (left <= 0) return false;
    pollfd one{socket.number(), events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 100)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// 0, or why there is no connection within the deadline.
int connect_by(const Address& address, Nanoseconds deadline, Descriptor& socket, OnInterrupt on_interrupt) {
  int cause = 0;
  socket = begin_connection(address, cause);
  if (!socket) return cause;
  if (!wait_for(socket, POLLOUT, deadline, on_interrupt)) return ETIMEDOUT;
  return connection_failure(socket);
}

[[noreturn]] void fail(const Address& address, const std::string& problem, const std::string& hint = {}) {
  throw Error(ErrorCode::io, fmt::format("{}: {}", address.text, problem), hint);
}

}  // namespace

Descriptor begin_connection(const Address& address, int& cause) {
  Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) {
    cause = errno;
    return {};
  }
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 && errno != EINPROGRESS) {
    cause = errno;
    return {};
  }
  cause = 0;
  return socket;
}

int connection_failure(const Descriptor& socket) {
  int cause = 0;
  socklen_t size = sizeof cause;
  if (::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &cause, &size) != 0) return errno;
  return cause;
}

Address find_server(const std::string& host, std::uint16_t port, milliseconds limit) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  const std::string name = fmt::format("{}:{}", host, port);
  if (failure != 0) {
    throw Error(ErrorCode::io, fmt::format("{}: no such host: {}", one_line(name, 200), ::gai_strerror(failure)), "http://HOST:PORT");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  const Nanoseconds deadline = steady_now() + limit;
  int cause = ETIMEDOUT;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Address address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.length = each->ai_addrlen;
    address.text = name;
    Descriptor socket;
    cause = connect_by(address, deadline, socket, OnInterrupt::stop);
    if (cause == 0) return address;
  }
  throw Error(ErrorCode::io, fmt::format("{}: cannot connect: {}", one_line(name, 200), error_text(cause)),
              "is the server up? `inferometer serve` starts one");
}

Reply call(const Target& target, const Address& address, std::string_view method, std::string_view path, std::string_view body,
           milliseconds limit, OnInterrupt on_interrupt) {
  const Nanoseconds deadline = steady_now() + limit;
  const std::string request = request_bytes(target, method, path, body, false);
  const std::string what = fmt::format("{} {}", method, one_line(path, 200));
  Descriptor socket;
  if (const int cause = connect_by(address, deadline, socket, on_interrupt); cause != 0)
    fail(address, "cannot connect: " + error_text(cause));
  for (std::string_view left = request; !left.empty();) {
    const ssize_t sent = ::send(socket.number(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) left.remove_prefix(static_cast<std::size_t>(sent));
    if (sent >= 0 || errno == EINTR) continue;
    // A server that refuses a body answers before it has read it all, and closes: what it said is still to be read.
    if (errno == EPIPE || errno == ECONNRESET) break;
    if (errno != EAGAIN) fail(address, fmt::format("{}: {}", what, error_text(errno)));
    if (!wait_for(socket, POLLOUT, deadline, on_interrupt))
      fail(address, fmt::format("{}: took no request within {} ms", what, limit.count()));
  }
  AnswerParser parser;
  std::array<char, 65536> buffer;
  AnswerParser::State state = AnswerParser::State::more;
  while (state == AnswerParser::State::more) {
    const ssize_t received = ::recv(socket.number(), buffer.data(), buffer.size(), 0);
    if (received > 0) {
      state = parser.feed({buffer.data(), static_cast<std::size_t>(received)});
    } else if (received == 0 || errno == ECONNRESET) {
      if (parser.closed() != AnswerParser::State::complete) fail(address, fmt::format("{}: closed before its answer was whole", what));
      break;
    } else if (errno == EAGAIN) {
      if (!wait_for(socket, POLLIN, deadline, on_interrupt)) fail(address, fmt::format("{}: no answer within {} ms", what, limit.count()));
    } else if (errno != EINTR) {
      fail(address, fmt::format("{}: {}", what, error_text(errno)));
    }
  }
  if (state == AnswerParser::State::malformed)
    fail(address, fmt::format("{}: what came back is no HTTP answer", what), "is this an HTTP server?");
  return {parser.status(), std::string(parser.body())};
}

}  // namespace inferometer::load

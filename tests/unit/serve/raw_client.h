/// Talk to a server over a socket of one's own, byte by byte where a test wants it.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "base/text.h"

namespace inferometer::serve {

struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  int number() const { return socket_.number(); }

  /// @return false where the server has closed
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool request(std::string_view method, std::string_view target, std::string_view body = {}, std::string_view headers = {}) {
    return send(fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}", method, target, headers, body.size(), body));
  }
  void finish_sending() { ::shutdown(socket_.number(), SHUT_WR); }

  /// The next answer; nullopt where the server closes or says nothing for `wait_ms`.
  /// @param head  the answer has no body whatever its header says
  std::optional<RawAnswer> answer(bool head = false, int wait_ms = 10'000) {
    std::size_t end;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(wait_ms)) return std::nullopt;
    }
    RawAnswer result;
    const auto lines = split(std::string_view(pending_).substr(0, end), '\n');
    result.status = static_cast<int>(parse_integer(std::string_view(lines[0]).substr(9, 3)).value_or(0));
    for (std::size_t at = 1; at < lines.size(); ++at) {
      const std::size_t colon = lines[at].find(':');
      result.headers[lower(lines[at].substr(0, colon))] = std::string(trim(std::string_view(lines[at]).substr(colon + 1)));
    }
    pending_.erase(0, end + 4);
    const auto length = result.headers.count("content-length") ? parse_integer(result.headers["content-length"]) : 0;
    const std::size_t bytes = head ? 0 : static_cast<std::size_t>(length.value_or(0));
    while (pending_.size() < bytes) {
      if (!receive(wait_ms)) return std::nullopt;
    }
    result.body = pending_.substr(0, bytes);
    pending_.erase(0, bytes);
    return result;
  }
  /// Whether the server closes within `wait_ms`, having sent nothing more.
  bool is_closed(int wait_ms = 10'000) { return pending_.empty() && !receive(wait_ms) && closed_; }
  /// Nothing has come for so long, and the connection stands.
  bool is_silent(int wait_ms) { return pending_.empty() && !receive(wait_ms) && !closed_; }

 private:
  bool receive(int wait_ms) {
    pollfd waited{socket_.number(), POLLIN, 0};
    if (::poll(&waited, 1, wait_ms) <= 0) return false;
    char bytes[65536];
    const ssize_t got = ::recv(socket_.number(), bytes, sizeof bytes, 0);
    closed_ = got <= 0;
    if (got > 0) pending_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  Descriptor socket_;
  bool connected_ = false, closed_ = false;
  std::string pending_;
};

}  // namespace inferometer::serve

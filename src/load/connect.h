/// Find a server and open connections to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "load/target.h"

namespace inferometer::load {

/// A resolved address.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::string text;  ///< "127.0.0.1:8080", for messages
};

/// The address that answers: of several that a name has, the first that takes a connection within `limit`.
/// Throws Error{io}: an unknown host, and "cannot connect" with the cause when none takes one.
Address find_server(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit);

/// A non-blocking TCP socket whose connection is under way (small requests leave at once: TCP_NODELAY). Without a number when the system
/// gives none or refuses at once; then `cause` is the errno.
Descriptor begin_connection(const Address& address, int& cause);
/// How it went, once the socket is writable: 0 or an errno.
int connection_failure(const Descriptor& socket);

/// What a call does when the user asks to stop: throw Error{interrupted}, or end its work first (tidying up).
enum class OnInterrupt : std::uint8_t { stop, go_on };

/// One answer of a control call.
struct Reply {
  int status = 0;
  std::string body;
};

/// One request on a connection of its own, waited for. The path is appended to nothing: give it whole.
/// Throws Error{io}: no connection, closed midway, not within `limit`, no HTTP.
Reply call(const Target& target, const Address& address, std::string_view method, std::string_view path, std::string_view body,
           std::chrono::milliseconds limit, OnInterrupt on_interrupt = OnInterrupt::stop);

}  // namespace inferometer::load

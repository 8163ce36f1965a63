#include "load/target.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::load {
namespace {

[[noreturn]] void refuse_url(std::string_view text, const std::string& problem, const std::string& hint) {
  throw Error(ErrorCode::usage, fmt::format("{}: {}", one_line(text, 200), problem), hint);
}

/// Cut "host:port", "[::1]:port" or either without a port.
void read_authority(std::string_view text, std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) refuse_url(text, "the address in [ ] is not closed", "for example http://[::1]:8080");
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) refuse_url(text, "what follows ] is no port", "for example http://[::1]:8080");
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) refuse_url(text, "names no host", "for example http://127.0.0.1:8080");
  if (port.empty()) return;
  const auto number = parse_integer(port.substr(1));
  if (!number || *number < 1 || *number > std::numeric_limits<std::uint16_t>::max()) {
    refuse_url(text, fmt::format("'{}' is no port", one_line(port.substr(1), 40)), "a number from 1 to 65535");
  }
  url.port = static_cast<std::uint16_t>(*number);
}

bool breaks_a_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

/// A name is an HTTP token (RFC 9110, 5.6.2).
void require_header(const std::string& name, const std::string& value) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static constexpr std::array<std::string_view, 6> kOurs = {"host",       "content-length",    "content-type",
                                                            "connection", "transfer-encoding", "expect"};
  if (name.empty() || name.find_first_not_of(kToken) != std::string::npos || breaks_a_line(value)) {
    throw Error(ErrorCode::usage, fmt::format("--header {}: no HTTP header", one_line(name, 80)), "NAME:VALUE, on one line");
  }
  for (const std::string_view ours : kOurs) {
    if (lower(name) == ours) {
      throw Error(ErrorCode::usage, fmt::format("--header {}: this one is made by the client itself", one_line(name, 80)));
    }
  }
}

}  // namespace

Url parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (const std::size_t scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    const std::string scheme = lower(rest.substr(0, scheme_end));
    if (scheme == "https") {
      refuse_url(text, "https is not spoken here", "put the load on the plain port behind the proxy that ends TLS");
    }
    if (scheme != "http") refuse_url(text, fmt::format("the scheme '{}' is not http", one_line(scheme, 40)), "http://HOST:PORT");
    rest.remove_prefix(scheme_end + 3);
  } else {
    url.port = 8080;
  }
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (authority.find('@') != std::string_view::npos) refuse_url(text, "a user in the address is not taken", "give --token TOKEN");
  constexpr std::string_view kBad = " ?#\"<>\\^`{|}\r\n\t";
  if (rest.find_first_of(kBad) != std::string_view::npos) {
    refuse_url(text, "holds what no address of a server holds (space, query, fragment)", "http://HOST:PORT[/PATH]");
  }
  read_authority(text, authority, url);
  return url;
}

std::string request_bytes(const Target& target, std::string_view method, std::string_view path, std::string_view body, bool keep_alive) {
  for (const auto& header : target.headers) require_header(header.first, header.second);
  if (breaks_a_line(target.token)) throw Error(ErrorCode::usage, "--token: holds a line end");
  if (path.find_first_of(" \r\n") != std::string_view::npos) {
    throw Error(ErrorCode::usage, fmt::format("the path {} holds a space or a line end", one_line(path, 120)), "percent-encode it");
  }
  const bool is_v6 = target.host.find(':') != std::string::npos;
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}:{}\r\n", method, path.empty() ? "/" : path, is_v6 ? "[" : "", target.host,
                                 is_v6 ? "]" : "", target.port);
  if (!target.token.empty()) text += fmt::format("Authorization: Bearer {}\r\n", target.token);
  for (const auto& header : target.headers) text += fmt::format("{}: {}\r\n", header.first, header.second);
  if (!body.empty()) text += fmt::format("Content-Type: {}\r\n", target.content_type);
  if (!keep_alive) text += "Connection: close\r\n";
  text += fmt::format("Content-Length: {}\r\n\r\n", body.size());
  text += body;
  return text;
}

}  // namespace inferometer::load

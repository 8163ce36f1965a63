/// Say what is asked of a server, request by request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::load {

enum class Interface : std::uint8_t { deepdetect, kserve, post };
enum class BodyKind : std::uint8_t { path, base64, tensor, file };

/// Where requests go, and what they hold. Bodies are made before anything is timed.
struct Target {
  std::string host = "127.0.0.1";  ///< name or address
  std::uint16_t port = 8080;
  std::string token;              ///< sent as Authorization: Bearer; empty: none
  std::string path = "/predict";  ///< of the POST
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};
  std::vector<std::string> bodies;  ///< sent in turn
  std::size_t images_per_request = 1;
  Interface interface = Interface::post;  ///< deepdetect: a good answer tells its time (head.time); one that does not is malformed
};

/// "http://HOST[:PORT][/PATH]" in parts; the scheme may be missing, the port is then 8080 and otherwise http's 80. A path of "/" is empty.
/// Throws Error{usage}: https and other schemes, a user or password, a query, no host, a port that is none.
struct Url {
  std::string host;
  std::uint16_t port = 80;
  std::string path;
};
Url parse_url(std::string_view text);

/// Header and body of one request as they go over the wire.
/// Throws Error{usage} for a header that would break the request (line ends; Content-Length and the like, which are ours).
std::string request_bytes(const Target& target, std::string_view method, std::string_view path, std::string_view body,
                          bool keep_alive = true);

}  // namespace inferometer::load

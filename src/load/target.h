/// Say what is asked of a server, request by request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace inferometer::load {

enum class Interface : std::uint8_t { deepdetect, kserve, post };
enum class BodyKind : std::uint8_t { path, base64, tensor, file };

/// Where requests go, and what they hold. Bodies are made before anything is timed.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string token;              ///< empty: none
  std::string path = "/predict";  ///< of the POST
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};
  std::vector<std::string> bodies;  ///< sent in turn
  std::size_t images_per_request = 1;
};

}  // namespace inferometer::load

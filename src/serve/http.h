/// Show a handler what it needs of HTTP: values, no sockets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace inferometer::serve {

struct HttpRequest {
  std::string method;                          ///< in capitals, as sent
  std::string target;                          ///< as sent, query included
  std::vector<std::string> path;               ///< its segments, percent-decoded; "/" has none; a trailing slash adds an empty one
  std::map<std::string, std::string> query;    ///< decoded; of a name given twice the last
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< its Content-Encoding undone
  Nanoseconds received{0};                     ///< steady_now() when the last byte was there
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< further ones
};

/// Where a request is answered.
enum class Lane : std::uint8_t {
  quick,  ///< at once, on the thread that reads sockets: less than a millisecond, waits for nothing
  slow,   ///< on one of the handler threads; beyond the queue's limit it is refused with 503
};

/// What a server serves. Every member is called from several threads at once and throws nothing but std::bad_alloc (answered with 500).
class Application {
 public:
  virtual ~Application() = default;
  virtual Lane lane(const HttpRequest& request) const = 0;
  virtual HttpResponse handle(const HttpRequest& request) = 0;
  /// The answer to what the server itself refuses (400 401 404 408 413 431 500 503), in the shape that clients of this target expect.
  /// @param target  as sent; empty where none was read
  virtual HttpResponse refusal(int status, std::string_view target, const std::string& message) const = 0;
};

}  // namespace inferometer::serve

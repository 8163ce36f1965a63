/// Read one request of HTTP/1.1 from bytes as they arrive; no sockets.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "serve/body_budget.h"
#include "serve/http.h"

namespace inferometer::serve {

struct ReadLimits {
  std::size_t header_bytes = std::size_t{16} << 10;  ///< of the request line, and again of all header lines; beyond: 431
  std::size_t body_bytes = std::size_t{64} << 20;    ///< beyond: 413
};

/// Why a request is not read to its end.
struct ReadRefusal {
  int status = 400;
  std::string message;
};

/// One request. One thread at a time.
class RequestReader {
 public:
  enum class State : unsigned char {
    more,    ///< feed more bytes
    header,  ///< once: the header is there and right; feed on (nothing, if no more is there), or give up
    done,    ///< take()
    refused  ///< refusal()
  };

  RequestReader(const ReadLimits& limits, BodyBudget& budget);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// @return how many of the bytes belong to what was read; the others are to be fed again, with those that follow
  std::size_t feed(std::string_view bytes);
  State state() const;
  const ReadRefusal& refusal() const;

  /// From State::header on. `target`: earlier too, empty until it is known.
  std::string_view target() const;
  std::string_view header(std::string_view name) const;  ///< without case; empty where there is none
  bool keep_alive() const;                               ///< does the client want to send another request?
  bool is_head() const;
  bool is_version_1_0() const;
  bool expects_continue() const;

  /// After State::done, once. Its body is as sent; content encodings are not undone.
  HttpRequest take();
  BodyLease take_lease();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace inferometer::serve

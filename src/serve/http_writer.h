/// Write answers of HTTP/1.1 as bytes; no sockets.
#pragma once

#include <string>
#include <string_view>

#include "serve/http.h"

namespace inferometer::serve {

/// What the request says of the form of its answer.
struct AnswerForm {
  bool keep_alive = false;   ///< the connection stays open
  bool head = false;         ///< of a HEAD request: the header alone
  bool version_1_0 = false;  ///< such a client must be told that the connection stays
  bool gzip = false;         ///< the client takes it
};

/// The whole answer. A body above 1 kB is packed where the form allows it and it gains by that. Throws std::bad_alloc.
std::string answer_bytes(const HttpResponse& response, const AnswerForm& form);

/// "Not Found" of 404; "Unknown" for a status that has no phrase here.
std::string_view reason_phrase(int status);

}  // namespace inferometer::serve

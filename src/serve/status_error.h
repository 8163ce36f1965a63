/// Refuse a call with one of the documented statuses.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace inferometer::serve {

/// DeepDetect's own codes, beside HTTP's. `none`: the answer carries no dd_code.
enum class DdCode : int {
  none = 0,
  bad_request = 400,
  internal = 500,
  unknown_library = 1000,
  service_not_found = 1002,
  job_not_found = 1003,
  input_connector_not_found = 1004,
  service_input = 1005,
  service_bad_request = 1006,
  internal_error = 1007,
  conflict = 1008,
  service_already_exists = 1014,
};

/// Thrown inside serve/ and turned into an answer by the route that it ends; it never leaves an Application.
class StatusError : public std::runtime_error {
 public:
  /// @param message  one line: what, where, what to do; becomes dd_msg; where the code has a text of its own, or there is none, `detail`;
  /// or v2's error
  StatusError(int http, DdCode code, const std::string& message) : std::runtime_error(message), http_(http), code_(code) {}
  int http() const { return http_; }
  DdCode code() const { return code_; }

 private:
  int http_;
  DdCode code_;
};

}  // namespace inferometer::serve

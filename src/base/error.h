/// Report what ends an operation.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace inferometer {

/// What kind of thing went wrong; decides the exit code (cli) and the status of an entry (measure).
enum class ErrorCode {
  usage,           ///< wrong options or arguments                                      exit code 2
  input,           ///< a file, value or model that cannot be used as it is             exit code 2
  unsupported,     ///< the engine lacks an operator or setting that the entry needs    entry: unsupported
  engine_failure,  ///< the framework failed                                            entry: failed
  out_of_memory,   ///< memory ran out                                                  entry: out_of_memory
  missing_engine,  ///< the engine or device named is not here                          exit code 3
  io,              ///< reading or writing failed                                       exit code 2
  interrupted,     ///< the user asked to stop                                          exit code 130
  internal,        ///< a mistake of ours                                               exit code 1
};

/// The name of a code as it travels between processes; error_code() is its inverse (unknown text: internal).
std::string_view name_of(ErrorCode code);
ErrorCode error_code(std::string_view name);

/// The one exception of the project, and the only type that may cross from a plugin to the host.
/// `what()` is one line: it names the file, tensor or option. `hint()` says what to do; it may be empty.
class __attribute__((visibility("default"))) Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
  ErrorCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

}  // namespace inferometer

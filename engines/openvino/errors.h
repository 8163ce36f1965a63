/// Turn what OpenVINO throws into Error.
#pragma once

#include <exception>
#include <string>

#include "common/framework_errors.h"

namespace inferometer::engine {

/// The Error that OpenVINO's exception means. @param subject  what was being done: "model.onnx"
/// @param otherwise  the code when the words do not tell
Error translate(const std::exception& exception, const std::string& subject, ErrorCode otherwise);

/// Run `action`, turning what the framework throws into Error.
template <typename Action>
auto translated(const std::string& subject, Action action, ErrorCode otherwise = ErrorCode::engine_failure) -> decltype(action()) {
  return run_translated(subject, action, [&](const std::exception& exception) { return translate(exception, subject, otherwise); });
}

}  // namespace inferometer::engine

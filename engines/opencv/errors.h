/// Turn what OpenCV throws into Error.
#pragma once

#include <exception>
#include <string>

#include "common/framework_errors.h"

namespace inferometer::engine {

/// OpenCV prints every error to stderr before it throws it; from now on it only throws.
void silence_opencv();

/// The Error that OpenCV's exception means. @param subject  what was being done: "model.onnx"
Error translate(const std::exception& exception, const std::string& subject);

/// Run `action`, turning what the framework throws into Error.
template <typename Action>
auto translated(const std::string& subject, Action action) -> decltype(action()) {
  return run_translated(subject, action, [&](const std::exception& exception) { return translate(exception, subject); });
}

}  // namespace inferometer::engine

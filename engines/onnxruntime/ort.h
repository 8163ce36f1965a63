/// Include ONNX Runtime's C++ interface as this plugin uses it, and turn its exceptions into Error.
#pragma once

// The interface is asked for by hand, so that a library older than the headers is an answer and not a crash at opening.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

#include <exception>
#include <string>

#include "common/framework_errors.h"

namespace inferometer::engine {

/// The Error that an exception of ONNX Runtime's, or of the standard library's below it, means.
/// @param subject  what was being done: "model.onnx"
Error translate(const std::exception& exception, const std::string& subject);

/// Run `action`, turning what the framework throws into Error.
template <typename Action>
auto translated(const std::string& subject, Action action) -> decltype(action()) {
  return run_translated(subject, action, [&](const std::exception& exception) { return translate(exception, subject); });
}

}  // namespace inferometer::engine

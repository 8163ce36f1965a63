/// Turn what OpenVINO throws into Error.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "base/error.h"

namespace inferometer::engine {

/// The Error that OpenVINO's exception means. @param subject  what was being done: "model.onnx"
/// @param otherwise  the code when the words do not tell
Error translate(const std::exception& exception, const std::string& subject, ErrorCode otherwise);

/// Run `action`, turning what the framework throws into Error.
template <typename Action>
auto translated(const std::string& subject, Action action, ErrorCode otherwise = ErrorCode::engine_failure) -> decltype(action()) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, subject + ": out of memory");
  } catch (const std::exception& exception) {
    throw translate(exception, subject, otherwise);
  }
}

}  // namespace inferometer::engine

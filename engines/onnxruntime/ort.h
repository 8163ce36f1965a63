/// Include ONNX Runtime's C++ interface as this plugin uses it, and turn its exceptions into Error.
#pragma once

// The interface is asked for by hand, so that a library older than the headers is an answer and not a crash at opening.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

#include <string>

#include "base/error.h"

namespace inferometer::engine {

/// The Error that ONNX Runtime's exception means. @param subject  what was being done: "model.onnx"
Error translate(const Ort::Exception& exception, const std::string& subject);

/// Run `action`, turning what the framework throws into Error.
template <typename Action>
auto translated(const std::string& subject, Action action) -> decltype(action()) {
  try {
    return action();
  } catch (const Ort::Exception& exception) {
    throw translate(exception, subject);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, subject + ": out of memory");
  } catch (const std::exception& exception) {
    throw Error(ErrorCode::engine_failure, subject + ": " + exception.what());
  }
}

}  // namespace inferometer::engine

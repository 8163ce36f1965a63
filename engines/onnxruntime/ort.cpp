#include "onnxruntime/ort.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace inferometer::engine {
namespace {

// ONNX Runtime reports many causes under one code, so the words decide first.
constexpr std::array kMeanings{
    Meaning{"Failed to allocate memory", ErrorCode::out_of_memory},
    Meaning{"bad_alloc", ErrorCode::out_of_memory},
    Meaning{"Could not find an implementation for", ErrorCode::unsupported},
    Meaning{"is not a registered function/op", ErrorCode::unsupported},
    Meaning{"Unsupported model IR version", ErrorCode::unsupported},
    Meaning{"No Op registered for", ErrorCode::unsupported},
    Meaning{"ONNX Runtime only *guarantees* support", ErrorCode::unsupported},
    Meaning{"execution_providers that can run", ErrorCode::unsupported},
    Meaning{"fallback to CPU EP has been explicitly disabled", ErrorCode::unsupported},
    Meaning{"the computed output shape for this run is", ErrorCode::unsupported},  // it depends on the input's values
    Meaning{"Load model from", ErrorCode::input},
};

/// Where the words do not tell.
ErrorCode meaning_of_code(OrtErrorCode code) {
  switch (code) {
    case ORT_NOT_IMPLEMENTED: return ErrorCode::unsupported;
    case ORT_NO_SUCHFILE:
    case ORT_NO_MODEL:
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH: return ErrorCode::input;
    default: return ErrorCode::engine_failure;
  }
}

/// Messages may hold "/onnxruntime_src/file.cc:46 type function(types) " before what they say: leave that out.
std::string without_source_positions(std::string text) {
  static constexpr std::string_view kSource = "/onnxruntime_src/";
  for (std::size_t begin = text.find(kSource); begin != std::string::npos; begin = text.find(kSource, begin)) {
    const std::size_t end = text.find(") ", begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + 2 - begin);
  }
  return text;
}

}  // namespace

Error translate(const std::exception& exception, const std::string& subject) {
  const auto* theirs = dynamic_cast<const Ort::Exception*>(&exception);
  if (theirs == nullptr) return Error(ErrorCode::engine_failure, one_line(subject + ": " + exception.what()));
  const std::string text = theirs->what();
  const std::string first_line = text.substr(0, text.find('\n'));
  return Error(meaning_of(text, kMeanings, meaning_of_code(theirs->GetOrtErrorCode())),
               one_line(subject + ": " + without_source_positions(first_line)));
}

}  // namespace inferometer::engine

#include "onnxruntime/ort.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace inferometer::engine {
namespace {

struct Meaning {
  std::string_view text;  // in ONNX Runtime's message
  ErrorCode code;
};

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

ErrorCode meaning_of(OrtErrorCode code, std::string_view text) {
  for (const Meaning& meaning : kMeanings)
    if (text.find(meaning.text) != std::string_view::npos) return meaning.code;
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

Error translate(const Ort::Exception& exception, const std::string& subject) {
  const std::string text = exception.what();
  const std::string first_line = text.substr(0, text.find('\n'));
  return Error(meaning_of(exception.GetOrtErrorCode(), text), one_line(subject + ": " + without_source_positions(first_line)));
}

}  // namespace inferometer::engine

#include "openvino/errors.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace inferometer::engine {
namespace {

constexpr std::array kMeanings{
    Meaning{"bad_alloc", ErrorCode::out_of_memory},
    Meaning{"Failed to allocate", ErrorCode::out_of_memory},
    Meaning{"out of memory", ErrorCode::out_of_memory},
    Meaning{"does not support the following ONNX operations", ErrorCode::unsupported},
    Meaning{"No conversion rule found for operations", ErrorCode::unsupported},
    Meaning{"Unsupported operation", ErrorCode::unsupported},
    Meaning{"unsupported operation", ErrorCode::unsupported},
    Meaning{"is not supported", ErrorCode::unsupported},
    Meaning{"not registered in the OpenVINO Runtime", ErrorCode::missing_engine},
};

/// OpenVINO's messages begin with source positions ("Exception from src/core.cpp:96:", "Check '...' failed at ...:") on
/// lines of their own, and go on with stacks: the text that means something is the rest.
std::string meaningful(std::string_view text) {
  std::vector<std::string> kept;
  for (const std::string& raw : split(text, '\n')) {
    const std::string line(trim(raw));
    const bool position = line.starts_with("Exception from ") || (line.starts_with("Check '") && line.ends_with(':'));
    if (!line.empty() && !position) kept.push_back(line);
  }
  return kept.empty() ? one_line(text) : one_line(join(kept, " "));
}

}  // namespace

Error translate(const std::exception& exception, const std::string& subject, ErrorCode otherwise) {
  const std::string_view text = exception.what();
  return Error(meaning_of(text, kMeanings, otherwise), one_line(subject + ": " + meaningful(text)));
}

}  // namespace inferometer::engine

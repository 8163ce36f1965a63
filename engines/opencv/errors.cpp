#include "opencv/errors.h"

#include <array>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "base/text.h"

namespace inferometer::engine {
namespace {

constexpr std::array kMeanings{
    Meaning{"Insufficient memory", ErrorCode::out_of_memory}, Meaning{"Failed to allocate", ErrorCode::out_of_memory},
    Meaning{"Can't read ONNX file", ErrorCode::input},        Meaning{"Failed to parse ONNX model", ErrorCode::input},
    Meaning{"model_proto.has_graph()", ErrorCode::input},     Meaning{"FAILED: ReadProtoFrom", ErrorCode::input},
    Meaning{"parse error: ", ErrorCode::unsupported},         Meaning{"Can't create layer", ErrorCode::unsupported},
    Meaning{"Unknown layer type", ErrorCode::unsupported},    Meaning{"nsupported", ErrorCode::unsupported},
    Meaning{"not supported", ErrorCode::unsupported},         Meaning{"ot implemented", ErrorCode::unsupported}};

/// OpenCV writes where a message was made in front of it, again for every level that passes it on:
/// "OpenCV(4.6.0) ./modules/dnn/src/file.cpp:1040: error: (-2:Unspecified error) ".
std::string without_source_positions(std::string text) {
  for (std::size_t begin = text.find("OpenCV("); begin != std::string::npos; begin = text.find("OpenCV(", begin)) {
    const std::size_t end = text.find(": error: (", begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + 9 - begin);
  }
  return text;
}

}  // namespace

void silence_opencv() {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
}

Error translate(const std::exception& exception, const std::string& subject) {
  const auto* theirs = dynamic_cast<const cv::Exception*>(&exception);
  // "> " begins every line of a message of several.
  std::string text = theirs == nullptr ? exception.what() : without_source_positions(theirs->err);
  if (text.starts_with("> ")) text.erase(0, 2);
  if (theirs != nullptr && theirs->code == cv::Error::StsNoMem) return Error(ErrorCode::out_of_memory, one_line(subject + ": " + text));
  return Error(meaning_of(text, kMeanings, ErrorCode::engine_failure), one_line(subject + ": " + std::string(trim(text))));
}

}  // namespace inferometer::engine

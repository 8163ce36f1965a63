#include "torch/errors.h"

#include <array>

#include <c10/util/Exception.h>

#include "base/text.h"

namespace inferometer::engine {
namespace {

constexpr std::array kMeanings{
    Meaning{"can't allocate memory", ErrorCode::out_of_memory},  Meaning{"not enough memory", ErrorCode::out_of_memory},
    Meaning{"out of memory", ErrorCode::out_of_memory},          Meaning{"not implemented for", ErrorCode::unsupported},
    Meaning{"Could not run 'aten::", ErrorCode::unsupported},    Meaning{"is not supported", ErrorCode::unsupported},
    Meaning{"Cannot initialize CUDA", ErrorCode::missing_engine}};

}  // namespace

Error translate(const std::exception& exception, const std::string& subject) {
  // c10::Error::what() carries a C++ stack.
  const auto* theirs = dynamic_cast<const c10::Error*>(&exception);
  const std::string text = theirs == nullptr ? exception.what() : theirs->what_without_backtrace();
  return Error(meaning_of(text, kMeanings, ErrorCode::engine_failure), one_line(subject + ": " + text));
}

}  // namespace inferometer::engine

#include "cli/lists.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::cli {
namespace {

constexpr const char* kIntegersHint = "write a list or a range: 1,2,4 or 1-4 or 1-128*2 (doubling)";

[[noreturn]] void wrong(std::string_view where, const std::string& message, std::string hint) {
  throw Error(ErrorCode::usage, fmt::format("{}: {}", where, message), std::move(hint));
}

std::int64_t limited(std::string_view text, IntegerLimits limits, std::string_view where, std::string_view hint) {
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value) {
    // "1e9" is a number, and most likely meant as one: say that it is the notation that is wrong.
    const char* fault = parse_number(text) ? "is not written as a whole number" : "is not a whole number";
    wrong(where, fmt::format("'{}' {}", one_line(text, 60), fault), std::string(hint));
  }
  if (*value < limits.lowest || *value > limits.highest) {
    wrong(where, fmt::format("{} is outside {} to {}", *value, limits.lowest, limits.highest), std::string(hint));
  }
  return *value;
}

/// One comma-separated part: N, A-B or A-B*K.
void append_range(std::vector<std::int64_t>& values, std::string_view part, IntegerLimits limits, std::string_view where) {
  const auto keep = [&](std::int64_t value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  // A dash at the start is a sign, so "-1" reads as a number out of range and not as a range without a begin.
  const std::size_t dash = part.find('-', 1);
  if (part.empty() || dash == std::string_view::npos) {
    if (part.empty()) wrong(where, "an empty place in the list", kIntegersHint);
    keep(limited(part, limits, where, kIntegersHint));
    return;
  }
  const std::size_t star = part.find('*', dash);
  const std::string shown = one_line(part, 60);
  const std::string_view begin_text = part.substr(0, dash);
  const std::string_view end_text = part.substr(dash + 1, star == std::string_view::npos ? star : star - dash - 1);
  if (end_text.empty()) wrong(where, fmt::format("the range '{}' has no end", shown), kIntegersHint);
  const std::int64_t begin = limited(begin_text, limits, where, kIntegersHint);
  const std::int64_t end = limited(end_text, limits, where, kIntegersHint);
  if (begin > end) wrong(where, fmt::format("the range '{}' ends below its begin", shown), kIntegersHint);
  if (star == std::string_view::npos) {
    for (std::int64_t value = begin; value <= end; ++value) keep(value);
    return;
  }
  const std::optional<std::int64_t> factor = parse_integer(part.substr(star + 1));
  if (!factor || *factor < 2 || *factor > limits.highest) {
    wrong(where, fmt::format("the range '{}' needs a factor of 2 or more after '*'", shown), kIntegersHint);
  }
  if (begin < 1) wrong(where, fmt::format("the range '{}' multiplies from below 1", shown), kIntegersHint);
  // Compare by division: the product could leave 64 bits.
  for (std::int64_t value = begin;; value *= *factor) {
    keep(value);
    if (value > end / *factor) break;
  }
}

}  // namespace

std::int64_t parse_limited_integer(std::string_view text, IntegerLimits limits, std::string_view where) {
  return limited(text, limits, where, fmt::format("give a whole number from {} to {}", limits.lowest, limits.highest));
}

std::int64_t parse_integer_or_default(std::string_view text, IntegerLimits limits, std::string_view where) {
  return text == "default" ? 0 : parse_limited_integer(text, limits, where);
}

double parse_limited_number(std::string_view text, double lowest, double highest, std::string_view where) {
  const std::optional<double> value = parse_number(text);
  const std::string hint = fmt::format("give a number from {} to {}", lowest, highest);
  if (!value) wrong(where, fmt::format("'{}' is not a number", one_line(text, 60)), hint);
  if (!(*value >= lowest && *value <= highest)) wrong(where, fmt::format("{} is outside {} to {}", *value, lowest, highest), hint);
  return *value;
}

double parse_positive_number(std::string_view text, double highest, std::string_view where) {
  const std::optional<double> value = parse_number(text);
  const std::string hint = fmt::format("give a number above 0, at most {}", highest);
  if (!value) wrong(where, fmt::format("'{}' is not a number", one_line(text, 60)), hint);
  if (!(*value > 0 && *value <= highest)) wrong(where, fmt::format("{} is not above 0 and at most {}", *value, highest), hint);
  return *value;
}

std::vector<std::int64_t> parse_integers(std::string_view text, IntegerLimits limits, std::string_view where) {
  if (trim(text).empty()) wrong(where, "the list is empty", kIntegersHint);
  std::vector<std::int64_t> values;
  for (const std::string& part : split(text, ',')) append_range(values, trim(part), limits, where);
  return values;
}

std::vector<double> parse_percentiles(std::string_view text, std::string_view where) {
  constexpr const char* kHint = "write percentiles above 0 and below 100: 90,99,99.9";
  std::vector<double> values;
  for (const std::string& word : parse_words(text, where)) {
    const std::optional<double> value = parse_number(word);
    if (!value || !(*value > 0 && *value < 100)) wrong(where, fmt::format("'{}' is no percentile", one_line(word, 60)), kHint);
    if (std::find(values.begin(), values.end(), *value) == values.end()) values.push_back(*value);
  }
  return values;
}

std::vector<std::string> parse_words(std::string_view text, std::string_view where) {
  if (trim(text).empty()) wrong(where, "the list is empty", "separate several with commas: a,b");
  std::vector<std::string> words;
  for (const std::string& part : split(text, ',')) {
    const std::string_view word = trim(part);
    if (word.empty()) wrong(where, fmt::format("an empty place in the list '{}'", one_line(text, 80)), "separate several with commas: a,b");
    words.emplace_back(word);
  }
  return words;
}

std::vector<measure::EngineChoice> parse_engines(std::string_view text, std::string_view where) {
  constexpr const char* kHint = "write names, settings after colons: onnxruntime,fake:delay_ms=5:spin=1";
  std::vector<measure::EngineChoice> engines;
  for (const std::string& word : parse_words(text, where)) {
    const std::vector<std::string> parts = split(word, ':');
    measure::EngineChoice choice{parts.front(), {}};
    if (choice.name.empty()) wrong(where, fmt::format("'{}' has no engine name", one_line(word, 80)), kHint);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = parts[i].find('=');
      if (equals == std::string::npos || equals == 0) {
        wrong(where, fmt::format("'{}' in '{}' is not of the form key=value", one_line(parts[i], 60), one_line(word, 80)), kHint);
      }
      const std::string key = parts[i].substr(0, equals);
      if (!choice.settings.emplace(key, parts[i].substr(equals + 1)).second) {
        wrong(where, fmt::format("the setting '{}' stands twice in '{}'", one_line(key, 60), one_line(word, 80)), kHint);
      }
    }
    engines.push_back(std::move(choice));
  }
  return engines;
}

measure::WeightsChoice parse_weights(std::string_view text, std::string_view where) {
  constexpr std::string_view kPrefix = "random:";
  constexpr const char* kHint = "write random:SEED with a whole number from 0, such as random:1, or a file: resnet18.pth";
  if (text.substr(0, kPrefix.size()) != kPrefix) {
    if (text.find_first_of("/.") != std::string_view::npos) return {.path = std::string(text)};
    wrong(where, fmt::format("'{}' is neither random:SEED nor a file", one_line(text, 60)), kHint);
  }
  const std::optional<std::int64_t> seed = parse_integer(text.substr(kPrefix.size()));
  if (!seed || *seed < 0) wrong(where, fmt::format("'{}' has no seed of 0 or more", one_line(text, 60)), kHint);
  return {.seed = static_cast<std::uint64_t>(*seed)};
}

Shape parse_shape(std::string_view text, std::string_view where) {
  constexpr IntegerLimits kDimensionLimits{1, std::int64_t{1} << 31};
  Shape shape;
  for (const std::string& part : split(text, 'x')) {
    shape.push_back(limited(part, kDimensionLimits, where, "write dimensions of 1 or more with x between them: 1x3x224x224"));
  }
  return shape;
}

std::pair<std::string, Shape> parse_named_shape(std::string_view text, std::string_view where) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) {
    wrong(where, fmt::format("'{}' is not of the form NAME=SHAPE", one_line(text, 80)),
          "write the input's name and its shape: input=1x3x224x224");
  }
  return {std::string(text.substr(0, equals)), parse_shape(text.substr(equals + 1), where)};
}

}  // namespace inferometer::cli

/// Read the lists, ranges and small notations that options and study files share.
///
/// Every function takes `where`, the option or key to name in an error ("--batch", "quick.toml:8:1: batches"), and throws
/// Error{usage} that says what is wrong, with an example as its hint. Pure; threads: safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/element_type.h"
#include "measure/plan.h"
#include "measure/weights.h"

namespace inferometer::cli {

/// Both ends belong to it.
struct IntegerLimits {
  std::int64_t lowest = 1;
  std::int64_t highest = 65536;
};

inline constexpr IntegerLimits kBatchLimits{1, 65536};
inline constexpr IntegerLimits kThreadLimits{1, 4096};
inline constexpr IntegerLimits kInputLimits{1, 65536};
inline constexpr IntegerLimits kClassLimits{1, 1000000};

/// The whole text as one integer within limits.
std::int64_t parse_limited_integer(std::string_view text, IntegerLimits limits, std::string_view where);
/// The same, where the word `default` gives 0.
std::int64_t parse_integer_or_default(std::string_view text, IntegerLimits limits, std::string_view where);
/// The whole text as one finite number, lowest <= number <= highest.
double parse_limited_number(std::string_view text, double lowest, double highest, std::string_view where);
/// Above 0.
double parse_positive_number(std::string_view text, double highest, std::string_view where);

/// `1,2,4`, `1-4` (1 2 3 4), `1-128*2` (1 2 4 ... 128; the last one that does not pass the end), and any mix, in the order
/// given; a value that comes twice counts once.
std::vector<std::int64_t> parse_integers(std::string_view text, IntegerLimits limits, std::string_view where);

/// `90,99,99.9`: percentiles above 0 and below 100.
std::vector<double> parse_percentiles(std::string_view text, std::string_view where);

/// `a,b`: words without white space around them; an empty one is an error.
std::vector<std::string> parse_words(std::string_view text, std::string_view where);

/// `onnxruntime,fake:delay_ms=5:spin=1`.
std::vector<measure::EngineChoice> parse_engines(std::string_view text, std::string_view where);

/// `random:SEED`, or the path of a file of weights: whatever has a slash or a dot.
measure::WeightsChoice parse_weights(std::string_view text, std::string_view where);

/// `NAME=1x3x224x224`; the name may contain '='.
std::pair<std::string, Shape> parse_named_shape(std::string_view text, std::string_view where);
/// `1x3x224x224`.
Shape parse_shape(std::string_view text, std::string_view where);

}  // namespace inferometer::cli

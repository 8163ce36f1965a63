/// Rank the classes of one image by score.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::measure {

struct RankedClass {
  std::int64_t index = 0;  ///< of the network's output
  float score = 0;
};

/// The best `most` classes, best first; fewer when there are fewer. Of equal scores the lower index comes first. Scores may be logits or
/// probabilities: only their order counts. Throws Error{engine_failure} when one is not a number.
std::vector<RankedClass> rank_classes(std::span<const float> scores, std::size_t most);

/// The probability that the scores give class `index`: the score itself where all are within 0 to 1 and add up to 1 (to a hundredth, as
/// half precision does), else its softmax. nullopt when the largest score is not finite. Throws Error{internal} for an index beyond them.
std::optional<double> class_probability(std::span<const float> scores, std::size_t index);

}  // namespace inferometer::measure

/// Rank the classes of one image by score.
#pragma once

#include <cstddef>
#include <cstdint>
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

}  // namespace inferometer::measure

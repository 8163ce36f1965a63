/// Bound a further error by those seen before.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace inferometer::predict {

/// Split conformal prediction (Lei et al., Journal of the American Statistical Association 113, 2018): the ceil((n + 1) confidence)-th
/// smallest of n scores. A further score that is exchangeable with them is at most that with at least this probability. nullopt where n is
/// too small (below 9 for 0.9). Scores must be finite; confidence in (0, 1).
std::optional<double> conformal_bound(std::vector<double> scores, double confidence);

}  // namespace inferometer::predict

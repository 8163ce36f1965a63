#include "predict/conformal.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace inferometer::predict {

std::optional<double> conformal_bound(std::vector<double> scores, double confidence) {
  if (confidence <= 0 || confidence >= 1) throw Error(ErrorCode::internal, "conformal_bound: the confidence is not between 0 and 1");
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return !std::isfinite(score); }))
    throw Error(ErrorCode::internal, "conformal_bound: a score is not finite");
  // 0.9 x 10 must be rank 9, whatever rounding says.
  const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(scores.size() + 1) * confidence - 1e-9));
  if (rank > scores.size()) return std::nullopt;
  std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(rank) - 1, scores.end());
  return scores[rank - 1];
}

}  // namespace inferometer::predict

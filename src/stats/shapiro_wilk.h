/// Test whether values look normal.
#pragma once

#include <optional>
#include <span>

namespace inferometer::stats {

struct ShapiroWilk {
  double w = 0;
  double p = 0;
};

/// Shapiro and Wilk's W with Royston's weights and p (Royston 1992, 1995: AS R94), complete samples, 3 <= n <= 5000.
/// nullopt outside, and where all values are equal. O(n log n). Values must be finite (Error{internal}). Pure; any thread.
std::optional<ShapiroWilk> shapiro_wilk(std::span<const double> values);

}  // namespace inferometer::stats

/// Find the highest rate that a server keeps within a limit of latency.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace inferometer::load {

struct RateSearchOptions {
  double first_rate = 10;  ///< requests/s to begin with
  double ratio = 1.05;     ///< ends when the lowest rate that failed is at most this many times the highest that held
  int most_trials = 40;
  double lowest_rate = 0.01, highest_rate = 1e6;
};

/// One window.
struct RateTrial {
  double rate = 0;
  bool holds = false;
  bool repeats = false;  ///< asked again for confirmation
};

struct RateSearch {
  std::optional<double> rate;     ///< the answer: it held, and held again; nullopt: none did
  std::optional<double> failed;   ///< the lowest rate above it that did not hold
  std::vector<RateTrial> trials;  ///< in order
  std::string remark;             ///< why it ended without an answer or short of the ratio; empty: it did not
};

/// Double (or halve) from first_rate until one holds and one fails, halve the interval between them on a logarithmic scale down to `ratio`,
/// and measure the answer once more. A rate that does not hold again counts as failed, and the search goes on below it.
/// @param holds  measures a fresh window at this rate
/// Pure apart from `holds`. Throws Error{usage} for a ratio of 1 or less and rates that are not positive.
RateSearch find_rate(const RateSearchOptions& options, const std::function<bool(double rate)>& holds);

}  // namespace inferometer::load

/// Compare classifiers by their counts of right answers.
///
/// Pure functions, any thread. Negative counts and more right answers than questions are a caller's mistake (Error{internal}).
/// The interval of one proportion is wilson_interval() in stats/sample.h.
#pragma once

#include <cstdint>
#include <optional>

namespace inferometer::stats {

/// McNemar's test in its exact form (McNemar 1947): of the questions that only one of two classifiers answered rightly, each is
/// as likely to be the first's as the second's if they are equally good. Two-sided: twice the smaller tail of Binomial(n, 1/2), at most 1.
/// @param only_first   answered rightly by the first alone
/// @param only_second  answered rightly by the second alone
/// @return p up to 1, which it is when there are none of either; 0 where it is below the smallest double. Cost: O(the smaller count).
double mcnemar_exact_p(std::int64_t only_first, std::int64_t only_second);

/// Top-1 accuracy in percent per million parameters (Canziani, Culurciello, Paszke 2016), with the limits of Wilson's interval.
struct AccuracyDensity {
  double value = 0;
  double low = 0;
  double high = 0;
};
/// nullopt without questions or parameters.
std::optional<AccuracyDensity> accuracy_density(std::int64_t right, std::int64_t n, std::int64_t parameters, double confidence = 0.95);

}  // namespace inferometer::stats

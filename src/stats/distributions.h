/// Tail probabilities and quantiles of the distributions that tests rest on; the functions are Boost.Math's.
///
/// Pure, any thread. Upper tails come from complements, so small ones keep their digits (1e-82 as well as 0.1). An argument that is not a
/// number, degrees of freedom that are not positive and a probability outside (0, 1) are a caller's mistake (Error{internal}).
#pragma once

namespace inferometer::stats {

double normal_two_sided_p(double z);                        ///< P(|Z| >= |z|)
double normal_quantile(double p);                           ///< z with P(Z <= z) = p
double normal_upper_p(double z);                            ///< P(Z >= z)
double t_two_sided_p(double t, double degrees_of_freedom);  ///< P(|T| >= |t|)
/// t with P(|T| <= t) = confidence: the factor of a two-sided interval.
double t_two_sided_quantile(double confidence, double degrees_of_freedom);
/// P(F >= f); 0 for an infinite f, 1 for f <= 0.
double f_upper_p(double f, double numerator_degrees, double denominator_degrees);

}  // namespace inferometer::stats

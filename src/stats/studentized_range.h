/// Tail probabilities of the studentized range, which Tukey's test needs and Boost has not.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace inferometer::stats {

/// P(Q >= q) for the range of `means` independent standard normal values over an independent chi estimate of their standard deviation with
/// `degrees_of_freedom` (infinity: the deviation is known). One probability for each q; a batch shares its integrals over the range.
///
/// The upper tail itself is integrated, so small probabilities keep their digits:
///   P(range > w) = k integral phi(z) [Phi(z)^(k-1) - (Phi(z) - Phi(z - w))^(k-1)] dz                (Boost's trapezoidal rule)
///   P(Q > q) = integral P(range > q s) f(s) ds, in ln s, by the trapezoidal rule, which converges exponentially there.
/// Relative error below 1e-9 for 2 <= means <= 200, degrees_of_freedom >= 1 and results down to 1e-30 (tests). Pure; any thread.
/// Throws Error{internal} for means < 2, degrees_of_freedom below 1, and a q that is negative or not a number.
std::vector<double> studentized_range_upper_p(std::span<const double> q, std::size_t means, double degrees_of_freedom);

}  // namespace inferometer::stats

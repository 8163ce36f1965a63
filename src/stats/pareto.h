/// Find the points that no other point beats in both of two figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace inferometer::stats {

enum class Wish : std::uint8_t { smallest, largest };

/// Indices of the points that are not dominated, in order of x from the best on. A point is dominated where another is at least as good in
/// both figures and better in one; of equal points all stay. x and y of other lengths or NaN are a caller's mistake (Error{internal}).
/// Pure; threads: safe. Cost: O(n log n).
std::vector<std::size_t> pareto_front(std::span<const double> x, std::span<const double> y, Wish for_x = Wish::smallest,
                                      Wish for_y = Wish::largest);

}  // namespace inferometer::stats

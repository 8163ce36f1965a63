#include "stats/pareto.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace inferometer::stats {

std::vector<std::size_t> pareto_front(std::span<const double> x, std::span<const double> y, Wish for_x, Wish for_y) {
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (x.size() != y.size() || std::any_of(x.begin(), x.end(), is_nan) || std::any_of(y.begin(), y.end(), is_nan))
    throw Error(ErrorCode::internal, "pareto front: x and y must be numbers and of one length");
  // Costs: the smaller the better.
  const auto cost_x = [&](std::size_t i) { return for_x == Wish::smallest ? x[i] : -x[i]; };
  const auto cost_y = [&](std::size_t i) { return for_y == Wish::smallest ? y[i] : -y[i]; };
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (cost_x(a) != cost_x(b)) return cost_x(a) < cost_x(b);
    return cost_y(a) != cost_y(b) ? cost_y(a) < cost_y(b) : a < b;
  });
  std::vector<std::size_t> front;
  for (const std::size_t i : order) {
    const bool better = front.empty() || cost_y(i) < cost_y(front.back());
    const bool equal = !front.empty() && x[i] == x[front.back()] && y[i] == y[front.back()];
    if (better || equal) front.push_back(i);
  }
  return front;
}

}  // namespace inferometer::stats

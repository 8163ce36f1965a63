#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "stats/curve_models.h"

namespace inferometer::stats {
namespace {

using Values = std::span<const double>;

constexpr std::size_t kMostStarts = 4;
/// A start need not see every point of a large sample.
constexpr std::size_t kMostPointsForStarts = 500;
/// How far beyond the data a shape may reach and still be told from its limit.
constexpr double kFarthestBend = 1e3;
constexpr double kNothingLeft = 1e-9;

struct Points {
  std::vector<double> x, y;
};

/// Evenly chosen in order of x.
Points thinned(Values x, Values y) {
  std::vector<std::size_t> order(x.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  const std::size_t count = std::min(order.size(), kMostPointsForStarts);
  Points chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = order[count == 1 ? 0 : i * (order.size() - 1) / (count - 1)];
    chosen.x.push_back(x[index]);
    chosen.y.push_back(y[index]);
  }
  return chosen;
}

/// The smallest step between neighbours; x sorted, at least two of them differ.
double smallest_step(Values sorted) {
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] > sorted[i - 1]) smallest = std::min(smallest, sorted[i] - sorted[i - 1]);
  }
  return smallest;
}

std::vector<double> geometric_steps(double low, double high, std::size_t count) {
  std::vector<double> steps;
  for (std::size_t i = 0; i < count; ++i) {
    steps.push_back(low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return steps;
}

/// y = offset + factor * shape by least squares.
struct Line {
  double offset = 0, factor = 0, residual_ss = std::numeric_limits<double>::infinity();
};

Line line_through(Values shape, Values y, bool with_offset) {
  const double count = static_cast<double>(y.size());
  double mean_shape = 0, mean_y = 0;
  for (std::size_t i = 0; with_offset && i < y.size(); ++i) {
    mean_shape += shape[i] / count;
    mean_y += y[i] / count;
  }
  double squares = 0, products = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    squares += (shape[i] - mean_shape) * (shape[i] - mean_shape);
    products += (shape[i] - mean_shape) * (y[i] - mean_y);
  }
  Line line;
  if (!(squares > 0) || !std::isfinite(squares)) return line;
  line.factor = products / squares;
  line.offset = mean_y - line.factor * mean_shape;
  line.residual_ss = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double residual = y[i] - line.offset - line.factor * shape[i];
    line.residual_ss += residual * residual;
  }
  if (!std::isfinite(line.residual_ss)) line.residual_ss = std::numeric_limits<double>::infinity();
  return line;
}

/// One place of the grid with the parameters that it stands for.
struct Place {
  double residual_ss = std::numeric_limits<double>::infinity();
  std::vector<double> parameters;
};

/// Places lower than their neighbours, the lowest first. places[row * columns + column].
std::vector<std::vector<double>> minima(const std::vector<Place>& places, std::size_t columns) {
  const std::size_t rows = places.size() / columns;
  std::vector<const Place*> lowest;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const Place& place = places[row * columns + column];
      bool is_lowest = std::isfinite(place.residual_ss);
      for (std::size_t r = row == 0 ? 0 : row - 1; is_lowest && r <= std::min(row + 1, rows - 1); ++r) {
        for (std::size_t c = column == 0 ? 0 : column - 1; is_lowest && c <= std::min(column + 1, columns - 1); ++c) {
          const Place& other = places[r * columns + c];
          is_lowest = other.residual_ss > place.residual_ss || (other.residual_ss == place.residual_ss && &other >= &place);
        }
      }
      if (is_lowest) lowest.push_back(&place);
    }
  }
  std::stable_sort(lowest.begin(), lowest.end(), [](const Place* a, const Place* b) { return a->residual_ss < b->residual_ss; });
  std::vector<std::vector<double>> parameters;
  for (std::size_t i = 0; i < std::min(lowest.size(), kMostStarts); ++i) parameters.push_back(lowest[i]->parameters);
  return parameters;
}

Place place_of(const Line& line, std::vector<double> parameters) {
  Place place;
  place.parameters = std::move(parameters);
  const bool finite = std::all_of(place.parameters.begin(), place.parameters.end(), [](double value) { return std::isfinite(value); });
  if (finite) place.residual_ss = line.residual_ss;
  return place;
}

/// x is taken relative to its geometric mean, so that no power overflows.
std::vector<Place> power_places(const Points& points) {
  const double logarithmic_range = std::log(points.x.back() / points.x.front());
  const double centre = std::sqrt(points.x.front()) * std::sqrt(points.x.back());
  std::vector<double> exponents;
  for (const double steepness : geometric_steps(0.01, 60, 40)) {
    exponents.push_back(-steepness / logarithmic_range);
    exponents.push_back(steepness / logarithmic_range);
  }
  std::sort(exponents.begin(), exponents.end());
  std::vector<Place> places;
  std::vector<double> shape(points.x.size());
  for (const double exponent : exponents) {
    std::transform(points.x.begin(), points.x.end(), shape.begin(), [&](double x) { return std::pow(x / centre, exponent); });
    const Line line = line_through(shape, points.y, false);
    places.push_back(place_of(line, {line.factor * std::pow(centre, -exponent), exponent}));
  }
  return places;
}

std::vector<Place> decay_places(const Points& points) {
  const double start = points.x.front(), range = points.x.back() - start;
  std::vector<Place> places;
  std::vector<double> shape(points.x.size());
  for (const double t : geometric_steps(smallest_step(points.x) / 5, range * 100, 80)) {
    std::transform(points.x.begin(), points.x.end(), shape.begin(), [&](double x) { return std::exp((start - x) / t); });
    const Line line = line_through(shape, points.y, true);
    places.push_back(place_of(line, {line.offset, line.factor * std::exp(start / t), t}));
  }
  return places;
}

std::vector<Place> logistic_places(const Points& points, std::size_t columns) {
  const double range = std::log(points.x.back() / points.x.front());
  std::vector<Place> places;
  std::vector<double> shape(points.x.size());
  for (std::size_t row = 0; row < 31; ++row) {
    const double share = -0.5 + 2 * static_cast<double>(row) / 30;
    const double middle = points.x.front() * std::exp(share * range);
    for (const double steepness : geometric_steps(0.5, 300, columns)) {
      const double p = steepness / range;
      std::transform(points.x.begin(), points.x.end(), shape.begin(),
                     [&](double x) { return 1 / (1 + std::exp(p * std::log(x / middle))); });
      const Line line = line_through(shape, points.y, true);
      places.push_back(place_of(line, {line.offset + line.factor, line.offset, middle, p}));
    }
  }
  return places;
}

std::string bend_reason(double t, Values sorted) {
  if (t > kFarthestBend * (sorted.back() - sorted.front())) return "within these points the curve is a straight line";
  const auto second = std::upper_bound(sorted.begin(), sorted.end(), sorted.front());
  if (std::exp((sorted.front() - *second) / t) < kNothingLeft) return "the curve is over before the second x";
  return {};
}

std::string sigmoid_reason(Values parameters, Values sorted) {
  const double middle = parameters[2], p = parameters[3];
  if (middle < sorted.front() / kFarthestBend || middle > sorted.back() * kFarthestBend)
    return "its middle lies far outside of these points";
  if (p * std::log(sorted.back() / sorted.front()) < 1 / kFarthestBend) return "within these points the curve is a straight line in log x";
  std::size_t on_the_slope = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool is_new = i == 0 || sorted[i] != sorted[i - 1];
    if (is_new && std::exp(-p * std::abs(std::log(sorted[i] / middle))) > kNothingLeft) ++on_the_slope;
  }
  // Two figures, middle and steepness, need two places where the curve is between its levels.
  return on_the_slope < 2 ? "between these points the curve is a step" : "";
}

}  // namespace

std::vector<std::vector<double>> starting_values(CurveModel model, Values x, Values y) {
  const Points points = thinned(x, y);
  constexpr std::size_t kSteepnesses = 16;
  switch (model) {
    case CurveModel::power: return minima(power_places(points), 1);
    case CurveModel::exponential_decay: return minima(decay_places(points), 1);
    case CurveModel::logistic: return minima(logistic_places(points, kSteepnesses), kSteepnesses);
    case CurveModel::linear:
    case CurveModel::logarithmic:
    case CurveModel::asymptotic: break;  // solved exactly; searched as a decay
  }
  return {};
}

std::string undetermined_shape(CurveModel model, Values parameters, Values x) {
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  if (model == CurveModel::exponential_decay) return bend_reason(parameters[2], sorted);
  return model == CurveModel::logistic ? sigmoid_reason(parameters, sorted) : std::string();
}

}  // namespace inferometer::stats

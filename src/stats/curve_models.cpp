#include "stats/curve_models.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace inferometer::stats {
namespace {

struct Description {
  CurveModel model;
  std::string_view name, formula;
  std::span<const std::string_view> parameters;
  bool linear, positive_x;
};

constexpr std::array<std::string_view, 2> kLineNames{"a", "b"};
constexpr std::array<std::string_view, 3> kDecayNames{"y0", "A", "t"};
constexpr std::array<std::string_view, 3> kAsymptoticNames{"a", "b", "c"};
constexpr std::array<std::string_view, 4> kLogisticNames{"A1", "A2", "x0", "p"};

constexpr std::array<Description, 6> kDescriptions{{
    {CurveModel::linear, "linear", "y = a + b x", kLineNames, true, false},
    {CurveModel::logarithmic, "logarithmic", "y = a + b ln x", kLineNames, true, true},
    {CurveModel::power, "power", "y = a x^b", kLineNames, false, true},
    {CurveModel::exponential_decay, "exponential_decay", "y = y0 + A exp(-x / t)", kDecayNames, false, false},
    {CurveModel::asymptotic, "asymptotic", "y = a - b c^x", kAsymptoticNames, false, false},
    {CurveModel::logistic, "logistic", "y = A2 + (A1 - A2) / (1 + (x / x0)^p)", kLogisticNames, false, true},
}};

const Description& description(CurveModel model) { return kDescriptions.at(static_cast<std::size_t>(model)); }

/// Store the derivatives where they are asked for; the value is finite or the curve is not defined here.
bool give(double result, std::initializer_list<double> derivatives, double& value, std::span<double> gradient) {
  value = result;
  if (!gradient.empty()) std::copy(derivatives.begin(), derivatives.end(), gradient.begin());
  return std::isfinite(result) && std::all_of(gradient.begin(), gradient.end(), [](double part) { return std::isfinite(part); });
}

}  // namespace

std::string_view formula(CurveModel model) { return description(model).formula; }
std::string_view name(CurveModel model) { return description(model).name; }

std::optional<CurveModel> curve_model(std::string_view wanted) {
  const auto found = std::find_if(kDescriptions.begin(), kDescriptions.end(), [&](const Description& each) { return each.name == wanted; });
  if (found == kDescriptions.end()) return std::nullopt;
  return found->model;
}

std::span<const CurveModel> curve_models() {
  static constexpr auto models = [] {
    std::array<CurveModel, kDescriptions.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kDescriptions[i].model;
    return all;
  }();
  return models;
}

std::span<const std::string_view> parameter_names(CurveModel model) { return description(model).parameters; }
bool is_linear(CurveModel model) { return description(model).linear; }
bool needs_positive_x(CurveModel model) { return description(model).positive_x; }

bool evaluate(CurveModel model, std::span<const double> p, double x, double& value, std::span<double> gradient) {
  switch (model) {
    case CurveModel::linear: return give(p[0] + p[1] * x, {1, x}, value, gradient);
    case CurveModel::logarithmic: return give(p[0] + p[1] * std::log(x), {1, std::log(x)}, value, gradient);
    case CurveModel::power: {
      const double power = std::pow(x, p[1]);
      return give(p[0] * power, {power, p[0] * power * std::log(x)}, value, gradient);
    }
    case CurveModel::exponential_decay: {
      if (!(p[2] > 0)) return false;
      const double decay = std::exp(-x / p[2]);
      return give(p[0] + p[1] * decay, {1, decay, p[1] * decay * x / (p[2] * p[2])}, value, gradient);
    }
    case CurveModel::asymptotic: {
      if (!(p[2] > 0 && p[2] < 1)) return false;
      const double power = std::pow(p[2], x);
      return give(p[0] - p[1] * power, {1, -power, -p[1] * x * power / p[2]}, value, gradient);
    }
    case CurveModel::logistic: {
      if (!(p[2] > 0 && p[3] > 0)) return false;
      const double distance = std::log(x / p[2]);
      // 1 / (1 + e^u) and its complement, neither of which may overflow.
      const double u = p[3] * distance;
      const double falling = 1 / (1 + std::exp(u)), rising = 1 / (1 + std::exp(-u));
      const double slope = (p[0] - p[1]) * falling * rising;
      return give(p[0] * falling + p[1] * rising, {falling, rising, slope * p[3] / p[2], -slope * distance}, value, gradient);
    }
  }
  throw Error(ErrorCode::internal, "statistics: an unknown model of a curve");
}

}  // namespace inferometer::stats

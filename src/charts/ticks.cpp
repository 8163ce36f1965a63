#include "charts/ticks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

namespace inferometer::charts {
namespace {

std::string with_minus(std::string text) {
  if (!text.empty() && text.front() == '-') text.replace(0, 1, "\u2212");
  return text;
}

std::string superscript(int value) {
  static const std::array<const char*, 10> kDigits = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char sign : fmt::format("{}", value)) text += sign == '-' ? "⁻" : kDigits[static_cast<std::size_t>(sign - '0')];
  return text;
}

/// The largest exponent with 10^exponent <= value, though logarithms are not exact.
int exponent_of(double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); }

/// 1, 2 or 5 times a power of ten, at least `value`.
double round_step(double value) {
  const double power = std::pow(10.0, exponent_of(value));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> linear_values(double low, double high, double most, double least_step = 0) {
  const double step = round_step(std::max((high - low) / std::max(most, 1.0), least_step));
  std::vector<double> values;
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high / step + 1e-9));
  // As a quotient where the step is a fraction: 3 / 10 is the double that 0.3 means, 3 * 0.1 is not.
  for (long long i = first; i <= last; ++i) {
    values.push_back(step < 1 ? static_cast<double>(i) / std::round(1 / step) : static_cast<double>(i) * step);
  }
  return values;
}

double step_of(const std::vector<double>& values) {
  return values.size() > 1 ? values[1] - values[0] : std::abs(values.empty() ? 1 : values[0]);
}

std::vector<Tick> decades(double low, double high, double most, const std::vector<double>& factors) {
  const int first = static_cast<int>(std::floor(low)), last = static_cast<int>(std::ceil(high));
  const int every = std::max(1, static_cast<int>(std::ceil((high - low) / std::max(most, 1.0))));
  std::vector<Tick> found;
  for (int exponent = first; exponent <= last; ++exponent) {
    if (exponent % every != 0) continue;
    for (const double factor : factors) {
      const double at = exponent + std::log10(factor);
      if (at < low - 1e-9 || at > high + 1e-9) continue;
      const double value = factor * std::pow(10.0, exponent);
      found.push_back({at, tick_label(value, value)});
    }
  }
  return found;
}

std::vector<Tick> log_ticks(double low, double high, double most) {
  const double span = high - low;
  if (span >= 1 && span * 3 <= most) return decades(low, high, most, {1, 2, 5});
  if (span >= 2) return decades(low, high, most, {1});
  if (span >= 0.8) return decades(low, high, most, span * 3 <= most * 1.5 ? std::vector<double>{1, 2, 5} : std::vector<double>{1, 3});
  std::vector<Tick> found;
  const std::vector<double> values = linear_values(std::pow(10.0, low), std::pow(10.0, high), most);
  for (const double value : values) {
    if (value > 0) found.push_back({std::log10(value), tick_label(value, step_of(values))});
  }
  return found;
}

}  // namespace

std::string tick_label(double value, double step) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= 1e6 || size < 1e-3) {
    const int exponent = exponent_of(size);
    const double mantissa = value / std::pow(10.0, exponent);
    const int decimals = std::clamp(exponent - exponent_of(std::abs(step)), 0, 6);
    const std::string digits = fmt::format("{:.{}f}", mantissa, decimals);
    const std::string power = "10" + superscript(exponent);
    return with_minus(digits == "1" ? power : digits == "-1" ? "-" + power : digits + "×" + power);
  }
  return with_minus(fmt::format("{:.{}f}", value, std::clamp(-exponent_of(std::abs(step)), 0, 9)));
}

std::vector<Tick> ticks(Scale scale, double low, double high, double most, bool whole) {
  if (scale == Scale::log10) return log_ticks(low, high, most);
  std::vector<Tick> found;
  std::vector<double> values = linear_values(low, high, most, whole ? 1 : 0);
  if (values.empty()) values = linear_values(low, high, most);
  const double step = step_of(values);
  for (const double value : values) found.push_back({value, tick_label(value, step)});
  return found;
}

}  // namespace inferometer::charts

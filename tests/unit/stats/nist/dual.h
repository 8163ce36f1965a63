/// Differentiate the models of NIST's problems: numbers that carry their derivatives by the parameters with them.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace inferometer::stats::nist {

inline constexpr std::size_t kMostParameters = 9;

struct Dual {
  double value = 0;
  std::array<double, kMostParameters> slope{};

  Dual(double constant) : value(constant) {}  // so that formulas read as NIST writes them
  static Dual parameter(double value, std::size_t index) {
    Dual dual(value);
    dual.slope[index] = 1;
    return dual;
  }
};

/// f(a) with f'(a).
inline Dual chain(const Dual& a, double value, double derivative) {
  Dual result(value);
  for (std::size_t i = 0; i < kMostParameters; ++i) result.slope[i] = derivative == 0 ? 0 : derivative * a.slope[i];
  return result;
}
/// f(a, b) with its two partial derivatives.
inline Dual chain(const Dual& a, const Dual& b, double value, double by_a, double by_b) {
  Dual result(value);
  for (std::size_t i = 0; i < kMostParameters; ++i) result.slope[i] = by_a * a.slope[i] + by_b * b.slope[i];
  return result;
}

inline Dual operator+(const Dual& a, const Dual& b) { return chain(a, b, a.value + b.value, 1, 1); }
inline Dual operator-(const Dual& a, const Dual& b) { return chain(a, b, a.value - b.value, 1, -1); }
inline Dual operator*(const Dual& a, const Dual& b) { return chain(a, b, a.value * b.value, b.value, a.value); }
inline Dual operator/(const Dual& a, const Dual& b) { return chain(a, b, a.value / b.value, 1 / b.value, -a.value / (b.value * b.value)); }
inline Dual operator-(const Dual& a) { return chain(a, -a.value, -1); }
inline Dual square(const Dual& a) { return a * a; }
inline Dual exp(const Dual& a) { return chain(a, std::exp(a.value), std::exp(a.value)); }
inline Dual sin(const Dual& a) { return chain(a, std::sin(a.value), std::cos(a.value)); }
inline Dual cos(const Dual& a) { return chain(a, std::cos(a.value), -std::sin(a.value)); }
inline Dual arctan(const Dual& a) { return chain(a, std::atan(a.value), 1 / (1 + a.value * a.value)); }
inline Dual log(const Dual& a) { return chain(a, std::log(a.value), 1 / a.value); }
/// a > 0, else not a number.
inline Dual pow(const Dual& a, const Dual& b) { return exp(b * log(a)); }

}  // namespace inferometer::stats::nist

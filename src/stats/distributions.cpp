#include "stats/distributions.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "base/error.h"

namespace inferometer::stats {
namespace {

namespace math = boost::math;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("distribution: ") + what);
}

void require_degrees(double degrees) { require(degrees > 0 && std::isfinite(degrees), "degrees of freedom are not positive"); }

}  // namespace

double normal_two_sided_p(double z) {
  require(!std::isnan(z), "z is not a number");
  return std::erfc(std::fabs(z) / std::numbers::sqrt2);
}

double normal_upper_p(double z) {
  require(!std::isnan(z), "z is not a number");
  return std::erfc(z / std::numbers::sqrt2) / 2;
}

double normal_quantile(double p) {
  require(p > 0 && p < 1, "p is not in (0, 1)");
  return math::quantile(math::normal(), p);
}

double t_two_sided_p(double t, double degrees_of_freedom) {
  require(!std::isnan(t), "t is not a number");
  require_degrees(degrees_of_freedom);
  if (std::isinf(t)) return 0;
  return 2 * math::cdf(math::complement(math::students_t(degrees_of_freedom), std::fabs(t)));
}

double t_two_sided_quantile(double confidence, double degrees_of_freedom) {
  require(confidence > 0 && confidence < 1, "a confidence is not in (0, 1)");
  require_degrees(degrees_of_freedom);
  return math::quantile(math::complement(math::students_t(degrees_of_freedom), (1 - confidence) / 2));
}

double f_upper_p(double f, double numerator_degrees, double denominator_degrees) {
  require(!std::isnan(f), "F is not a number");
  require_degrees(numerator_degrees);
  require_degrees(denominator_degrees);
  if (f <= 0) return 1;
  if (std::isinf(f)) return 0;
  return math::cdf(math::complement(math::fisher_f(numerator_degrees, denominator_degrees), f));
}

}  // namespace inferometer::stats

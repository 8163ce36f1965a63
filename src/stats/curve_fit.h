/// Fit curves y = f(x) by least squares, with confidence and prediction bands.
///
/// Pure functions, any thread; the same input gives the same bits. Models that are linear in their parameters are solved exactly
/// (Householder QR) and their bands are exact by Student's t; the others by Ceres from several starts taken from the data, with bands
/// by the delta method on the Jacobian at the optimum (Seber & Wild 1989, 5.1; Bates & Watts 1988).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::stats {

enum class CurveModel : std::uint8_t {
  linear,             ///< y = a + b x
  logarithmic,        ///< y = a + b ln x, x > 0
  power,              ///< y = a x^b, x > 0, fitted in y (not in ln y)
  exponential_decay,  ///< y = y0 + A exp(-x / t), t > 0
  asymptotic,         ///< y = a - b c^x, 0 < c < 1
  logistic,           ///< y = A2 + (A1 - A2) / (1 + (x / x0)^p), x > 0: four parameters, sigmoid in log10 x (Origin's Logistic)
};

/// The formula as text: "y = a + b ln x".
std::string_view formula(CurveModel model);
std::string_view name(CurveModel model);
std::optional<CurveModel> curve_model(std::string_view name);
std::span<const CurveModel> curve_models();

struct FittedParameter {
  std::string name;
  double value = 0, standard_error = 0;
  double low = 0, high = 0;  ///< interval at the fit's confidence, by t
};

/// The curve at one x with both bands at the fit's confidence.
struct BandPoint {
  double x = 0, y = 0;
  double confidence_low = 0, confidence_high = 0;  ///< of the curve
  double prediction_low = 0, prediction_high = 0;  ///< of a new point
};

struct CurveFit {
  CurveModel model = CurveModel::linear;
  std::vector<FittedParameter> parameters;
  std::vector<double> covariance;  ///< of the parameters, row-major, scaled by the residual variance
  std::vector<double> factor;      ///< F, row-major, with covariance = F F': bands from F'g lose half the digits that g'Cg would
  std::size_t n = 0;
  std::size_t degrees_of_freedom = 0;  ///< n - parameters
  double residual_ss = 0;
  double residual_stddev = 0;  ///< sqrt(residual_ss / degrees_of_freedom)
  double rmse = 0;             ///< sqrt(residual_ss / n)
  double r_squared = 0;        ///< 1 - residual SS / SS about the mean; negative where the curve is worse than the mean
  double adjusted_r_squared = 0;
  /// n ln(RSS/n) + 2k + 2k(k+1)/(n-k-1), k = parameters + 1 (Hurvich & Tsai 1989); nullopt where n <= k + 1 or the fit is perfect.
  std::optional<double> aicc;
  bool perfect = false;  ///< what residuals there are is rounding: nothing is known of the scatter, and the bands have no width
  double confidence = 0.95;
  double t_quantile = 0;                  ///< half an interval at that confidence, in standard errors
  std::vector<double> fitted, residuals;  ///< in the order of the data

  /// x must be in the model's domain (Error{internal}). Throws Error{input} where the curve overflows, far outside the data.
  double value(double x) const;
  BandPoint at(double x) const;
};

/// Throws Error{input} with the reason: fewer points than parameters + 1, fewer distinct x than parameters, the same y everywhere, x
/// outside the model's domain, no convergence, and data whose best curve no finite parameters reach (a decay that is a straight line within
/// the points, a sigmoid that is a step between them). x and y of other lengths or values that are not finite are a caller's mistake
/// (Error{internal}).
CurveFit fit_curve(CurveModel model, std::span<const double> x, std::span<const double> y, double confidence = 0.95);

/// Every model that can be fitted: perfect fits first, those of fewest parameters before others, then by AICc, the lowest first; fits with
/// too few points for an AICc are left out. exponential_decay and asymptotic are two ways to write one family of curves: only the one that
/// is written with a positive factor is in the list (a decay for a falling curve, an asymptote for a rising one). Throws Error{input} when
/// none can.
std::vector<CurveFit> rank_curves(std::span<const double> x, std::span<const double> y, double confidence = 0.95);

/// The curve with its bands at `points` places between low and high, evenly spaced or evenly in log x. points >= 2.
std::vector<BandPoint> sample_curve(const CurveFit& fit, double low, double high, std::size_t points, bool log_spacing);

/// Two lines that enclose a cloud: linear quantile regression of y on x (or ln x) at a low and a high quantile.
struct EnvelopeLine {
  double intercept = 0, slope = 0;
};
struct Envelope {
  EnvelopeLine lower, upper;
  double lower_quantile = 0.05, upper_quantile = 0.95;
  bool log_x = false;  ///< lines in ln x
  /// The lower and the higher of both lines at x: where they cross they change places, so that low() <= high() everywhere (rearrangement,
  /// Chernozhukov, Fernandez-Val & Galichon 2010). x > 0 with log_x.
  double low(double x) const;
  double high(double x) const;
};
/// Quantile regression (Koenker & Bassett 1978), exact: an optimal line passes through two points, and the best line through one point is a
/// weighted median of slopes; a line that turning about none of its points improves is the best of all, the problem being convex. Of lines
/// equally good, one, always the same. Throws Error{input} for n < 4, one x only, and x <= 0 with log_x; quantiles that are not 0 < lower <
/// upper < 1 are Error{internal}. Cost: a few dozen times O(n log n), O(n^2 log n) where all points lie on one line.
Envelope fit_envelope(std::span<const double> x, std::span<const double> y, bool log_x, double lower_quantile = 0.05,
                      double upper_quantile = 0.95);

}  // namespace inferometer::stats

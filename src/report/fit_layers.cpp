#include "report/fit_layers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis_text.h"
#include "report/table.h"
#include "stats/cluster.h"
#include "stats/curve_fit.h"
#include "stats/two_lines.h"

namespace inferometer::report {
namespace {

constexpr std::size_t kCurvePoints = 120;
constexpr const char* kAuto = "auto";
constexpr const char* kEnvelope = "envelope";
constexpr const char* kTwoLines = "two_lines";
constexpr ColorIndex kCentroidColor = 1;

struct Range {
  double low = 0, high = 0;
};

Range range_of(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

/// Places along x as the axis spaces them.
std::vector<double> places(const Range& x, bool log) {
  std::vector<double> at;
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(kCurvePoints - 1);
    at.push_back(log ? x.low * std::pow(x.high / x.low, share) : x.low + (x.high - x.low) * share);
  }
  at.back() = x.high;
  return at;
}

Series curve_series(std::string name, ColorIndex color, Stroke stroke) {
  Series series{.name = std::move(name), .kind = SeriesKind::line, .points = {}, .color = color, .marker = std::nullopt, .stroke = stroke};
  return series;
}

void add_point(Series& series, double x, double y) {
  Point point;
  point.x = x;
  point.y = y;
  series.points.push_back(std::move(point));
}

/// "a = 12.3, b = 0.45".
std::string parameters_text(const stats::CurveFit& fit) {
  std::vector<std::string> parts;
  for (const stats::FittedParameter& parameter : fit.parameters) {
    parts.push_back(fmt::format("{} = {} ± {}", parameter.name, rounded_text(parameter.value), rounded_text(parameter.standard_error)));
  }
  return join(parts, ", ");
}

/// On a logarithmic axis a band must stay above zero: what lies below is cut off at the lowest figure shown.
void keep_positive(Band& band, const std::vector<double>& y) {
  const double floor = range_of(y).low / 10;
  for (auto* edge : {&band.low, &band.high}) {
    for (double& value : *edge) value = std::max(value, floor);
  }
}

void add_bands(Panel& panel, const std::vector<stats::BandPoint>& curve, const std::string& name, ColorIndex color,
               const std::string& percent, const std::vector<double>& y) {
  Band prediction{
      .name = fmt::format("{}{} % prediction", name.empty() ? "" : name + ": ", percent), .x = {}, .low = {}, .high = {}, .color = color};
  Band confidence = prediction;
  confidence.name = fmt::format("{}{} % confidence", name.empty() ? "" : name + ": ", percent);
  prediction.opacity = 0.10;
  prediction.edge = Stroke::dotted;
  confidence.opacity = 0.22;
  for (const stats::BandPoint& point : curve) {
    prediction.x.push_back(point.x);
    prediction.low.push_back(point.prediction_low);
    prediction.high.push_back(point.prediction_high);
    confidence.x.push_back(point.x);
    confidence.low.push_back(point.confidence_low);
    confidence.high.push_back(point.confidence_high);
  }
  if (panel.y.scale == Scale::log10) {
    keep_positive(prediction, y);
    keep_positive(confidence, y);
  }
  panel.bands.push_back(std::move(prediction));
  panel.bands.push_back(std::move(confidence));
}

FitOutcome add_curve(Panel& panel, const FitSpec& spec, const std::vector<double>& x, const std::vector<double>& y, const std::string& name,
                     ColorIndex color) {
  const bool ranked = spec.model == kAuto;
  const stats::CurveFit fit = ranked ? stats::rank_curves(x, y).front() : stats::fit_curve(*stats::curve_model(spec.model), x, y);
  add_fitted_curve(panel, fit, spec.bands, x, y, name, color);
  return {fmt::format("{}{}, {}; R² = {:.4f}, n = {}{}{}.", name.empty() ? "" : name + ": ", stats::formula(fit.model),
                      parameters_text(fit), fit.r_squared, fit.n, ranked ? ", the lowest AICc" : "",
                      spec.bands ? ", 95 % confidence (dark) and prediction (light) bands" : "")};
}

/// The curve asked for, or where the points do not determine it the other one. A fit that fails leaves the panel as it was.
FitOutcome add_curve_or_other(Panel& panel, const FitSpec& spec, const std::vector<double>& x, const std::vector<double>& y,
                              const std::string& name, ColorIndex color) {
  if (spec.otherwise.empty()) return add_curve(panel, spec, x, y, name, color);
  try {
    return add_curve(panel, spec, x, y, name, color);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    FitSpec other = spec;
    other.model = spec.otherwise;
    const FitOutcome outcome = add_curve(panel, other, x, y, name, color);
    return {fmt::format("{}{}; the {} curve instead. {}", name.empty() ? "" : name + ": ", error.what(), spec.otherwise, outcome.sentence)};
  }
}

FitOutcome add_envelope(Panel& panel, const std::vector<double>& x, const std::vector<double>& y, const std::string& name,
                        ColorIndex color) {
  const bool log = panel.x.scale == Scale::log10;
  const stats::Envelope envelope = stats::fit_envelope(x, y, log);
  const std::string prefix = name.empty() ? "" : name + ": ";
  Series lower = curve_series(prefix + "lower envelope", color, Stroke::dashed),
         upper = curve_series(prefix + "upper envelope", color, Stroke::solid);
  Band between{.name = prefix + "between the envelopes", .x = {}, .low = {}, .high = {}, .color = color};
  for (const double at : places(range_of(x), log)) {
    add_point(lower, at, envelope.low(at));
    add_point(upper, at, envelope.high(at));
    between.x.push_back(at);
    between.low.push_back(envelope.low(at));
    between.high.push_back(envelope.high(at));
  }
  if (panel.y.scale == Scale::log10) keep_positive(between, y);
  panel.bands.push_back(std::move(between));
  panel.series.push_back(std::move(lower));
  panel.series.push_back(std::move(upper));
  const auto text = [&](const stats::EnvelopeLine& line) {
    return fmt::format("y = {} {} {} {}", rounded_text(line.intercept), line.slope < 0 ? "−" : "+", rounded_text(std::abs(line.slope)),
                       log ? "ln x" : "x");
  };
  return {fmt::format("{}envelopes by quantile regression: upper ({:.0f} %) {}, lower ({:.0f} %) {}; n = {}.", prefix,
                      100 * envelope.upper_quantile, text(envelope.upper), 100 * envelope.lower_quantile, text(envelope.lower), x.size())};
}

FitOutcome add_two_lines(Panel& panel, const std::vector<double>& x, const std::vector<double>& y, const std::string& name) {
  const stats::TwoLines found = stats::fit_two_lines(x, y);
  const std::string prefix = name.empty() ? "" : name + ": ";
  ColorIndex color = 0;
  for (const stats::TwoLines::Line* line : {&found.first, &found.second}) {
    std::vector<double> own;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if ((found.line[i] == 0) == (line == &found.first)) own.push_back(x[i]);
    }
    const Range range = range_of(own);
    Series series =
        curve_series(fmt::format("{}slope {:.3g}", prefix, line->slope), color++, line == &found.first ? Stroke::solid : Stroke::dashed);
    for (const double at : places(range, panel.x.scale == Scale::log10)) add_point(series, at, line->intercept + line->slope * at);
    const Point& end = series.points.back();
    panel.call_outs.push_back({end.x, end.y, fmt::format("slope {:.3g}", line->slope)});
    panel.series.push_back(std::move(series));
  }
  const double gain = found.single_residual_ss > 0 ? 1 - found.residual_ss / found.single_residual_ss : 0;
  return {
      fmt::format("{}two lines by clusterwise regression: slopes {:.4g} ± {:.2g} ({} points) and {:.4g} ± {:.2g} ({} points); they leave "
                  "{:.0f} % less residual "
                  "than one line would.",
                  prefix, found.first.slope, found.first.slope_standard_error, found.first.n, found.second.slope,
                  found.second.slope_standard_error, found.second.n, 100 * gain)};
}

/// The centroids as marks of their own, and what they are.
struct Centroids {
  std::vector<double> x, y;
  std::string sentence;
};

Centroids add_centroids(Panel& panel, const std::vector<double>& x, const std::vector<double>& y, const std::string& name) {
  Centroids found;
  Series marks{.name = (name.empty() ? "" : name + ": ") + "centroids", .points = {}, .color = kCentroidColor, .marker = Marker::diamond};
  std::size_t inside = 0;
  for (const stats::MainCluster& cluster : stats::main_clusters(x, y)) {
    found.x.push_back(cluster.group);
    found.y.push_back(cluster.centroid);
    inside += cluster.n;
    add_point(marks, cluster.group, cluster.centroid);
    marks.points.back().tooltip = fmt::format("centroid {}\n{} of {} points, {} {}", rounded_text(cluster.centroid), cluster.n, cluster.all,
                                              cluster.clusters, cluster.clusters == 1 ? "cluster" : "clusters");
  }
  found.sentence = fmt::format(
      "Fitted through {} centroids, each of the largest cluster of y at one x (k-means, k by silhouette), which hold {} of the "
      "{} points; the bands are those of a centroid. ",
      found.x.size(), inside, x.size());
  panel.series.push_back(std::move(marks));
  return found;
}

}  // namespace

void check_fit_model(const FitSpec& spec) {
  std::vector<std::string> known{kAuto, kEnvelope, kTwoLines};
  for (const stats::CurveModel model : stats::curve_models()) known.emplace_back(stats::name(model));
  if (std::find(known.begin(), known.end(), spec.model) == known.end()) {
    std::string hint = did_you_mean(spec.model, known);
    throw Error(ErrorCode::usage, fmt::format("fit: unknown model '{}'", one_line(spec.model, 60)),
                hint.empty() ? "known: " + join(known, ", ") : hint);
  }
  if (!spec.otherwise.empty() && !stats::curve_model(spec.otherwise)) {
    throw Error(ErrorCode::usage, fmt::format("fit: otherwise names no curve: '{}'", one_line(spec.otherwise, 60)),
                did_you_mean(spec.otherwise, known));
  }
  if (spec.centroids && (spec.model == kEnvelope || spec.model == kTwoLines))
    throw Error(ErrorCode::usage, fmt::format("fit: {} does not go through centroids", spec.model), "take centroids out, or name a curve");
}

void add_fitted_curve(Panel& panel, const stats::CurveFit& fit, bool bands, const std::vector<double>& x, const std::vector<double>& y,
                      const std::string& name, ColorIndex color) {
  const Range range = range_of(x);
  const bool log = panel.x.scale == Scale::log10;
  const std::vector<stats::BandPoint> curve = stats::sample_curve(fit, range.low, range.high, kCurvePoints, log);
  std::string called = std::string(stats::name(fit.model)) + " fit";
  std::replace(called.begin(), called.end(), '_', ' ');
  Series line = curve_series(name.empty() ? called : name + ": " + called, color, Stroke::solid);
  for (const stats::BandPoint& point : curve) {
    if (panel.y.scale == Scale::log10 && point.y <= 0) continue;
    add_point(line, point.x, point.y);
  }
  if (bands) add_bands(panel, curve, name, color, percent_text(fit.confidence), y);
  panel.series.push_back(std::move(line));
  panel.notes.push_back(fmt::format("{}R² = {:.3f}", name.empty() ? "" : name + ": ", fit.r_squared));
}

FitOutcome add_fit(Panel& panel, const FitSpec& spec, const std::vector<double>& x, const std::vector<double>& y, const std::string& name,
                   ColorIndex color) {
  check_fit_model(spec);
  try {
    if (spec.model == kEnvelope) return add_envelope(panel, x, y, name, color);
    if (spec.model == kTwoLines) return add_two_lines(panel, x, y, name);
    if (!spec.centroids) return add_curve_or_other(panel, spec, x, y, name, color);
    const Centroids centroids = add_centroids(panel, x, y, name);
    return {centroids.sentence + add_curve_or_other(panel, spec, centroids.x, centroids.y, name, color).sentence};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    return {fmt::format("{}no curve: {}.", name.empty() ? "" : name + ": ", error.what())};
  }
}

}  // namespace inferometer::report

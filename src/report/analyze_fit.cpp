#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/complete_cases.h"
#include "report/curve_report.h"
#include "report/fit_layers.h"
#include "stats/curve_fit.h"
#include "stats/two_lines.h"

namespace inferometer::report {
namespace {

using stats::CurveFit;
using stats::CurveModel;
using Json = nlohmann::ordered_json;

constexpr const char* kAuto = "auto";
constexpr const char* kEnvelope = "envelope";
constexpr const char* kLogEnvelope = "log_envelope";
constexpr const char* kTwoLines = "two_lines";

void check_model(const std::string& model) {
  std::vector<std::string> known{kAuto, kEnvelope, kLogEnvelope, kTwoLines};
  for (const CurveModel each : stats::curve_models()) known.emplace_back(stats::name(each));
  if (std::find(known.begin(), known.end(), model) != known.end()) return;
  const std::string hint = did_you_mean(model, known);
  throw Error(ErrorCode::usage, fmt::format("fit: unknown model '{}'", one_line(model, 60)),
              hint.empty() ? "known: " + join(known, ", ") : hint);
}

/// What a point is called: the network where there is one.
std::vector<std::string> labels_of(const Frame& frame) {
  for (const char* column : {"model", "network"}) {
    if (frame.has(column)) return frame.texts(column);
  }
  return {};
}

CurveRanking rank(const CurveData& data, double confidence) {
  CurveRanking ranking;
  ranking.by_aicc = true;
  ranking.fits = stats::rank_curves(data.x, data.y, confidence);
  for (const CurveModel model : stats::curve_models()) {
    const auto is_model = [model](const CurveFit& fit) { return fit.model == model; };
    if (std::any_of(ranking.fits.begin(), ranking.fits.end(), is_model)) continue;
    try {
      const CurveFit fit = stats::fit_curve(model, data.x, data.y, confidence);
      ranking.refused.push_back({model, fit.aicc || fit.perfect ? "the same curves, written another way" : "too few points for an AICc"});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input) throw;
      ranking.refused.push_back({model, error.what()});
    }
  }
  return ranking;
}

AnalysisResult fit_a_curve(const AnalysisSpec& spec, const CurveData& data) {
  if (spec.model == kAuto) return describe_curve(data, rank(data, spec.confidence));
  CurveRanking given;
  given.fits.push_back(stats::fit_curve(*stats::curve_model(spec.model), data.x, data.y, spec.confidence));
  return describe_curve(data, given);
}

/// A chart of the points with what add_fit() draws for `model`.
Chart layered_chart(const CurveData& data, const std::string& model, bool log_x) {
  Chart chart;
  chart.title = fmt::format("{} against {}", data.y_name, data.x_name);
  Panel panel = scatter_panel(data, log_x);
  FitSpec fit;
  fit.model = model;
  chart.caption = add_fit(panel, fit, data.x, data.y, "", 1).sentence;
  chart.panels.push_back(std::move(panel));
  return chart;
}

AnalysisResult fit_two_lines(const CurveData& data) {
  const stats::TwoLines found = stats::fit_two_lines(data.x, data.y);
  AnalysisResult result;
  result.title = fmt::format("{} against {}: two lines", data.y_name, data.x_name);
  Table table;
  table.title = result.title;
  table.columns = {"line", "n", "intercept", "standard error", "slope", "standard error of the slope"};
  Json lines = Json::array();
  std::int64_t number = 0;
  for (const stats::TwoLines::Line& line : {found.first, found.second}) {
    table.rows.push_back({++number, static_cast<std::int64_t>(line.n), line.intercept, line.intercept_standard_error, line.slope,
                          line.slope_standard_error});
    lines.push_back({{"n", line.n},
                     {"intercept", line.intercept},
                     {"intercept_standard_error", line.intercept_standard_error},
                     {"slope", line.slope},
                     {"slope_standard_error", line.slope_standard_error}});
  }
  table.notes.emplace_back("Standard errors as if it had been known beforehand which points belong to which line.");
  result.tables.push_back(std::move(table));
  std::vector<int> membership;
  for (const std::uint8_t line : found.line) membership.push_back(line + 1);
  result.json = Json{{"type", "fit"},
                     {"model", kTwoLines},
                     {"x", to_utf8(data.x_name)},
                     {"y", to_utf8(data.y_name)},
                     {"n", data.x.size()},
                     {"lines", lines},
                     {"line", membership},
                     {"residual_ss", found.residual_ss},
                     {"single_residual_ss", found.single_residual_ss}}
                    .dump();
  result.sentences.push_back(fmt::format("Two lines, each point with the nearer: slopes {} ± {} ({} points) and {} ± {} ({} points).",
                                         rounded_text(found.first.slope), rounded_text(found.first.slope_standard_error), found.first.n,
                                         rounded_text(found.second.slope), rounded_text(found.second.slope_standard_error),
                                         found.second.n));
  result.sentences.emplace_back("Note: two lines always leave less than one; that there are two is an assumption, not a result.");
  result.charts.push_back(layered_chart(data, kTwoLines, false));
  return result;
}

AnalysisResult fit_an_envelope(const CurveData& data, bool log_x) {
  const stats::Envelope envelope = stats::fit_envelope(data.x, data.y, log_x);
  std::int64_t below = 0, above = 0;
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    // The lines go through points: what is on them is neither.
    const double slack = 1e-9 * std::max(1.0, std::abs(data.y[i]));
    below += data.y[i] < envelope.low(data.x[i]) - slack ? 1 : 0;
    above += data.y[i] > envelope.high(data.x[i]) + slack ? 1 : 0;
  }
  AnalysisResult result;
  const char* formula = log_x ? "y = a + b ln x" : "y = a + b x";
  result.title = fmt::format("{} against {}: envelope", data.y_name, data.x_name);
  Table table;
  table.title = result.title;
  table.columns = {"line", "quantile", "a", "b", "points outside"};
  table.rows = {{"lower", envelope.lower_quantile, envelope.lower.intercept, envelope.lower.slope, below},
                {"upper", envelope.upper_quantile, envelope.upper.intercept, envelope.upper.slope, above}};
  table.notes.push_back(fmt::format("{} by quantile regression, exact.", formula));
  result.tables.push_back(std::move(table));
  const auto line_json = [](const stats::EnvelopeLine& line, double quantile, std::int64_t outside) {
    return Json{{"quantile", quantile}, {"intercept", line.intercept}, {"slope", line.slope}, {"outside", outside}};
  };
  result.json = Json{{"type", "fit"},
                     {"model", log_x ? kLogEnvelope : kEnvelope},
                     {"formula", formula},
                     {"x", to_utf8(data.x_name)},
                     {"y", to_utf8(data.y_name)},
                     {"n", data.x.size()},
                     {"lower", line_json(envelope.lower, envelope.lower_quantile, below)},
                     {"upper", line_json(envelope.upper, envelope.upper_quantile, above)}}
                    .dump();
  result.sentences.push_back(
      fmt::format("Of {} points, {} lie below the lower line and {} above the upper one.", data.x.size(), below, above));
  result.charts.push_back(layered_chart(data, kEnvelope, log_x));
  return result;
}

AnalysisResult fit_model(const AnalysisSpec& spec, const CurveData& data) {
  if (spec.model == kTwoLines) return fit_two_lines(data);
  if (spec.model == kEnvelope || spec.model == kLogEnvelope) return fit_an_envelope(data, spec.model == kLogEnvelope);
  return fit_a_curve(spec, data);
}

}  // namespace

AnalysisResult analyze_fit(const AnalysisSpec& spec, const Frame& frame) {
  check_model(spec.model);
  if (spec.x == spec.y) throw Error(ErrorCode::usage, fmt::format("fit: {} is both x and y", spec.x));
  CompleteCases complete = complete_cases(frame, {spec.x, spec.y}, {});
  const CurveData data{frame.name,
                       spec.x,
                       spec.y,
                       values(complete.frame, spec.x),
                       values(complete.frame, spec.y),
                       labels_of(complete.frame),
                       published_rows(complete.frame)};
  AnalysisResult result;
  try {
    result = fit_model(spec, data);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    throw Error(ErrorCode::input, fmt::format("{}: {} against {}: {}", frame.name, spec.y, spec.x, error.what()), error.hint());
  }
  if (!spec.title.empty()) result.title = spec.title;
  result.sentences.insert(result.sentences.begin(), complete.sentences.begin(), complete.sentences.end());
  return result;
}

}  // namespace inferometer::report

#include "report/curve_report.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/analysis_text.h"
#include "stats/correlation.h"

namespace inferometer::report {
namespace {

using stats::BandPoint;
using stats::CurveFit;
using stats::CurveModel;
using stats::FittedParameter;
using Json = nlohmann::ordered_json;

constexpr std::size_t kCurvePoints = 101;
/// Models nearer to the best than this are not told apart by AICc (Burnham & Anderson 2002, 2.6).
constexpr double kSupported = 2;

Json number(std::optional<double> value) { return value && std::isfinite(*value) ? Json(*value) : Json(nullptr); }

Json parameters_json(const CurveFit& fit) {
  Json list = Json::array();
  for (const FittedParameter& parameter : fit.parameters) {
    list.push_back({{"name", parameter.name},
                    {"value", number(parameter.value)},
                    {"standard_error", number(parameter.standard_error)},
                    {"low", number(parameter.low)},
                    {"high", number(parameter.high)}});
  }
  return list;
}

Json covariance_json(const CurveFit& fit) {
  const std::size_t p = fit.parameters.size();
  Json lines = Json::array();
  for (std::size_t i = 0; i < p; ++i) {
    Json line = Json::array();
    for (std::size_t j = 0; j < p; ++j) line.push_back(number(fit.covariance[i * p + j]));
    lines.push_back(std::move(line));
  }
  return lines;
}

Json curve_json(const CurveFit& fit, const std::vector<double>& x) {
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  Json curve = Json::array();
  for (const BandPoint& point : stats::sample_curve(fit, *low, *high, kCurvePoints, is_in_log_x(fit.model))) {
    curve.push_back({{"x", number(point.x)},
                     {"y", number(point.y)},
                     {"confidence_low", number(point.confidence_low)},
                     {"confidence_high", number(point.confidence_high)},
                     {"prediction_low", number(point.prediction_low)},
                     {"prediction_high", number(point.prediction_high)}});
  }
  return curve;
}

/// Akaike's weights: how the evidence divides among the models that were ranked. Perfect fits have none.
std::vector<std::optional<double>> weights(const CurveRanking& ranking) {
  std::vector<std::optional<double>> shares;
  double sum = 0;
  const auto best = std::find_if(ranking.fits.begin(), ranking.fits.end(), [](const CurveFit& fit) { return fit.aicc.has_value(); });
  const bool comparable = best == ranking.fits.begin() && best != ranking.fits.end();
  for (const CurveFit& fit : ranking.fits) {
    shares.push_back(comparable && fit.aicc ? std::optional(std::exp((*best->aicc - *fit.aicc) / 2)) : std::nullopt);
    sum += shares.back().value_or(0);
  }
  for (std::optional<double>& share : shares) {
    if (share) *share /= sum;
  }
  return shares;
}

std::optional<double> behind(const CurveFit& fit, const CurveFit& best) {
  if (!fit.aicc || !best.aicc) return std::nullopt;
  return *fit.aicc - *best.aicc;
}

Json ranking_json(const CurveRanking& ranking) {
  Json list = Json::array();
  const auto shares = weights(ranking);
  for (std::size_t i = 0; i < ranking.fits.size(); ++i) {
    const CurveFit& fit = ranking.fits[i];
    list.push_back({{"model", std::string(name(fit.model))},
                    {"formula", std::string(formula(fit.model))},
                    {"parameters", parameters_json(fit)},
                    {"aicc", number(fit.aicc)},
                    {"aicc_difference", number(behind(fit, ranking.fits.front()))},
                    {"weight", number(shares[i])},
                    {"r_squared", number(fit.r_squared)},
                    {"residual_stddev", number(fit.residual_stddev)},
                    {"perfect", fit.perfect}});
  }
  return list;
}

std::string json_of(const CurveData& data, const CurveRanking& ranking) {
  const CurveFit& fit = ranking.fits.front();
  Json json{{"type", "fit"},
            {"model", std::string(name(fit.model))},
            {"formula", std::string(formula(fit.model))},
            {"x", to_utf8(data.x_name)},
            {"y", to_utf8(data.y_name)},
            {"n", fit.n},
            {"degrees_of_freedom", fit.degrees_of_freedom},
            {"confidence", fit.confidence},
            {"parameters", parameters_json(fit)},
            {"covariance", covariance_json(fit)},
            {"r_squared", number(fit.r_squared)},
            {"adjusted_r_squared", number(fit.adjusted_r_squared)},
            {"residual_ss", number(fit.residual_ss)},
            {"residual_stddev", number(fit.residual_stddev)},
            {"rmse", number(fit.rmse)},
            {"aicc", number(fit.aicc)},
            {"perfect", fit.perfect},
            {"fitted", fit.fitted},
            {"residuals", fit.residuals},
            {"curve", curve_json(fit, data.x)}};
  if (ranking.by_aicc) {
    json["ranking"] = ranking_json(ranking);
    Json refused = Json::array();
    for (const RefusedModel& model : ranking.refused)
      refused.push_back({{"model", std::string(name(model.model))}, {"reason", to_utf8(model.reason)}});
    json["refused"] = std::move(refused);
  }
  return json.dump();
}

Table parameters_table(const CurveFit& fit, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {"parameter", "value", "standard error", "low", "high"};
  for (const FittedParameter& parameter : fit.parameters)
    table.rows.push_back({parameter.name, parameter.value, parameter.standard_error, parameter.low, parameter.high});
  table.notes.push_back(fmt::format("low, high: {} % interval by Student's t with {} degrees of freedom.", percent_text(fit.confidence),
                                    fit.degrees_of_freedom));
  return table;
}

Table quality_table(const CurveFit& fit) {
  Table table;
  table.title = "How well it describes the points";
  table.columns = {"figure", "value"};
  table.rows = {{"n", static_cast<std::int64_t>(fit.n)},        {"R squared", fit.r_squared},
                {"adjusted R squared", fit.adjusted_r_squared}, {"residual standard deviation", fit.residual_stddev},
                {"root mean square error", fit.rmse},           {"AICc", to_cell(fit.aicc)}};
  return table;
}

Table ranking_table(const CurveRanking& ranking) {
  Table table;
  table.title = "Models by AICc, the best first";
  table.columns = {"model", "formula", "parameters", "AICc", "difference", "weight", "R squared", "residual standard deviation"};
  const auto shares = weights(ranking);
  for (std::size_t i = 0; i < ranking.fits.size(); ++i) {
    const CurveFit& fit = ranking.fits[i];
    table.rows.push_back({std::string(name(fit.model)), std::string(formula(fit.model)), static_cast<std::int64_t>(fit.parameters.size()),
                          to_cell(fit.aicc), to_cell(behind(fit, ranking.fits.front())), to_cell(shares[i]), fit.r_squared,
                          fit.residual_stddev});
  }
  for (const RefusedModel& refused : ranking.refused) table.notes.push_back(fmt::format("{}: {}.", name(refused.model), refused.reason));
  return table;
}

std::vector<std::string> ranking_sentences(const CurveRanking& ranking) {
  const CurveFit& best = ranking.fits.front();
  std::vector<std::string> sentences;
  if (best.perfect) {
    sentences.push_back(fmt::format("{} goes through every point; it was chosen before the models that do not.", name(best.model)));
    return sentences;
  }
  sentences.push_back(fmt::format("The models were ranked by AICc; {} has the lowest of {}.", name(best.model), ranking.fits.size()));
  std::vector<std::string> near;
  for (std::size_t i = 1; i < ranking.fits.size(); ++i) {
    if (behind(ranking.fits[i], best).value_or(kSupported) < kSupported) near.emplace_back(name(ranking.fits[i].model));
  }
  if (!near.empty()) {
    sentences.push_back(fmt::format("Note: {} {} within {:g} of it: these points do not tell them apart.", join(near, ", "),
                                    near.size() == 1 ? "is" : "are", kSupported));
  }
  sentences.emplace_back("Note: intervals and bands do not know that the model was chosen by the same points.");
  return sentences;
}

/// Bands take one scatter for the whole curve. Where the residuals' sizes go with the fitted values, they are too narrow at one end and
/// too wide at the other.
void add_scatter_note(const CurveFit& fit, std::vector<std::string>& sentences) {
  constexpr std::size_t kFewest = 10;
  if (fit.n < kFewest) return;
  std::vector<double> sizes;
  for (const double residual : fit.residuals) sizes.push_back(std::abs(residual));
  const stats::Correlation found = stats::correlate(stats::CorrelationMethod::spearman, fit.fitted, sizes);
  if (!found.p || *found.p >= 1 - fit.confidence) return;
  sentences.push_back(fmt::format(
      "Note: the scatter {} with the curve (Spearman of fitted value and size of residual: rho = {:.2f}, {}); the bands suppose "
      "that it is the same everywhere, and do not hold at single places.",
      *found.coefficient > 0 ? "grows" : "shrinks", *found.coefficient, p_phrase(*found.p)));
}

std::vector<std::string> sentences_of(const CurveData& data, const CurveRanking& ranking) {
  const CurveFit& fit = ranking.fits.front();
  std::vector<std::string> sentences;
  if (ranking.by_aicc) sentences = ranking_sentences(ranking);
  sentences.push_back(fmt::format("{}: {} explains {:.1f} % of the variance of {} (R squared {:.4f}, {} points).", name(fit.model),
                                  formula(fit.model), 100 * std::max(0.0, fit.r_squared), data.y_name, fit.r_squared, fit.n));
  if (fit.r_squared < 0) sentences.emplace_back("Note: R squared is negative: the mean alone describes the points better than this curve.");
  if (fit.perfect) {
    sentences.emplace_back("Note: the curve goes through every point, so nothing is known of the scatter, and the bands have no width.");
    return sentences;
  }
  const double middle = (*std::min_element(data.x.begin(), data.x.end()) + *std::max_element(data.x.begin(), data.x.end())) / 2;
  const BandPoint point = fit.at(middle);
  sentences.push_back(fmt::format("A new point at {} = {} is expected between {} and {} ({} % prediction band).", data.x_name,
                                  rounded_text(middle), rounded_text(point.prediction_low), rounded_text(point.prediction_high),
                                  percent_text(fit.confidence)));
  add_scatter_note(fit, sentences);
  for (const FittedParameter& parameter : fit.parameters) {
    if (parameter.low > 0 || parameter.high < 0) continue;
    sentences.push_back(fmt::format("Note: the interval of {} contains 0.", parameter.name));
  }
  return sentences;
}

}  // namespace

AnalysisResult describe_curve(const CurveData& data, const CurveRanking& ranking) {
  const CurveFit& fit = ranking.fits.front();
  AnalysisResult result;
  result.title = fmt::format("{} against {}: {}", data.y_name, data.x_name, formula(fit.model));
  result.json = json_of(data, ranking);
  result.tables.push_back(parameters_table(fit, result.title));
  result.tables.push_back(quality_table(fit));
  if (ranking.by_aicc) result.tables.push_back(ranking_table(ranking));
  result.sentences = sentences_of(data, ranking);
  result.charts = curve_charts(data, ranking);
  return result;
}

}  // namespace inferometer::report

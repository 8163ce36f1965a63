#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/anova_parts.h"
#include "report/complete_cases.h"
#include "report/figure.h"

namespace inferometer::report {
namespace {

void check_factors(const AnalysisSpec& spec) {
  if (spec.factors.size() > 2) {
    throw Error(ErrorCode::usage, fmt::format("anova: {} factors; one or two can be tested", spec.factors.size()));
  }
  if (spec.factors.size() == 2 && spec.factors[0] == spec.factors[1]) throw Error(ErrorCode::usage, "anova: a factor is named twice");
  for (const std::string& factor : spec.factors) {
    if (factor == spec.response) throw Error(ErrorCode::usage, fmt::format("anova: {} is both response and factor", factor));
  }
  if (spec.interaction && spec.factors.size() != 2) throw Error(ErrorCode::usage, "anova: an interaction needs two factors");
}

/// The values behind each factor, as boxes; none where every value of the factor has one row only.
void add_charts(const AnalysisSpec& spec, const AnovaData& data, AnalysisResult& result) {
  for (const Factor& factor : data.factors) {
    if (factor.labels.size() == data.values.size()) continue;
    FigureSpec figure;
    figure.type = "box";
    figure.title = fmt::format("{} by {}", spec.response, factor.name);
    figure.x = factor.name;
    figure.y = {spec.response};
    figure.log_y = spec.log;
    FigureContext context;
    context.about = data.source;
    result.charts.push_back(make_figure(figure, data.frame, context));
  }
}

}  // namespace

AnalysisResult analyze_anova(const AnalysisSpec& spec, const Frame& frame) {
  check_factors(spec);
  CompleteCases complete = complete_cases(frame, {spec.response}, spec.factors);
  AnovaData data;
  data.source = frame.name;
  data.response = spec.log ? "ln " + spec.response : spec.response;
  data.log = spec.log;
  data.values = spec.log ? logarithms(complete.frame, spec.response) : values(complete.frame, spec.response);
  for (const std::string& factor : spec.factors) data.factors.push_back(factor_of(complete.frame, factor));
  data.frame = std::move(complete.frame);

  AnalysisResult result = data.factors.size() == 1 ? analyze_by_one(spec, data) : analyze_by_two(spec, data);
  if (!spec.title.empty()) result.title = spec.title;
  result.sentences.insert(result.sentences.begin(), complete.sentences.begin(), complete.sentences.end());
  add_charts(spec, data, result);
  return result;
}

}  // namespace inferometer::report

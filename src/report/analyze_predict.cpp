#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/complete_cases.h"
#include "report/prediction_report.h"
#include "report/settings.h"

namespace inferometer::report {
namespace {

using stats::FeatureForm;

FeatureForm form_of(const AnalysisSpec& spec) {
  if (spec.form.empty()) return FeatureForm::log_log;
  if (const auto form = stats::feature_form(spec.form)) return *form;
  std::vector<std::string> known;
  for (const FeatureForm form : stats::feature_forms()) known.emplace_back(stats::name(form));
  throw Error(ErrorCode::usage, fmt::format("predict: unknown form '{}'", one_line(spec.form, 60)), "known: " + join(known, ", "));
}

void check_columns(const AnalysisSpec& spec) {
  std::set<std::string> seen{spec.response};
  for (const std::string& feature : spec.features) {
    if (!seen.insert(feature).second)
      throw Error(ErrorCode::usage, fmt::format("predict: {} is named twice among response and features", feature));
  }
}

/// 0, 1, 2, ... by order of first appearance.
std::vector<std::size_t> numbered(const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> places;
  std::vector<std::size_t> numbers;
  for (const std::string& name : names) numbers.push_back(places.try_emplace(name, places.size()).first->second);
  return numbers;
}

std::size_t distinct(const std::vector<std::string>& names) { return std::set<std::string>(names.begin(), names.end()).size(); }

/// Settings in which rows of the same net differ: they name a row, and one that is no feature is a difference that the model cannot see.
void add_settings(Predictions& data, const Frame& frame, const AnalysisSpec& spec) {
  for (const std::string& column : setting_columns()) {
    if (!frame.has(column) || column == spec.net || column == "started_at" || column == "repro") continue;
    const std::vector<std::string>& texts = frame.texts(column);
    std::map<std::string, std::string> first;
    bool differ = false;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto [place, is_new] = first.try_emplace(data.nets[i], texts[i]);
      differ = differ || (!is_new && place->second != texts[i]);
    }
    if (differ) data.settings.emplace_back(column, texts);
  }
}

/// Families of the nets; a net of which none is known is kin to nobody.
void add_families(Predictions& data, const Frame& frame, const AnalysisSpec& spec) {
  if (!frame.has(spec.family)) return;
  data.families = frame.texts(spec.family);
  if (std::all_of(data.families.begin(), data.families.end(), [](const std::string& family) { return family.empty(); })) {
    data.families.clear();
    return;
  }
  for (std::size_t i = 0; i < data.families.size(); ++i) {
    if (data.families[i].empty()) data.families[i] = data.nets[i] + " alone";
  }
}

std::vector<std::vector<double>> feature_values(const AnalysisSpec& spec, const Frame& frame, FeatureForm form) {
  std::vector<std::vector<double>> columns;
  for (const std::string& feature : spec.features) {
    columns.push_back(values(frame, feature));
    const std::vector<double>& column = columns.back();
    const double least = *std::min_element(column.begin(), column.end());
    if (form == FeatureForm::log_log && !(least > 0))
      throw Error(ErrorCode::input, fmt::format("{}: {} holds {}, which has no logarithm", frame.name, feature, least),
                  "--form additive takes 0, or leave the feature out");
    if (least < 0)
      throw Error(ErrorCode::input, fmt::format("{}: {} holds {}: what adds up must not be negative", frame.name, feature, least));
    const bool is_constant = std::all_of(column.begin(), column.end(), [&](double value) { return value == column.front(); });
    if (is_constant) {
      throw Error(ErrorCode::input, fmt::format("{}: {} is {} in every row, and tells no row from another", frame.name, feature, least),
                  "leave the feature out");
    }
  }
  return columns;
}

}  // namespace

AnalysisResult analyze_predict(const AnalysisSpec& spec, const Frame& frame) {
  const FeatureForm form = form_of(spec);
  check_columns(spec);
  std::vector<std::string> numeric{spec.response};
  numeric.insert(numeric.end(), spec.features.begin(), spec.features.end());
  const CompleteCases complete = complete_cases(frame, numeric, {spec.net});
  const Frame& rows = complete.frame;

  Predictions data;
  data.source = frame.name;
  data.response = spec.response;
  data.net_column = spec.net;
  data.family_column = spec.family;
  data.features = spec.features;
  data.confidence = spec.confidence;
  data.nets = rows.texts(spec.net);
  data.published = published_rows(rows);
  data.measured = values(rows, spec.response);
  const double least = *std::min_element(data.measured.begin(), data.measured.end());
  if (!(least > 0))
    throw Error(ErrorCode::input,
                fmt::format("{}: {} holds {}: only positive figures have a relative error", frame.name, spec.response, least));
  add_families(data, rows, spec);
  add_settings(data, rows, spec);

  const std::vector<std::vector<double>> features = feature_values(spec, rows, form);
  if (distinct(data.nets) < 2) {
    throw Error(ErrorCode::input,
                fmt::format("{}: {} names one net only; holding it out leaves nothing to learn from", frame.name, spec.net),
                "predictions of a net rest on others");
  }
  try {
    data.model = stats::fit_features(form, features, data.measured);
    data.by_net = stats::hold_out(form, features, data.measured, numbered(data.nets), spec.confidence);
    if (distinct(data.families) >= 2)
      data.by_family = stats::hold_out(form, features, data.measured, numbered(data.families), std::nullopt);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    throw Error(ErrorCode::input, fmt::format("{}: {} from {}: {}", frame.name, spec.response, join(spec.features, ", "), error.what()),
                "fewer features, or ones that do not say the same");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> row;
    for (const std::vector<double>& column : features) row.push_back(column[i]);
    data.fitted.push_back(data.model.predict(row));
  }

  AnalysisResult result = describe_predictions(data);
  if (!spec.title.empty()) result.title = spec.title;
  result.sentences.insert(result.sentences.begin(), complete.sentences.begin(), complete.sentences.end());
  return result;
}

}  // namespace inferometer::report

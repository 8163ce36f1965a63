#include "report/analysis_fields.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::report {
namespace {

constexpr unsigned kAll = kAnova | kFit | kCluster | kCorrelate | kPredict;

constexpr std::array<AnalysisField, 19> kFields{{
    {"title", "--title", &AnalysisSpec::title, kAll, 0, false, "TEXT", "Above the tables (default: made from the rest)"},
    {"response", "--response", &AnalysisSpec::response, kAnova | kPredict, kAnova | kPredict, true, "COLUMN",
     "The figure to be explained or predicted"},
    {"log", "--log", &AnalysisSpec::log, kAnova, 0, false, "", "Take the natural logarithm of the response"},
    {"factors", "--factor", &AnalysisSpec::factors, kAnova, kAnova, true, "COLUMN[,COLUMN]", "What may explain it: one column or two"},
    {"interaction", "--interaction", &AnalysisSpec::interaction, kAnova, 0, false, "",
     "Two factors: also test whether the effect of one depends on the other"},
    {"x", "--x", &AnalysisSpec::x, kFit, kFit, true, "COLUMN", "The column along x"},
    {"y", "--y", &AnalysisSpec::y, kFit, kFit, true, "COLUMN", "The column to be described by a curve"},
    {"model", "--model", &AnalysisSpec::model, kFit, 0, false, "NAME", "The curve (default: auto, the best of all by AICc)"},
    {"columns", "--columns", &AnalysisSpec::columns, kCluster | kCorrelate, kCluster | kCorrelate, true, "A,B[,C...]",
     "The columns of numbers"},
    {"clusters", "--clusters", &AnalysisSpec::clusters, kCluster, 0, false, "N", "How many clusters (default: chosen by silhouette)"},
    {"method", "--method", &AnalysisSpec::method, kCluster | kCorrelate, 0, false, "NAME",
     "cluster: kmeans (default), ward; correlate: pearson (default), spearman, kendall"},
    {"group", "--group", &AnalysisSpec::group, kCluster, 0, true, "COLUMN", "Centroids for each value of this column"},
    {"standardize", "--no-standardize", &AnalysisSpec::standardize, kCluster, 0, false, "", "Do not turn columns into z-scores first"},
    {"seed", "--seed", &AnalysisSpec::seed, kCluster | kCorrelate, 0, false, "N", "Of random choices (default: 1)"},
    {"features", "--features", &AnalysisSpec::features, kPredict, kPredict, true, "A[,B...]", "The columns to predict it from"},
    {"form", "--form", &AnalysisSpec::form, kPredict, 0, false, "NAME",
     "log_log (default: a product of powers), additive (a sum of costs, none negative), additive_absolute"},
    {"net", "--net", &AnalysisSpec::net, kPredict, 0, true, "COLUMN", "What is held out, all its rows together (default: model)"},
    {"family", "--family", &AnalysisSpec::family, kPredict, 0, true, "COLUMN", "What nets are kin by (default: family)"},
    {"confidence", "--confidence", &AnalysisSpec::confidence, kAnova | kFit | kCorrelate | kPredict, 0, false, "P",
     "Level of intervals and bands (default: 0.95)"},
}};

const AnalysisSpec kDefaults;

bool is_default(const AnalysisSpec& spec, const AnalysisMember& member) {
  return std::visit([&](auto pointer) { return spec.*pointer == kDefaults.*pointer; }, member);
}

[[noreturn]] void fail(const std::string& message, std::string hint = {}) { throw Error(ErrorCode::usage, message, std::move(hint)); }

std::string used_names(unsigned type, std::string_view AnalysisField::*called) {
  std::vector<std::string> names;
  for (const AnalysisField& field : analysis_fields()) {
    if ((field.used_by & type) != 0) names.emplace_back(field.*called);
  }
  return join(names, ", ");
}

// ---- from JSON ----

[[noreturn]] void wrong_type(std::string_view key, std::string_view expected) { fail(fmt::format("{}: must be {}", key, expected)); }

void assign(std::string& to, const nlohmann::json& value, std::string_view key) {
  if (!value.is_string()) wrong_type(key, "a string");
  to = value.get<std::string>();
}
void assign(bool& to, const nlohmann::json& value, std::string_view key) {
  if (!value.is_boolean()) wrong_type(key, "true or false");
  to = value.get<bool>();
}
void assign(std::vector<std::string>& to, const nlohmann::json& value, std::string_view key) {
  to.clear();
  if (value.is_string()) return to.push_back(value.get<std::string>());
  if (!value.is_array()) wrong_type(key, "a string or a list of strings");
  for (const nlohmann::json& part : value) assign(to.emplace_back(), part, key);
}
std::int64_t whole_number(const nlohmann::json& value, std::string_view key) {
  constexpr double kMost = 9007199254740992;  // 2^53: above it a number in JSON need not be exact
  if (!value.is_number()) wrong_type(key, "a whole number");
  const auto number = value.get<double>();
  if (!(std::fabs(number) <= kMost) || number != std::floor(number)) wrong_type(key, "a whole number");
  return static_cast<std::int64_t>(number);
}
void assign(std::optional<std::int64_t>& to, const nlohmann::json& value, std::string_view key) { to = whole_number(value, key); }
void assign(std::uint64_t& to, const nlohmann::json& value, std::string_view key) {
  const std::int64_t number = whole_number(value, key);
  if (number < 0) wrong_type(key, "a whole number of at least 0");
  to = static_cast<std::uint64_t>(number);
}
void assign(double& to, const nlohmann::json& value, std::string_view key) {
  if (!value.is_number()) wrong_type(key, "a number");
  to = value.get<double>();
}

}  // namespace

std::span<const AnalysisField> analysis_fields() { return kFields; }

const std::vector<std::string>& analysis_type_names() {
  static const std::vector<std::string> names{"anova", "fit", "cluster", "correlate", "predict"};
  return names;
}

unsigned analysis_type(std::string_view name) {
  const std::vector<std::string>& names = analysis_type_names();
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0 : 1u << static_cast<unsigned>(found - names.begin());
}

std::vector<const AnalysisField*> analysis_fields_of(std::string_view type) {
  std::vector<const AnalysisField*> used;
  for (const AnalysisField& field : analysis_fields()) {
    if ((field.used_by & analysis_type(type)) != 0) used.push_back(&field);
  }
  return used;
}

std::vector<std::string> analysis_columns(const AnalysisSpec& spec) {
  std::vector<std::string> columns;
  for (const AnalysisField* field : analysis_fields_of(spec.type)) {
    if (!field->is_column) continue;
    if (const auto* one = std::get_if<std::string AnalysisSpec::*>(&field->member)) columns.push_back(spec.**one);
    if (const auto* list = std::get_if<std::vector<std::string> AnalysisSpec::*>(&field->member))
      columns.insert(columns.end(), (spec.**list).begin(), (spec.**list).end());
  }
  std::erase(columns, "");
  return columns;
}

void check_spec(const AnalysisSpec& spec, std::string_view AnalysisField::*called) {
  const unsigned type = analysis_type(spec.type);
  if (type == 0) {
    fail(fmt::format("unknown type of analysis '{}'", one_line(spec.type, 60)), "known types: " + join(analysis_type_names(), ", "));
  }
  for (const AnalysisField& field : analysis_fields()) {
    const bool empty = is_default(spec, field.member);
    if ((field.required_by & type) != 0 && empty)
      fail(fmt::format("{}: {} is missing", spec.type, field.*called), std::string(field.description));
    if ((field.used_by & type) == 0 && !empty) {
      fail(fmt::format("{}: does not use {}", spec.type, field.*called), "it uses: " + used_names(type, called));
    }
  }
  if (!(spec.confidence > 0 && spec.confidence < 1))
    fail(fmt::format("{}: confidence must lie between 0 and 1", spec.type), "0.95 is usual");
}

AnalysisSpec analysis_spec(std::string_view text) {
  const nlohmann::json block = nlohmann::json::parse(text, nullptr, false);
  if (!block.is_object()) throw Error(ErrorCode::internal, "an analysis is no JSON object");
  AnalysisSpec spec;
  for (const auto& [key, value] : block.items()) {
    if (key == "where") continue;
    if (key == "type") {
      assign(spec.type, value, key);
      continue;
    }
    const auto field = std::find_if(kFields.begin(), kFields.end(), [&name = key](const AnalysisField& each) { return each.key == name; });
    if (field == kFields.end())
      fail(fmt::format("unknown key '{}'", one_line(key, 60)), "known keys: type, where, " + used_names(kAll, &AnalysisField::key));
    // A structured binding cannot be captured by every compiler's lambda.
    const nlohmann::json& given = value;
    std::visit([&](auto pointer) { assign(spec.*pointer, given, field->key); }, field->member);
  }
  check_spec(spec);
  return spec;
}

}  // namespace inferometer::report

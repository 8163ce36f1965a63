#include "cli/study_keys.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis_fields.h"

namespace inferometer::cli {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

std::string text(const Json& block, const char* key) { return block.value(key, std::string()); }
bool flag(const Json& block, const char* key, bool otherwise = false) { return block.value(key, otherwise); }
Texts texts(const Json& block, const char* key) { return block.value(key, Texts()); }
std::size_t count(const Json& block, const char* key) { return block.value(key, std::size_t{0}); }

std::vector<std::pair<double, std::string>> marks(const Json& block, const char* key) {
  std::vector<std::pair<double, std::string>> read;
  if (!block.contains(key)) return read;
  for (const Json& mark : block.at(key)) read.emplace_back(mark.at("at").get<double>(), text(mark, "label"));
  return read;
}

void require(const Json& block, const std::string& type, const std::vector<const char*>& keys) {
  for (const char* key : keys) {
    if (!block.contains(key)) throw Error(ErrorCode::usage, fmt::format("type {} needs the key '{}'", type, key));
  }
}

report::BlockContent make_section(const Json& block) { return report::SectionSpec{text(block, "title"), text(block, "text")}; }

report::BlockContent make_absent(const Json& block) { return report::AbsentSpec{text(block, "title"), text(block, "reason")}; }

report::BlockContent make_table(const Json& block) {
  report::TableSpec spec;
  spec.title = text(block, "title");
  spec.note = text(block, "note");
  spec.rows = texts(block, "rows");
  spec.columns = texts(block, "columns");
  spec.value = text(block, "value");
  spec.each = texts(block, "each");
  spec.where = text(block, "where");
  spec.sort = text(block, "sort");
  spec.distinct = flag(block, "distinct");
  spec.empty = text(block, "empty");
  if (spec.rows.empty() != spec.value.empty()) {
    throw Error(ErrorCode::usage, fmt::format("the key '{}' is missing here", spec.rows.empty() ? "rows" : "value"),
                "a grid has rows, columns and value; a list has columns alone");
  }
  const std::string from = text(block, "from");
  const bool makes_grids = from.empty() || from == report::kFromRows || from == report::kFromPictures;
  if (!spec.value.empty() && !makes_grids) {
    throw Error(ErrorCode::usage, "a grid is made of the rows of the study or of pictures alone",
                "of another source give columns, and neither rows nor value");
  }
  if (!spec.value.empty() && !spec.sort.empty()) throw Error(ErrorCode::usage, "a grid has no use for the key 'sort'", "a list has");
  if (!spec.value.empty() && spec.distinct) throw Error(ErrorCode::usage, "a grid has no use for the key 'distinct'", "a list has");
  if (spec.value.empty() && !spec.empty.empty()) throw Error(ErrorCode::usage, "a list has no use for the key 'empty'", "a grid has");
  return spec;
}

report::BlockContent make_analysis(const Json& block) {
  report::StudyAnalysis analysis;
  Json spec = block;
  for (const char* key : {"from", "where", "each", "takeaway"}) spec.erase(key);
  analysis.spec = report::analysis_spec(spec.dump());
  analysis.where = text(block, "where");
  analysis.each = texts(block, "each");
  analysis.takeaway = flag(block, "takeaway");
  return analysis;
}

report::BlockContent make_recommend(const Json& block) {
  report::StudyRecommend choice;
  choice.spec.title = text(block, "title");
  choice.spec.prefer = block.value("prefer", choice.spec.prefer);
  choice.spec.accuracy = block.value("accuracy", choice.spec.accuracy);
  for (const report::ConstraintField& field : report::constraint_fields()) {
    const std::string key(field.key);
    if (block.contains(key)) choice.spec.*field.limit = block.at(key).get<double>();
  }
  report::check_recommend(choice.spec);
  choice.where = text(block, "where");
  choice.each = texts(block, "each");
  choice.takeaway = flag(block, "takeaway");
  return choice;
}

std::vector<KeyRule> recommend_keys() {
  std::vector<KeyRule> keys{{"title", ValueKind::text},      {"prefer", ValueKind::text},  {"accuracy", ValueKind::text},
                            {"where", ValueKind::condition}, {"each", ValueKind::columns}, {"takeaway", ValueKind::flag}};
  for (const report::ConstraintField& field : report::constraint_fields()) keys.push_back({field.key, ValueKind::number});
  return keys;
}

report::BlockContent make_figure(const Json& block) {
  report::FigureSpec spec;
  spec.type = text(block, "type");
  spec.title = text(block, "title");
  spec.caption = text(block, "caption");
  spec.x = text(block, "x");
  spec.y = texts(block, "y");
  spec.y_right = text(block, "y_right");
  spec.size = text(block, "size");
  spec.value = text(block, "value");
  spec.series = texts(block, "series");
  spec.group = texts(block, "group");
  spec.label = text(block, "label");
  spec.low = text(block, "low");
  spec.high = text(block, "high");
  spec.best_of = text(block, "best_of");
  spec.log_x = flag(block, "log_x");
  spec.log_y = flag(block, "log_y");
  spec.both_scales = flag(block, "both_scales");
  spec.horizontal = flag(block, "horizontal");
  spec.annotate = flag(block, "annotate", spec.annotate);
  spec.animated = flag(block, "animated");
  spec.split_far = flag(block, "split_far");
  spec.together = flag(block, "together");
  if (block.contains("fit")) {
    const Json& fit = block.at("fit");
    spec.fit = report::FitSpec{};
    spec.fit->model = fit.value("model", spec.fit->model);
    spec.fit->bands = flag(fit, "bands", spec.fit->bands);
    spec.fit->centroids = flag(fit, "centroids");
    spec.fit->each_series = flag(fit, "each_series");
    spec.fit->otherwise = text(fit, "otherwise");
  }
  spec.where = text(block, "where");
  spec.sort = text(block, "sort");
  spec.value_format = text(block, "value_format");
  spec.missing = text(block, "missing");
  spec.reference_lines = marks(block, "reference_lines");
  spec.size_legend = marks(block, "size_legend");
  spec.columns = count(block, "across");
  spec.limit = count(block, "limit");
  report::check_figure(spec);
  return spec;
}

report::BlockContent make_takeaway(const Json& block) {
  report::TakeawaySpec spec;
  spec.type = text(block, "type");
  if (spec.type == "ratio") require(block, spec.type, {"column", "numerator", "denominator"});
  if (spec.type == "correlation") require(block, spec.type, {"with"});
  spec.title = text(block, "title");
  spec.value = text(block, "value");
  spec.column = text(block, "column");
  spec.numerator = text(block, "numerator");
  spec.denominator = text(block, "denominator");
  spec.match = texts(block, "match");
  spec.with = texts(block, "with");
  spec.each = texts(block, "each");
  spec.name = texts(block, "name");
  spec.lowest = flag(block, "lowest");
  spec.where = text(block, "where");
  return spec;
}

}  // namespace

std::span<const KeyRule> fit_keys() {
  static const KeyRule keys[] = {{"model", ValueKind::text},
                                 {"bands", ValueKind::flag},
                                 {"centroids", ValueKind::flag},
                                 {"each_series", ValueKind::flag},
                                 {"otherwise", ValueKind::text}};
  return keys;
}

std::span<const KeyRule> mark_keys() {
  static const KeyRule keys[] = {{"at", ValueKind::number, true}, {"label", ValueKind::text}};
  return keys;
}

std::span<const BlockRule> block_rules() {
  using Kind = ValueKind;
  static const BlockRule rules[] = {
      {"section", {{"title", Kind::text, true}, {"text", Kind::text}}, {}, make_section},
      {"absent", {{"title", Kind::text, true}, {"reason", Kind::text, true}}, {}, make_absent},
      {"table",
       {{"title", Kind::text},
        {"note", Kind::text},
        {"from", Kind::source},
        {"rows", Kind::columns},
        {"columns", Kind::columns, true},
        {"value", Kind::numeric_column},
        {"each", Kind::columns},
        {"where", Kind::condition},
        {"sort", Kind::column},
        {"distinct", Kind::flag},
        {"empty", Kind::text}},
       {},
       make_table},
      {"analysis",
       {{"title", Kind::text},        {"type", Kind::text, true},  {"from", Kind::source},      {"response", Kind::column},
        {"log", Kind::flag},          {"factors", Kind::columns},  {"interaction", Kind::flag}, {"x", Kind::column},
        {"y", Kind::column},          {"columns", Kind::columns},  {"model", Kind::text},       {"clusters", Kind::integer},
        {"method", Kind::text},       {"standardize", Kind::flag}, {"group", Kind::column},     {"seed", Kind::integer},
        {"features", Kind::columns},  {"form", Kind::text},        {"net", Kind::column},       {"family", Kind::column},
        {"confidence", Kind::number}, {"where", Kind::condition},  {"each", Kind::columns},     {"takeaway", Kind::flag}},
       {report::analysis_type_names().begin(), report::analysis_type_names().end()},
       make_analysis},
      {"figure",
       {{"title", Kind::text},
        {"caption", Kind::text},
        {"type", Kind::text, true},
        {"from", Kind::source},
        {"x", Kind::column},
        {"y", Kind::columns},
        {"y_right", Kind::column},
        {"size", Kind::column},
        {"value", Kind::column},
        {"series", Kind::columns},
        {"group", Kind::columns},
        {"label", Kind::column},
        {"low", Kind::column},
        {"high", Kind::column},
        {"best_of", Kind::column},
        {"log_x", Kind::flag},
        {"log_y", Kind::flag},
        {"both_scales", Kind::flag},
        {"horizontal", Kind::flag},
        {"annotate", Kind::flag},
        {"animated", Kind::flag},
        {"split_far", Kind::flag},
        {"together", Kind::flag},
        {"fit", Kind::fit},
        {"where", Kind::condition},
        {"sort", Kind::text},
        {"value_format", Kind::text},
        {"missing", Kind::text},
        {"reference_lines", Kind::marks},
        {"size_legend", Kind::marks},
        {"across", Kind::integer},
        {"limit", Kind::integer}},
       {report::figure_types().begin(), report::figure_types().end()},
       make_figure},
      {"recommend", recommend_keys(), {}, make_recommend},
      {"takeaway",
       {{"type", Kind::text, true},
        {"title", Kind::text},
        {"from", Kind::source},
        {"value", Kind::column, true},
        {"column", Kind::column},
        {"numerator", Kind::text},
        {"denominator", Kind::text},
        {"match", Kind::columns},
        {"with", Kind::columns},
        {"each", Kind::columns},
        {"name", Kind::columns},
        {"lowest", Kind::flag},
        {"where", Kind::condition}},
       {"ratio", "correlation", "best"},
       make_takeaway},
      {"published", {{"file", Kind::file, true}, {"name", Kind::text}}, {}, nullptr},
      {"column", {{"name", Kind::text, true}, {"of", Kind::text, true}, {"values", Kind::words, true}, {"other", Kind::text}}, {}, nullptr},
  };
  return rules;
}

}  // namespace inferometer::cli

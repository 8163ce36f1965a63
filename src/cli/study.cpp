#include "cli/study.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "report/table.h"
#include "report/rows.h"
#include "cli/run_fields.h"
#include "measure/models.h"

#include "cli/toml.h"

namespace inferometer::cli {
namespace {

constexpr const char* kTomlHint = "a study is a TOML file; studies/quick.toml is an example";
constexpr std::int64_t kMostBytes = std::int64_t{4} << 20;

/// What the value of a key outside [[run]] may be.
enum class ValueKind : std::uint8_t { text, flag, number, texts, column, columns, numeric_column, file, fit };

struct KeyRule {
  std::string_view key;
  ValueKind kind;
  bool required = false;
};

constexpr KeyRule kTableKeys[] = {{"title", ValueKind::text},
                                  {"rows", ValueKind::columns, true},
                                  {"columns", ValueKind::columns, true},
                                  {"value", ValueKind::numeric_column, true}};
constexpr KeyRule kAnalysisKeys[] = {{"title", ValueKind::text},      {"type", ValueKind::text, true}, {"response", ValueKind::column},
                                     {"log", ValueKind::flag},        {"factors", ValueKind::columns}, {"x", ValueKind::column},
                                     {"y", ValueKind::column},        {"columns", ValueKind::columns}, {"model", ValueKind::text},
                                     {"clusters", ValueKind::number}, {"method", ValueKind::text},     {"where", ValueKind::text}};
constexpr KeyRule kFigureKeys[] = {{"title", ValueKind::text},    {"caption", ValueKind::text}, {"type", ValueKind::text, true},
                                   {"x", ValueKind::column},      {"y", ValueKind::column},     {"size", ValueKind::column},
                                   {"series", ValueKind::column}, {"group", ValueKind::column}, {"label", ValueKind::column},
                                   {"log_x", ValueKind::flag},    {"log_y", ValueKind::flag},   {"fit", ValueKind::fit},
                                   {"where", ValueKind::text}};
constexpr KeyRule kPublishedKeys[] = {{"file", ValueKind::file, true}};
constexpr KeyRule kFitKeys[] = {{"model", ValueKind::text, true}, {"bands", ValueKind::flag}};

const std::vector<std::string> kAnalysisTypes{"anova", "fit", "cluster", "correlate"};
const std::vector<std::string> kFigureTypes{"bubble", "scatter_fit", "bar", "grouped_bar", "line", "heatmap", "box", "ecdf"};
const std::vector<std::string> kTopKeys{"name", "title", "run", "analysis", "table", "figure", "published"};

std::string_view type_text(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

/// Walks one parsed file; every member throws Error{input} that begins with the place.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file) {}

  Study read(const toml::table& root) {
    Study study;
    study.name = file_.stem().string();
    for (const auto& [key, node] : root) {
      if (key == "name")
        study.name = text(key, node);
      else if (key == "title")
        study.title = text(key, node);
      else if (key == "run")
        for (const toml::table* block : blocks(key, node)) study.runs.push_back(read_run(*block, study.runs.size() + 1));
      else if (key == "table")
        for (const toml::table* block : blocks(key, node)) study.tables.push_back(read_table(*block));
      else if (key == "analysis")
        study.analyses = read_blocks(key, node, kAnalysisKeys, kAnalysisTypes);
      else if (key == "figure")
        study.figures = read_blocks(key, node, kFigureKeys, kFigureTypes);
      else if (key == "published")
        study.published = read_blocks(key, node, kPublishedKeys, {});
      else
        unknown_key(key, kTopKeys);
    }
    require_distinct_names(study);
    return study;
  }

 private:
  std::string place(const toml::source_region& source) const {
    return fmt::format("{}:{}:{}", file_.string(), source.begin.line, source.begin.column);
  }
  std::string where(const toml::key& key) const { return fmt::format("{}: {}", place(key.source()), one_line(key.str(), 60)); }

  [[noreturn]] void fail(const std::string& at, const std::string& message, std::string hint = {}) const {
    throw Error(ErrorCode::input, fmt::format("{}: {}", at, message), std::move(hint));
  }

  [[noreturn]] void unknown_key(const toml::key& key, const std::vector<std::string>& known) const {
    std::string hint = did_you_mean(key.str(), known);
    if (hint.empty()) hint = "known keys: " + join(known, ", ");
    fail(place(key.source()), fmt::format("unknown key '{}'", one_line(key.str(), 60)), hint);
  }

  [[noreturn]] void wrong_type(const toml::key& key, const toml::node& node, std::string_view expected) const {
    fail(where(key), fmt::format("must be {}, not {}", expected, type_text(node)));
  }

  std::string text(const toml::key& key, const toml::node& node) const {
    const auto value = node.value_exact<std::string>();
    if (!value) wrong_type(key, node, "a string");
    return *value;
  }

  std::vector<std::string> texts(const toml::key& key, const toml::node& node) const {
    const toml::array* list = node.as_array();
    if (list == nullptr) {
      if (!node.is_string()) wrong_type(key, node, "a string or a list of strings");
      return {text(key, node)};
    }
    if (list->empty()) fail(where(key), "the list is empty");
    std::vector<std::string> values;
    for (const toml::node& part : *list) values.push_back(text(key, part));
    return values;
  }

  /// The tables of an array of tables, [[key]].
  std::vector<const toml::table*> blocks(const toml::key& key, const toml::node& node) const {
    const toml::array* list = node.as_array();
    const std::string expected = fmt::format("written [[{0}]], once for each {0}", key.str());
    if (list == nullptr) wrong_type(key, node, expected);
    std::vector<const toml::table*> tables;
    for (const toml::node& part : *list) {
      if (!part.is_table()) wrong_type(key, part, expected);
      tables.push_back(part.as_table());
    }
    return tables;
  }

  std::filesystem::path beside_study(const std::string& path) const { return (file_.parent_path() / path).lexically_normal(); }

  // ---- [[run]] ----

  /// One scalar as the command line would write it.
  std::string scalar_text(const toml::key& key, const toml::node& node, FieldKind kind) const {
    const bool lists = kind == FieldKind::texts || kind == FieldKind::integers || kind == FieldKind::numbers;
    if ((lists || kind == FieldKind::text) && node.is_string()) return text(key, node);
    const bool takes_integers = kind != FieldKind::text && kind != FieldKind::texts;
    if (takes_integers && node.is_integer()) return fmt::format("{}", *node.value_exact<std::int64_t>());
    const bool takes_numbers = kind == FieldKind::number || kind == FieldKind::numbers;
    if (takes_numbers && node.is_floating_point()) return report::exact_text(*node.value_exact<double>());
    switch (kind) {
      case FieldKind::text: wrong_type(key, node, "a string");
      case FieldKind::texts: wrong_type(key, node, "a string or a list of strings");
      case FieldKind::integer: wrong_type(key, node, "a whole number");
      case FieldKind::integers: wrong_type(key, node, "whole numbers, such as [1, 2] or \"1-4*2\"");
      case FieldKind::number: wrong_type(key, node, "a number");
      default: wrong_type(key, node, "numbers, such as [90, 99]");
    }
  }

  std::string field_text(const toml::key& key, const toml::node& node, FieldKind kind) const {
    std::vector<std::string> parts;
    if (kind == FieldKind::shapes) {
      const toml::table* table = node.as_table();
      if (table == nullptr) wrong_type(key, node, "a table such as { input = \"1x3x224x224\" }");
      for (const auto& [name, shape] : *table) parts.push_back(std::string(name.str()) + "=" + text(name, shape));
      return join(parts, ",");
    }
    const bool takes_list = kind == FieldKind::texts || kind == FieldKind::integers || kind == FieldKind::numbers;
    if (!takes_list || !node.is_array()) return scalar_text(key, node, kind);
    for (const toml::node& part : *node.as_array()) parts.push_back(scalar_text(key, part, kind));
    return join(parts, ",");
  }

  StudyRun read_run(const toml::table& block, std::size_t number) const {
    StudyRun run{std::to_string(number), {}};
    std::vector<std::string> known{"name"};
    for (const RunField& field : run_fields()) known.emplace_back(field.key);

    for (const auto& [key, node] : block) {
      if (key == "name") {
        run.name = text(key, node);
        continue;
      }
      const auto fields = run_fields();
      const auto field =
          std::find_if(fields.begin(), fields.end(), [&, name = key.str()](const RunField& each) { return each.key == name; });
      if (field == fields.end()) unknown_key(key, known);
      try {
        field->set(run.spec, field_text(key, node, field->kind), where(key));
      } catch (const Error& error) {
        throw Error(ErrorCode::input, error.what(), error.hint());
      }
    }
    if (run.spec.models.empty()) fail(place(block.source()), "this run names no models", "add a line such as: models = [\"resnet18\"]");
    for (std::string& model : run.spec.models) {
      if (measure::looks_like_file(model)) model = beside_study(model).string();
    }
    for (std::string* path : {&run.spec.weights_path, &run.spec.images, &run.spec.labels}) {
      if (!path->empty()) *path = beside_study(*path).string();
    }
    return run;
  }

  void require_distinct_names(const Study& study) const {
    std::set<std::string> names;
    for (const StudyRun& run : study.runs) {
      if (!names.insert(run.name).second) {
        throw Error(ErrorCode::input, fmt::format("{}: two runs are named '{}'", file_.string(), one_line(run.name, 60)),
                    "give each [[run]] a name of its own");
      }
    }
  }

  // ---- the other blocks ----

  std::string column(const toml::key& key, const std::string& name) const {
    const std::vector<std::string>& known = measure::row_columns();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string hint = did_you_mean(name, known);
      if (hint.empty()) hint = "docs/columns.md lists the columns of a row";
      fail(where(key), fmt::format("a row has no column '{}'", one_line(name, 60)), hint);
    }
    return name;
  }

  nlohmann::ordered_json checked_value(const toml::key& key, const toml::node& node, ValueKind kind) const {
    switch (kind) {
      case ValueKind::text: return text(key, node);
      case ValueKind::file: return beside_study(text(key, node)).string();
      case ValueKind::texts: return texts(key, node);
      case ValueKind::column: return column(key, text(key, node));
      case ValueKind::numeric_column: {
        const std::string name = column(key, text(key, node));
        if (!report::is_numeric_column(name))
          fail(where(key), fmt::format("the column '{}' holds no numbers", name), "per_image_ms is the usual one");
        return name;
      }
      case ValueKind::columns: {
        std::vector<std::string> names = texts(key, node);
        for (const std::string& name : names) column(key, name);
        return names;
      }
      case ValueKind::flag: {
        const auto value = node.value_exact<bool>();
        if (!value) wrong_type(key, node, "true or false");
        return *value;
      }
      case ValueKind::number: {
        if (!node.is_number()) wrong_type(key, node, "a number");
        const double value = *node.value<double>();
        if (!std::isfinite(value)) fail(where(key), "must be a finite number");
        return value;
      }
      case ValueKind::fit: break;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) wrong_type(key, node, "a table such as { model = \"logarithmic\", bands = true }");
    return checked_block(*table, kFitKeys);
  }

  nlohmann::ordered_json checked_block(const toml::table& block, std::span<const KeyRule> rules) const {
    std::vector<std::string> known;
    for (const KeyRule& rule : rules) known.emplace_back(rule.key);
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [key, node] : block) {
      const auto rule = std::find_if(rules.begin(), rules.end(), [name = key.str()](const KeyRule& each) { return each.key == name; });
      if (rule == rules.end()) unknown_key(key, known);
      json[std::string(key.str())] = checked_value(key, node, rule->kind);
    }
    for (const KeyRule& rule : rules) {
      if (rule.required && !json.contains(rule.key)) fail(place(block.source()), fmt::format("the key '{}' is missing here", rule.key));
    }
    return json;
  }

  StudyTable read_table(const toml::table& block) const {
    const nlohmann::ordered_json json = checked_block(block, kTableKeys);
    return {json.value("title", std::string()), json.at("rows").get<std::vector<std::string>>(),
            json.at("columns").get<std::vector<std::string>>(), json.at("value").get<std::string>()};
  }

  std::vector<StudyBlock> read_blocks(const toml::key& key, const toml::node& node, std::span<const KeyRule> rules,
                                      const std::vector<std::string>& types) const {
    std::vector<StudyBlock> read;
    for (const toml::table* block : blocks(key, node)) {
      const nlohmann::ordered_json json = checked_block(*block, rules);
      if (!types.empty()) {
        const std::string type = json.at("type").get<std::string>();
        if (std::find(types.begin(), types.end(), type) == types.end()) {
          fail(place(block->source()), fmt::format("unknown {} type '{}'", key.str(), one_line(type, 60)),
               "known types: " + join(types, ", "));
        }
      }
      read.push_back({json.dump(), static_cast<std::size_t>(block->source().begin.line)});
    }
    return read;
  }

  std::filesystem::path file_;
};

}  // namespace

Study parse_study(std::string_view text, const std::filesystem::path& file) {
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    throw Error(ErrorCode::input,
                fmt::format("{}:{}:{}: {}", file.string(), at.line, at.column, one_line(to_utf8(error.description()), 300)), kTomlHint);
  } catch (const TomlAssertion&) {
    throw Error(ErrorCode::input, fmt::format("{}: is not TOML", file.string()), kTomlHint);
  }
  return Reader(file).read(root);
}

Study read_study(const std::filesystem::path& file) {
  require_readable_file(file);
  return parse_study(read_file(file, kMostBytes), file);
}

std::vector<measure::RunSpec> select_runs(const Study& study, const std::vector<std::string>& only) {
  std::vector<std::string> known;
  for (const StudyRun& run : study.runs) known.push_back(run.name);
  for (const std::string& name : only) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorCode::usage, fmt::format("the study '{}' has no run named '{}'", study.name, one_line(name, 60)),
                known.empty() ? "it has no [[run]] at all" : "its runs: " + join(known, ", "));
  }
  std::vector<measure::RunSpec> specs;
  for (const StudyRun& run : study.runs) {
    if (only.empty() || std::find(only.begin(), only.end(), run.name) != only.end()) specs.push_back(run.spec);
  }
  return specs;
}

}  // namespace inferometer::cli

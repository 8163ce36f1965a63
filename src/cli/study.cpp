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
#include "cli/run_fields.h"
#include "cli/study_keys.h"
#include "measure/models.h"
#include "measure/row_fields.h"
#include "report/frame_where.h"
#include "report/rows.h"
#include "report/table.h"

#include "cli/toml.h"

namespace inferometer::cli {
namespace {

constexpr const char* kTomlHint = "a study is a TOML file; studies/quick.toml is an example";
constexpr std::int64_t kMostBytes = std::int64_t{4} << 20;

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
    std::vector<std::string> known{"name", "title", "text", "run", "evaluate"};
    for (const BlockRule& rule : block_rules()) known.emplace_back(rule.name);
    Study study;
    report::StudyPlan& plan = study.report;
    study.name = file_.stem().string();
    for (const auto& [key, node] : root) {
      if (key == "name")
        study.name = text(key, node);
      else if (key == "title")
        study.title = text(key, node);
      else if (key == "text")
        plan.text = text(key, node);
      else if (key == "run")
        for (const toml::table* block : blocks(key, node)) study.runs.push_back(read_run(*block, study.runs.size() + 1));
      else if (key == "evaluate")
        for (const toml::table* block : blocks(key, node)) study.evaluations.push_back(read_evaluation(*block));
      else if (key == "published")
        for (const toml::table* block : blocks(key, node)) plan.published.push_back(read_published(*block));
      else if (key == "column")
        for (const toml::table* block : blocks(key, node)) plan.columns.push_back(read_column(*block));
      else if (std::find(known.begin(), known.end(), key.str()) == known.end())
        unknown_key(key, known);
    }
    require_distinct_names(study);
    plan.file = file_.string();
    plan.name = study.name;
    plan.title = study.title;
    for (const StudyRun& run : study.runs) plan.networks.insert(plan.networks.end(), run.spec.models.begin(), run.spec.models.end());
    read_report_blocks(root, plan);
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
    if (takes_numbers && node.is_floating_point()) return exact_text(*node.value_exact<double>());
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

  /// The key is one of run_fields().
  void set_run_field(measure::RunSpec& spec, const toml::key& key, const toml::node& node) const {
    const auto fields = run_fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [name = key.str()](const RunField& each) { return each.key == name; });
    try {
      field->set(spec, field_text(key, node, field->kind), where(key));
    } catch (const Error& error) {
      throw Error(ErrorCode::input, error.what(), error.hint());
    }
  }

  void place_models(measure::RunSpec& spec, const toml::table& block, std::string_view name) const {
    if (spec.models.empty()) {
      fail(place(block.source()), fmt::format("this {} names no models", name), "add a line such as: models = [\"resnet18\"]");
    }
    for (std::string& model : spec.models) {
      if (measure::looks_like_file(model)) model = beside_study(model).string();
    }
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
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) unknown_key(key, known);
      set_run_field(run.spec, key, node);
    }
    place_models(run.spec, block, "run");
    for (std::string* path : {&run.spec.weights_path, &run.spec.images, &run.spec.labels}) {
      if (!path->empty()) *path = beside_study(*path).string();
    }
    return run;
  }

  // ---- [[evaluate]] ----

  /// Keys that say how pictures become inputs, each checked where it stands.
  void set_preprocessing(PreprocessingOptions& options, const PreprocessingField& field, const toml::key& key,
                         const toml::node& node) const {
    PreprocessingOptions alone;
    alone.*field.member = field_text(key, node, field.kind);
    try {
      (void)preprocessing_changes(alone);
    } catch (const Error& error) {
      fail(where(key), error.what(), error.hint());
    }
    options.*field.member = alone.*field.member;
  }

  StudyEvaluation read_evaluation(const toml::table& block) const {
    StudyEvaluation evaluation;
    EvaluationRequest& request = evaluation.request;
    const auto own = evaluation_keys();
    std::vector<std::string> known = evaluated_run_keys();
    const std::size_t of_runs = known.size();
    for (const KeyRule& rule : own) known.emplace_back(rule.key);
    const auto preprocessing = preprocessing_fields();
    for (const PreprocessingField& field : preprocessing) known.emplace_back(field.key);

    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [key, node] : block) {
      const std::string name(key.str());
      const auto place_of_name = static_cast<std::size_t>(std::find(known.begin(), known.end(), name) - known.begin());
      if (place_of_name == known.size()) unknown_key(key, known);
      if (place_of_name < of_runs)
        set_run_field(request.spec, key, node);
      else if (place_of_name < of_runs + own.size())
        json[name] = checked_value(key, node, own[place_of_name - of_runs].kind, {});
      else
        set_preprocessing(request.preprocessing, preprocessing[place_of_name - of_runs - own.size()], key, node);
    }
    place_models(request.spec, block, "evaluation");
    evaluation.name = json.value("name", std::string());
    request.streams_are_asked = block.contains("streams");
    try {
      set_evaluation(request, json);
    } catch (const Error& error) {
      fail(place(block.source()), error.what(), error.hint());
    }
    for (auto& [network, file] : request.weights) file = beside_study(file).string();
    return evaluation;
  }

  void require_distinct_names(const Study& study) const {
    std::set<std::string> names;
    const auto require_new = [&](const std::string& name, std::string_view what, std::string_view block) {
      if (names.insert(name).second) return;
      throw Error(ErrorCode::input, fmt::format("{}: two {} are named '{}'", file_.string(), what, one_line(name, 60)),
                  fmt::format("give each [[{}]] a name of its own", block));
    };
    for (const StudyRun& run : study.runs) require_new(run.name, "runs", "run");
    for (const StudyEvaluation& evaluation : study.evaluations) {
      if (!evaluation.name.empty()) require_new(evaluation.name, "runs or evaluations", "evaluate");
    }
  }

  // ---- the other blocks ----

  static const BlockRule& rule_of(std::string_view name) {
    const auto rules = block_rules();
    return *std::find_if(rules.begin(), rules.end(), [&](const BlockRule& rule) { return rule.name == name; });
  }

  report::PublishedSpec read_published(const toml::table& block) const {
    const nlohmann::ordered_json json = checked_block(block, rule_of("published").keys, {});
    const std::filesystem::path path = json.at("file").get<std::string>();
    report::PublishedSpec spec{path, json.value("name", path.stem().string()), static_cast<std::size_t>(block.source().begin.line)};
    if (report::is_source(spec.name))
      fail(place(block.source()), fmt::format("'{}' is no name for a table: it has a meaning", spec.name), "give it another name");
    return spec;
  }

  report::ColumnSpec read_column(const toml::table& block) const {
    const nlohmann::ordered_json json = checked_block(block, rule_of("column").keys, {});
    report::ColumnSpec spec;
    spec.name = json.at("name");
    spec.of = json.at("of");
    spec.values = json.at("values").get<std::map<std::string, std::string>>();
    spec.other = json.value("other", std::string());
    spec.line = static_cast<std::size_t>(block.source().begin.line);
    const std::vector<std::string> taken = report::known_columns(report::kFromRows);
    if (std::find(taken.begin(), taken.end(), spec.name) != taken.end())
      fail(place(block.source()), fmt::format("the rows have a column '{}' already", one_line(spec.name, 60)), "give it another name");
    require_known(place(block.source()) + ": of", spec.of, taken);
    return spec;
  }

  /// What may stand in `from`, and the columns that its rows have; none where they are known only once a file is read.
  struct Source {
    std::vector<std::string> names, columns;
  };

  /// Layer times have a table of their own, and their figure draws from no other.
  static std::string usual_source(const toml::table& block) {
    const bool layers = block["type"].value_or(std::string()) == report::kFromLayers;
    return std::string(layers ? report::kFromLayers : report::kFromRows);
  }

  Source source_of(const toml::table& block, const report::StudyPlan& plan) const {
    Source source;
    source.names = {std::string(report::kFromRows), std::string(report::kFromNetworks), std::string(report::kFromLayers),
                    std::string(report::kFromPictures), std::string(report::kFromTrainings)};
    for (const report::PublishedSpec& published : plan.published) source.names.push_back(published.name);
    const std::string from = block["from"].value_or(usual_source(block));
    source.columns = report::known_columns(from);
    if (from == report::kFromRows) {
      for (const report::ColumnSpec& column : plan.columns) source.columns.push_back(column.name);
    }
    return source;
  }

  /// All blocks of the report, in the order of the file.
  void read_report_blocks(const toml::table& root, report::StudyPlan& plan) const {
    std::vector<std::pair<toml::source_position, report::StudyBlock>> read;
    for (const auto& [key, node] : root) {
      const auto rules = block_rules();
      const auto rule = std::find_if(rules.begin(), rules.end(), [name = key.str()](const BlockRule& each) { return each.name == name; });
      if (rule == rules.end() || rule->make == nullptr) continue;
      for (const toml::table* block : blocks(key, node)) read.emplace_back(block->source().begin, read_block(*block, *rule, plan));
    }
    std::stable_sort(read.begin(), read.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [position, block] : read) plan.blocks.push_back(std::move(block));
  }

  report::StudyBlock read_block(const toml::table& block, const BlockRule& rule, const report::StudyPlan& plan) const {
    const nlohmann::ordered_json json = checked_block(block, rule.keys, source_of(block, plan));
    if (!rule.types.empty()) {
      const std::string type = json.at("type").get<std::string>();
      const std::vector<std::string> types(rule.types.begin(), rule.types.end());
      if (std::find(types.begin(), types.end(), type) == types.end()) {
        std::string hint = did_you_mean(type, types);
        fail(place(block.source()), fmt::format("unknown {} type '{}'", rule.name, one_line(type, 60)),
             (hint.empty() ? "" : hint + "; ") + "known types: " + join(types, ", "));
      }
    }
    try {
      return {rule.make(json), json.value("from", usual_source(block)), static_cast<std::size_t>(block.source().begin.line)};
    } catch (const Error& error) {
      fail(place(block.source()), error.what(), error.hint());
    }
  }

  void require_known(const std::string& at, const std::string& name, const std::vector<std::string>& known) const {
    if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
    std::string hint = did_you_mean(name, known);
    if (hint.empty()) hint = "docs/columns.md and docs/studies.md list the columns";
    fail(at, fmt::format("there is no column '{}'", one_line(name, 60)), hint);
  }

  std::string condition(const toml::key& key, const std::string& text, const std::vector<std::string>& known) const {
    try {
      for (const std::string& column : report::where_columns(text)) require_known(where(key), column, known);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::usage) throw;
      fail(where(key), error.what(), error.hint());
    }
    return text;
  }

  double finite(const toml::key& key, const toml::node& node) const {
    if (!node.is_number()) wrong_type(key, node, "a number");
    const double value = *node.value<double>();
    if (!std::isfinite(value)) fail(where(key), "must be a finite number");
    return value;
  }

  nlohmann::ordered_json checked_value(const toml::key& key, const toml::node& node, ValueKind kind, const Source& source) const {
    switch (kind) {
      case ValueKind::text: return text(key, node);
      case ValueKind::file: return beside_study(text(key, node)).string();
      case ValueKind::condition: return condition(key, text(key, node), source.columns);
      case ValueKind::number: return finite(key, node);
      case ValueKind::source: {
        const std::string name = text(key, node);
        if (std::find(source.names.begin(), source.names.end(), name) == source.names.end()) {
          std::string hint = did_you_mean(name, source.names);
          fail(where(key), fmt::format("there is no table '{}'", one_line(name, 60)),
               hint.empty() ? "known: " + join(source.names, ", ") : hint);
        }
        return name;
      }
      case ValueKind::column:
      case ValueKind::numeric_column: {
        const std::string name = text(key, node);
        require_known(where(key), name, source.columns);
        const auto held = measure::column_kind(name);
        if (kind == ValueKind::numeric_column && held && !report::is_numeric_column(name))
          fail(where(key), fmt::format("the column '{}' holds no numbers", name), "per_image_ms is the usual one");
        return name;
      }
      case ValueKind::columns: {
        std::vector<std::string> names = texts(key, node);
        for (const std::string& name : names) require_known(where(key), name, source.columns);
        return names;
      }
      case ValueKind::flag: {
        const auto value = node.value_exact<bool>();
        if (!value) wrong_type(key, node, "true or false");
        return *value;
      }
      case ValueKind::integer: {
        const auto value = node.value_exact<std::int64_t>();
        if (!value) wrong_type(key, node, "a whole number");
        if (*value < 0) fail(where(key), "must not be below 0");
        return *value;
      }
      case ValueKind::fit: {
        if (node.is_string()) return {{"model", text(key, node)}};
        const toml::table* table = node.as_table();
        if (table == nullptr) wrong_type(key, node, "a model's name, or a table such as { model = \"logarithmic\", bands = true }");
        return checked_block(*table, fit_keys(), source);
      }
      case ValueKind::marks: {
        constexpr const char* kExpected = "a list such as [{ at = 25, label = \"25 fps\" }]";
        if (!node.is_array()) wrong_type(key, node, kExpected);
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (const toml::node& part : *node.as_array()) {
          if (!part.is_table()) wrong_type(key, part, kExpected);
          list.push_back(checked_block(*part.as_table(), mark_keys(), source));
        }
        return list;
      }
      case ValueKind::words: break;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) wrong_type(key, node, "a table of strings such as { Nano = \"GPU\" }");
    nlohmann::ordered_json words = nlohmann::ordered_json::object();
    for (const auto& [word, meaning] : *table) words[std::string(word.str())] = text(word, meaning);
    return words;
  }

  nlohmann::ordered_json checked_block(const toml::table& block, std::span<const KeyRule> rules, const Source& source) const {
    std::vector<std::string> known;
    for (const KeyRule& rule : rules) known.emplace_back(rule.key);
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [key, node] : block) {
      const auto rule = std::find_if(rules.begin(), rules.end(), [name = key.str()](const KeyRule& each) { return each.key == name; });
      if (rule == rules.end()) unknown_key(key, known);
      json[std::string(key.str())] = checked_value(key, node, rule->kind, source);
    }
    for (const KeyRule& rule : rules) {
      if (rule.required && !json.contains(rule.key)) fail(place(block.source()), fmt::format("the key '{}' is missing here", rule.key));
    }
    return json;
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

namespace {

bool is_chosen(const std::string& name, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
}

void require_names(const Study& study, const std::vector<std::string>& only) {
  std::vector<std::string> known;
  for (const StudyRun& run : study.runs) known.push_back(run.name);
  for (const StudyEvaluation& evaluation : study.evaluations) {
    if (!evaluation.name.empty()) known.push_back(evaluation.name);
  }
  for (const std::string& name : only) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorCode::usage, fmt::format("the study '{}' has no run named '{}'", study.name, one_line(name, 60)),
                known.empty() ? "it has no [[run]] at all" : "its runs: " + join(known, ", "));
  }
}

}  // namespace

std::vector<measure::RunSpec> select_runs(const Study& study, const std::vector<std::string>& only) {
  require_names(study, only);
  std::vector<measure::RunSpec> specs;
  for (const StudyRun& run : study.runs) {
    if (is_chosen(run.name, only)) specs.push_back(run.spec);
  }
  return specs;
}

std::vector<StudyEvaluation> select_evaluations(const Study& study, const std::vector<std::string>& only) {
  require_names(study, only);
  std::vector<StudyEvaluation> chosen;
  for (const StudyEvaluation& evaluation : study.evaluations) {
    if (is_chosen(evaluation.name, only)) chosen.push_back(evaluation);
  }
  return chosen;
}

}  // namespace inferometer::cli

#include "cli/study_runs.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/run_fields.h"
#include "cli/study_keys.h"
#include "cli/study_values.h"
#include "measure/models.h"

namespace inferometer::cli {
namespace {

/// One scalar as the command line would write it.
std::string scalar_text(const StudyFile& file, const toml::key& key, const toml::node& node, FieldKind kind) {
  const bool lists = kind == FieldKind::texts || kind == FieldKind::integers || kind == FieldKind::numbers;
  if ((lists || kind == FieldKind::text) && node.is_string()) return file.text(key, node);
  const bool takes_integers = kind != FieldKind::text && kind != FieldKind::texts;
  if (takes_integers && node.is_integer()) return fmt::format("{}", *node.value_exact<std::int64_t>());
  const bool takes_numbers = kind == FieldKind::number || kind == FieldKind::numbers;
  if (takes_numbers && node.is_floating_point()) return exact_text(*node.value_exact<double>());
  switch (kind) {
    case FieldKind::text: file.wrong_type(key, node, "a string");
    case FieldKind::texts: file.wrong_type(key, node, "a string or a list of strings");
    case FieldKind::integer: file.wrong_type(key, node, "a whole number");
    case FieldKind::integers: file.wrong_type(key, node, "whole numbers, such as [1, 2] or \"1-4*2\"");
    case FieldKind::number: file.wrong_type(key, node, "a number");
    default: file.wrong_type(key, node, "numbers, such as [90, 99]");
  }
}

std::string field_text(const StudyFile& file, const toml::key& key, const toml::node& node, FieldKind kind) {
  std::vector<std::string> parts;
  if (kind == FieldKind::shapes) {
    const toml::table* table = node.as_table();
    if (table == nullptr) file.wrong_type(key, node, "a table such as { input = \"1x3x224x224\" }");
    for (const auto& [name, shape] : *table) parts.push_back(std::string(name.str()) + "=" + file.text(name, shape));
    return join(parts, ",");
  }
  const bool takes_list = kind == FieldKind::texts || kind == FieldKind::integers || kind == FieldKind::numbers;
  if (!takes_list || !node.is_array()) return scalar_text(file, key, node, kind);
  for (const toml::node& part : *node.as_array()) parts.push_back(scalar_text(file, key, part, kind));
  return join(parts, ",");
}

/// The key is one of run_fields().
void set_run_field(const StudyFile& file, measure::RunSpec& spec, const toml::key& key, const toml::node& node) {
  const auto fields = run_fields();
  const auto field = std::find_if(fields.begin(), fields.end(), [name = key.str()](const RunField& each) { return each.key == name; });
  try {
    field->set(spec, field_text(file, key, node, field->kind), file.where(key));
  } catch (const Error& error) {
    throw Error(ErrorCode::input, error.what(), error.hint());
  }
}

void place_models(const StudyFile& file, measure::RunSpec& spec, const toml::table& block, std::string_view name) {
  if (spec.models.empty()) {
    file.fail(file.place(block.source()), fmt::format("this {} names no models", name), "add a line such as: models = [\"resnet18\"]");
  }
  for (std::string& model : spec.models) {
    if (measure::looks_like_file(model)) model = file.beside_study(model).string();
  }
}

/// Keys that say how pictures become inputs, each checked where it stands.
void set_preprocessing(const StudyFile& file, PreprocessingOptions& options, const PreprocessingField& field, const toml::key& key,
                       const toml::node& node) {
  PreprocessingOptions alone;
  alone.*field.member = field_text(file, key, node, field.kind);
  try {
    (void)preprocessing_changes(alone);
  } catch (const Error& error) {
    file.fail(file.where(key), error.what(), error.hint());
  }
  options.*field.member = alone.*field.member;
}

}  // namespace

StudyRun read_run(const StudyFile& file, const toml::table& block, std::size_t number) {
  StudyRun run{std::to_string(number), {}};
  std::vector<std::string> known{"name"};
  for (const RunField& field : run_fields()) known.emplace_back(field.key);

  for (const auto& [key, node] : block) {
    if (key == "name") {
      run.name = file.text(key, node);
      continue;
    }
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) file.unknown_key(key, known);
    set_run_field(file, run.spec, key, node);
  }
  place_models(file, run.spec, block, "run");
  for (std::string* path : {&run.spec.weights_path, &run.spec.images, &run.spec.labels}) {
    if (!path->empty()) *path = file.beside_study(*path).string();
  }
  return run;
}

StudyEvaluation read_evaluation(const StudyFile& file, const toml::table& block) {
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
    if (place_of_name == known.size()) file.unknown_key(key, known);
    if (place_of_name < of_runs)
      set_run_field(file, request.spec, key, node);
    else if (place_of_name < of_runs + own.size())
      json[name] = checked_value(file, key, node, own[place_of_name - of_runs].kind, {});
    else
      set_preprocessing(file, request.preprocessing, preprocessing[place_of_name - of_runs - own.size()], key, node);
  }
  place_models(file, request.spec, block, "evaluation");
  evaluation.name = json.value("name", std::string());
  request.streams_are_asked = block.contains("streams");
  try {
    set_evaluation(request, json);
  } catch (const Error& error) {
    file.fail(file.place(block.source()), error.what(), error.hint());
  }
  for (auto& [network, path] : request.weights) path = file.beside_study(path).string();
  return evaluation;
}

}  // namespace inferometer::cli

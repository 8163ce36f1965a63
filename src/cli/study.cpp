#include "cli/study.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/study_file.h"
#include "cli/study_keys.h"
#include "cli/study_report_blocks.h"
#include "cli/study_runs.h"

namespace inferometer::cli {
namespace {

constexpr const char* kTomlHint = "a study is a TOML file; studies/quick.toml is an example";
constexpr std::int64_t kMostBytes = std::int64_t{4} << 20;

void require_distinct_names(const StudyFile& file, const Study& study) {
  std::set<std::string> names;
  const auto require_new = [&](const std::string& name, std::string_view what, std::string_view block) {
    if (names.insert(name).second) return;
    throw Error(ErrorCode::input, fmt::format("{}: two {} are named '{}'", file.path().string(), what, one_line(name, 60)),
                fmt::format("give each [[{}]] a name of its own", block));
  };
  for (const StudyRun& run : study.runs) require_new(run.name, "runs", "run");
  for (const StudyEvaluation& evaluation : study.evaluations) {
    if (!evaluation.name.empty()) require_new(evaluation.name, "runs or evaluations", "evaluate");
  }
}

Study read(const StudyFile& file, const toml::table& root) {
  std::vector<std::string> known{"name", "title", "text", "run", "evaluate"};
  for (const BlockRule& rule : block_rules()) known.emplace_back(rule.name);
  Study study;
  report::StudyPlan& plan = study.report;
  study.name = file.path().stem().string();
  for (const auto& [key, node] : root) {
    if (key == "name")
      study.name = file.text(key, node);
    else if (key == "title")
      study.title = file.text(key, node);
    else if (key == "text")
      plan.text = file.text(key, node);
    else if (key == "run")
      for (const toml::table* block : file.blocks(key, node)) study.runs.push_back(read_run(file, *block, study.runs.size() + 1));
    else if (key == "evaluate")
      for (const toml::table* block : file.blocks(key, node)) study.evaluations.push_back(read_evaluation(file, *block));
    else if (key == "published")
      for (const toml::table* block : file.blocks(key, node)) plan.published.push_back(read_published(file, *block));
    else if (key == "column")
      for (const toml::table* block : file.blocks(key, node)) plan.columns.push_back(read_column(file, *block));
    else if (std::find(known.begin(), known.end(), key.str()) == known.end())
      file.unknown_key(key, known);
  }
  require_distinct_names(file, study);
  plan.file = file.path().string();
  plan.name = study.name;
  plan.title = study.title;
  for (const StudyRun& run : study.runs) plan.networks.insert(plan.networks.end(), run.spec.models.begin(), run.spec.models.end());
  read_report_blocks(file, root, plan);
  return study;
}

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
  return read(StudyFile(file), root);
}

Study read_study(const std::filesystem::path& file) {
  require_readable_file(file);
  return parse_study(read_file(file, kMostBytes), file);
}

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

#include "cli/study_evaluations.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "measure/models.h"

namespace inferometer::cli {

const char* const kNoPictures = "no pictures: give --evaluate-images DIR --evaluate-labels FILE";

namespace {

constexpr const char* kNoWeights =
    "no weights of a file, and a probability from synthetic weights means nothing: give --evaluate-weights {}=FILE";

/// Options of runs that say on what, and with which network, an evaluation runs. Batches and streams are lists of what is timed.
bool changes_evaluations(const std::string& option) {
  static const std::set<std::string> kOptions{
      "--model",   "--engine", "--device", "--precision",      "--threads",           "--input",
      "--classes", "--cpus",   "--shape",  "--load-timeout-s", "--request-timeout-s", "--memory-limit-mib"};
  return kOptions.contains(option);
}

void apply(const RunOptions& changes, EvaluationRequest& request) {
  RunOptions chosen;
  for (const auto& [option, texts] : changes.given) {
    if (changes_evaluations(option)) chosen.given[option] = texts;
  }
  const std::vector<int> threads = request.spec.threads;
  apply_run_options(chosen, request.spec);
  if (request.spec.threads.size() > 1) request.spec.threads = threads;
  if (!chosen.given.contains("--model")) return;
  const std::vector<std::string> networks = measure::expand_names(request.spec.models);
  std::erase_if(request.weights,
                [&](const auto& each) { return std::find(networks.begin(), networks.end(), each.first) == networks.end(); });
}

/// NETWORK=FILE by network.
std::map<std::string, std::string> weights_of(const StudyEvaluationOptions& options) {
  std::map<std::string, std::string> weights;
  for (const std::string& text : options.weights) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw Error(ErrorCode::usage, fmt::format("--evaluate-weights: '{}' is not of the form NETWORK=FILE", one_line(text, 80)),
                  "for example --evaluate-weights resnet18=resnet18.pth");
    }
    if (!weights.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      throw Error(ErrorCode::usage, fmt::format("--evaluate-weights: '{}' stands twice", one_line(text.substr(0, equals), 60)),
                  "give each network one file");
    }
  }
  return weights;
}

/// Each file goes to every block that evaluates its network.
void give_weights(const StudyEvaluationOptions& options, std::vector<StudyEvaluation>& blocks) {
  std::vector<std::string> all;
  for (const StudyEvaluation& block : blocks) {
    for (const std::string& name : measure::expand_names(block.request.spec.models)) all.push_back(name);
  }
  for (const auto& [network, file] : weights_of(options)) {
    if (std::find(all.begin(), all.end(), network) == all.end()) {
      std::string hint = did_you_mean(network, all);
      throw Error(ErrorCode::usage, fmt::format("--evaluate-weights: the study evaluates no network '{}'", one_line(network, 60)),
                  hint.empty() ? "it evaluates " + join(all, ", ") : hint);
    }
    for (StudyEvaluation& block : blocks) {
      const std::vector<std::string> names = measure::expand_names(block.request.spec.models);
      if (std::find(names.begin(), names.end(), network) != names.end()) block.request.weights[network] = file;
    }
  }
}

void leave_out_synthetic(std::vector<measure::PlannedEntry>& entries) {
  for (measure::PlannedEntry& planned : entries) {
    if (planned.settled || !measure::has_synthetic_weights(planned.entry)) continue;
    planned.settled = measure::Status::skipped;
    planned.reason = fmt::format(fmt::runtime(kNoWeights), planned.entry.model.name);
  }
}

}  // namespace

void add_study_evaluation_options(CLI::App& app, StudyEvaluationOptions& options) {
  constexpr const char* kGroup = "Evaluations of a study";
  app.add_option("--evaluate-images", options.images, "Pictures of the study's [[evaluate]] blocks")->type_name("DIR|FILE")->group(kGroup);
  app.add_option("--evaluate-labels", options.labels, "Their labels: lines `file index`")->type_name("FILE")->group(kGroup);
  app.add_option("--evaluate-weights", options.weights, "Weights of a network that they evaluate; repeatable")
      ->type_name("NETWORK=FILE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kGroup);
}

void refuse_study_evaluation_options(const StudyEvaluationOptions& options, const std::string& why) {
  for (const auto& [given, name] :
       {std::pair{!options.images.empty(), "--evaluate-images"}, std::pair{!options.labels.empty(), "--evaluate-labels"},
        std::pair{!options.weights.empty(), "--evaluate-weights"}}) {
    if (given) throw Error(ErrorCode::usage, fmt::format("{}: {}", name, why), "`inferometer evaluate` evaluates without a study");
  }
}

std::vector<PlannedEvaluation> plan_study_evaluations(const Study& study, const std::vector<std::string>& only, const RunOptions& changes,
                                                      const StudyEvaluationOptions& options, const measure::EngineCatalog& catalog,
                                                      const Context& context) {
  std::vector<StudyEvaluation> blocks = select_evaluations(study, only);
  if (blocks.empty()) {
    refuse_study_evaluation_options(options, fmt::format("nothing of the study '{}' that is asked for evaluates pictures", study.name));
    return {};
  }
  if (!options.labels.empty() && options.images.empty()) {
    throw Error(ErrorCode::usage, "--evaluate-labels: of which pictures?", "name them with --evaluate-images");
  }
  for (StudyEvaluation& block : blocks) {
    apply(changes, block.request);
    if (options.images.empty()) continue;
    block.request.images = options.images;
    block.request.labels = options.labels;
  }
  give_weights(options, blocks);
  const auto missing = changes.given.contains("--engine") ? measure::MissingEngine::is_error : measure::MissingEngine::is_skipped;
  std::vector<PlannedEvaluation> plans;
  for (StudyEvaluation& block : blocks) {
    PlannedEvaluation& plan = plans.emplace_back();
    plan.request = std::move(block.request);
    if (!plan.request.images.empty()) plan.data = open_labelled(plan.request, context);
    plan.entries = plan_evaluation(plan.request, catalog, missing);
    if (plan.request.confidences) leave_out_synthetic(plan.entries);
  }
  return plans;
}

std::vector<measure::Evaluated> do_study_evaluations(const std::vector<PlannedEvaluation>& evaluations, KeptEvaluations kept,
                                                     const EvaluationPlace& place, const Context& context) {
  std::vector<measure::Evaluated> all;
  std::size_t taken = 0;
  bool any = false;
  for (const PlannedEvaluation& plan : evaluations) {
    if (!plan.data) {
      context.say(fmt::format("evaluation of {} left out: {}", join(plan.request.spec.models, ", "), kNoPictures));
      continue;
    }
    any = true;
    Evaluations done = evaluate_plan(plan.request, plan.entries, *plan.data, kept, place, context);
    taken += done.taken;
    std::move(done.evaluated.begin(), done.evaluated.end(), std::back_inserter(all));
  }
  if (!any) return all;
  std::map<std::string, int> counts;
  for (const measure::Evaluated& each : all) ++counts[each.row.status];
  std::string text;
  for (const auto& [status, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, status);
  context.say(fmt::format("{} evaluations: {}; {} of them from the store; kept in {}", all.size(), text, taken, context.database));
  return all;
}

}  // namespace inferometer::cli

#include "cli/evaluation.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/evaluation_tables.h"
#include "cli/progress.h"
#include "cli/stopped.h"
#include "measure/kept_evaluation.h"
#include "measure/models.h"

namespace inferometer::cli {
namespace {

/// Feeds the progress bar: its pieces are images, its results rows.
class EvaluationProgress : public measure::EvaluationObserver {
 public:
  explicit EvaluationProgress(Progress& progress) : progress_(progress) {}
  void progress(const measure::Entry& entry, std::size_t done, std::size_t total, double images_per_s) override {
    progress_.begin(fmt::format("{} {:.1f} images/s", measure::describe(entry), images_per_s), done, total);
  }
  void row_ready(const measure::EvaluationRow& row) override {
    const std::string name = evaluation_name(row);
    if (row.top1) {
      progress_.finish(name, fmt::format("{} of {} right, {} images/s", row.correct_top1.value_or(0), row.images.value_or(0),
                                         rounded_text(row.images_per_s.value_or(0))));
    } else {
      progress_.finish(name, row.reasons.empty() ? row.status : fmt::format("{}: {}", row.status, row.reasons.front()));
    }
  }

 private:
  Progress& progress_;
};

measure::EvaluatorOptions evaluator_options(const EvaluationRequest& request) {
  measure::EvaluatorOptions options;
  options.task.data = {std::filesystem::absolute(request.images), request.labels.empty() ? "" : std::filesystem::absolute(request.labels),
                       request.limit};
  options.task.changes = preprocessing_changes(request.preprocessing);
  options.task.strict = request.strict;
  options.task.confidences = request.confidences;
  if (request.class_offset >= 0) options.class_offset = request.class_offset;
  options.streams_are_asked = request.streams_are_asked;
  return options;
}

/// One for each network with a file of weights of its own, so that each gets its own; in the order of the networks.
std::vector<measure::RunSpec> specs_by_weights(const EvaluationRequest& request) {
  measure::RunSpec common = request.spec;
  common.streams = {1};  // a plan of latency has one; these decide only how the cores are shared
  if (request.weights.empty()) return {common};
  const std::vector<std::string> networks = measure::expand_names(request.spec.models);
  for (const auto& [network, file] : request.weights) {
    if (std::find(networks.begin(), networks.end(), network) != networks.end()) continue;
    std::string hint = did_you_mean(network, networks);
    throw Error(ErrorCode::usage, fmt::format("weights {}={}: no network is evaluated by this name", one_line(network, 60), file),
                hint.empty() ? "those evaluated: " + join(networks, ", ") : hint);
  }
  std::vector<measure::RunSpec> specs;
  for (const std::string& network : networks) {
    specs.push_back(common);
    specs.back().models = {network};
    if (const auto found = request.weights.find(network); found != request.weights.end()) specs.back().weights_path = found->second;
  }
  return specs;
}

/// What the store holds of this machine; read once for all entries.
class KeptRows {
 public:
  KeptRows(const EvaluationRequest& request, const EvaluationPlace& place) : place_(place) {
    const auto keep = [this](measure::EvaluationRow row) { rows_.push_back(std::move(row)); };
    for (measure::EvaluationRow& row : place.store.evaluations({})) {
      // Where probabilities are wanted, an evaluation without them is no answer.
      if (!request.confidences || row.status != "passed") keep(std::move(row));
    }
    if (!request.confidences) return;
    for (measure::AnsweredPictures& each : place.store.answered_pictures()) keep(std::move(each.evaluation));
  }

  /// The newest that answers the entry.
  std::optional<measure::EvaluationRow> find(const measure::Entry& entry, const std::string& data_sha256,
                                             const measure::EvaluatorOptions& options) const {
    const auto found = std::find_if(rows_.rbegin(), rows_.rend(), [&](const measure::EvaluationRow& row) {
      if (!measure::is_answered_by(entry, row, data_sha256, options)) return false;
      return !place_.store.evaluations({.identities = {measure::identity(row, place_.platform.identity)}}).empty();
    });
    return found == rows_.rend() ? std::nullopt : std::optional(*found);
  }

 private:
  const EvaluationPlace& place_;
  std::vector<measure::EvaluationRow> rows_;
};

}  // namespace

std::span<const std::string_view> evaluation_run_options() {
  static constexpr std::string_view kOptions[] = {"--engine",  "--device",         "--precision",         "--batch",           "--threads",
                                                  "--streams", "--input",          "--classes",           "--weights",         "--cpus",
                                                  "--shape",   "--load-timeout-s", "--request-timeout-s", "--memory-limit-mib"};
  return kOptions;
}

dataset::DataSet open_labelled(const EvaluationRequest& request, const Context& context) {
  dataset::DataSet data = dataset::open_data_set({request.images, request.labels, request.limit});
  const auto bare = std::find_if(data.images.begin(), data.images.end(), [](const auto& image) { return !image.label; });
  if (bare != data.images.end()) {
    throw Error(ErrorCode::usage, fmt::format("--images {}: nothing says what {} shows", request.images, bare->name),
                "give --labels FILE with lines `file index`, or name a folder with one folder for each class");
  }
  const auto complain = [&](const std::vector<std::string>& names, const char* what) {
    if (names.empty()) return;
    const std::string text = fmt::format("{} {}: {}", names.size(), what, measure::some_names(names));
    if (request.strict) throw Error(ErrorCode::input, text, "without --strict these are left out and named");
    context.say(text);
  };
  complain(data.absent, "labels without an image");
  complain(data.unlabelled, "images without a label");
  return data;
}

std::vector<measure::PlannedEntry> plan_evaluation(const EvaluationRequest& request, const measure::EngineCatalog& catalog,
                                                   measure::MissingEngine missing) {
  const measure::RunSpec& spec = request.spec;
  if (spec.batches.size() != 1 || spec.threads.size() > 1 || spec.streams.size() != 1) {
    throw Error(ErrorCode::usage, "--batch, --threads and --streams: evaluate takes one value of each");
  }
  std::vector<measure::PlannedEntry> plan = measure::expand(specs_by_weights(request), catalog.engines, missing);
  for (measure::PlannedEntry& planned : plan) {
    planned.entry.streams = request.streams_are_asked ? spec.streams.front() : planned.entry.threads;
  }
  return plan;
}

Evaluations evaluate_plan(const EvaluationRequest& request, const std::vector<measure::PlannedEntry>& plan, const dataset::DataSet& data,
                          KeptEvaluations kept, const EvaluationPlace& place, const Context& context) {
  const measure::EvaluatorOptions options = evaluator_options(request);
  const std::string data_sha256 = dataset::content_hash(data);
  const bool takes_kept = kept == KeptEvaluations::taken;
  const std::optional<KeptRows> rows = takes_kept ? std::optional<KeptRows>(std::in_place, request, place) : std::nullopt;
  Evaluations done;
  std::size_t kept_now = 0;
  Progress progress(context.messages, progress_style(context.quiet), plan.size());
  EvaluationProgress observer(progress);
  for (const measure::PlannedEntry& planned : plan) {
    if (takes_kept && !planned.settled) {
      if (auto row = rows->find(planned.entry, data_sha256, options)) {
        progress.skip(1);
        ++done.taken;
        done.evaluated.push_back({std::move(*row), {}, {}});
        continue;
      }
    }
    const auto evaluate = [&] {
      return measure::evaluate_entry(planned, place.catalog, data, data_sha256, place.platform, options, observer);
    };
    done.evaluated.push_back(told_when_stopped(evaluate, [&] {
      if (takes_kept) return std::string("evaluations that had ended are kept; the same command goes on");
      return fmt::format("{} of {} evaluations had ended and are kept in {}; the same command evaluates all of them anew", kept_now,
                         plan.size(), context.database);
    }));
    const measure::Evaluated& newest = done.evaluated.back();
    if (planned.settled) continue;  // nothing was evaluated, and the next run would say so again
    ++kept_now;
    place.store.save_evaluation(newest.identity, place.platform_id, newest.row, measure::picture_answers(newest, planned.entry, data));
  }
  return done;
}

bool is_bad(const measure::Evaluated& evaluated) {
  const std::string& status = evaluated.row.status;
  return status == "failed" || status == "timed_out" || status == "out_of_memory";
}

}  // namespace inferometer::cli

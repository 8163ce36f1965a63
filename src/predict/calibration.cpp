#include "predict/calibration.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/error.h"
#include "base/temporary_folder.h"
#include "formats/onnx.h"
#include "measure/core_distance.h"
#include "measure/launcher.h"
#include "measure/model_timing.h"
#include "measure/models.h"
#include "measure/start_task.h"
#include "stats/random.h"
#include "stats/sample.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::predict {
namespace {

/// Probes that one worker times: few enough that networks come in between, so that both see the same minutes of the machine.
constexpr std::size_t kProbesPerWorker = 16;
constexpr double kBytesPerMb = 1e6;

/// Longer loops for networks, whose figures all others are judged by.
measure::TimingRequest request_for(bool network) {
  measure::TimingRequest request;
  if (network) {
    request.warm_s = 0.1;
    request.block_s = 0.05;
  }
  return request;
}

/// A worker's share: one network at one batch, or several probes at every batch.
struct Stint {
  std::vector<const Probe*> probes;
  std::string network;
  std::int64_t batch = 0;
  int pass = 0;
};

/// The file that a worker reads the probe from.
std::string file_of(const Probe& probe, std::uint64_t seed, const TemporaryFolder& folder) {
  const std::filesystem::path file = folder / (probe.name + ".onnx");
  formats::OnnxWriteOptions options;
  options.producer_version = INFEROMETER_VERSION;
  formats::write_onnx({probe.graph, zoo::synthetic_weights(probe.graph, seed)}, file, options);
  return file.string();
}

class Timer {
 public:
  Timer(const CalibrationPlan& plan, const measure::EngineCatalog& catalog, Journal& journal, const CalibrationProgress& progress,
        const LockWait& wait)
      : plan_(plan),
        here_(*catalog.find(plan.entry.engine)),
        plugin_(catalog.plugins.at(plan.entry.engine)),
        journal_(journal),
        progress_(progress),
        wait_(wait) {
    probes_ = generate_probes(plan.probes, plan.seed);
  }

  void run() {
    for (int pass = 0; pass < std::max(kMostProbePasses, kMostNetworkPasses); ++pass) {
      for (const Stint& stint : stints(pass)) time(stint);
    }
  }

 private:
  /// What this pass lacks, probes and networks mixed.
  std::vector<Stint> stints(int pass) {
    wanted_.clear();
    const std::vector<Measured> measured = summarize_timings(journal_.timings());
    for (const Measured& figure : measured) {
      if (!figure.steady && figure.failure.empty()) wanted_.insert({figure.name, figure.batch});
    }
    const auto lacks = [&](const std::string& name, bool network, std::int64_t batch) {
      if (journal_.find(name, batch, pass) != nullptr || failed(name, batch)) return false;
      if (pass < (network ? kNetworkPasses : kProbePasses)) return true;
      return pass < (network ? kMostNetworkPasses : kMostProbePasses) && wanted_.contains({name, batch});
    };
    std::vector<Stint> result;
    std::vector<const Probe*> waiting;
    for (const Probe& probe : probes_) {
      if (std::any_of(plan_.batches.begin(), plan_.batches.end(), [&](std::int64_t batch) { return lacks(probe.name, false, batch); })) {
        waiting.push_back(&probe);
      }
    }
    stats::CounterRandom random(plan_.seed, 1'000 + static_cast<std::uint64_t>(pass));
    const auto shuffle = [&random](auto& items) {
      for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
    };
    shuffle(waiting);
    for (std::size_t i = 0; i < waiting.size(); i += kProbesPerWorker) {
      Stint stint;
      stint.pass = pass;
      stint.probes.assign(waiting.begin() + static_cast<std::ptrdiff_t>(i),
                          waiting.begin() + static_cast<std::ptrdiff_t>(std::min(waiting.size(), i + kProbesPerWorker)));
      result.push_back(std::move(stint));
    }
    for (const std::string& network : plan_.networks) {
      for (const std::int64_t batch : plan_.batches) {
        if (lacks(network, true, batch)) result.push_back({{}, network, batch, pass});
      }
    }
    shuffle(result);
    return result;
  }

  bool failed(const std::string& name, std::int64_t batch) const {
    return std::any_of(journal_.timings().begin(), journal_.timings().end(),
                       [&](const Timing& timing) { return timing.name == name && timing.batch == batch && !timing.failure.empty(); });
  }

  void time(const Stint& stint) {
    if (interrupt_requested()) throw Error(ErrorCode::interrupted, "interrupted");
    if (!stint.network.empty()) {
      const measure::ModelReference model = measure::resolve_model(stint.network, {});
      const std::string path =
          here_.info.computes ? measure::model_file_path(model, here_.info).string() : measure::artefact_path(model).string();
      const FileLock lock(measure::machine_lock_path(), interrupt_requested, wait_);
      begin_worker();
      time_one(stint.network, true, path, stint.batch, stint.pass);
      end_worker();
      return;
    }
    const TemporaryFolder folder;
    std::vector<std::string> paths;
    for (const Probe* probe : stint.probes) paths.push_back(file_of(*probe, plan_.seed, folder));
    const FileLock lock(measure::machine_lock_path(), interrupt_requested, wait_);
    for (std::size_t i = 0; i < stint.probes.size(); ++i) {
      for (const std::int64_t batch : plan_.batches) {
        const std::string& name = stint.probes[i]->name;
        if (journal_.find(name, batch, stint.pass) != nullptr || failed(name, batch)) continue;
        if (stint.pass >= kProbePasses && !wanted_.contains({name, batch})) continue;
        if (!worker_) begin_worker();
        time_one(name, false, paths[i], batch, stint.pass);
      }
    }
    end_worker();
  }

  void begin_worker() {
    measure::WorkerTask task;
    task.kind = measure::WorkerTask::Kind::timings;
    task.plugin = plugin_;
    task.entry = plan_.entry;
    worker_ = std::make_unique<measure::LiveWorker>(task, measure::limits_of(plan_.entry.limits));
    const measure::WorkerOutcome outcome = worker_->answer();
    if (outcome.status != measure::Status::passed) {
      worker_.reset();
      throw Error(ErrorCode::engine_failure, outcome.reason, outcome.hint);
    }
  }

  /// Closing the channel ends it; a network's worker is not waited for by the next one's figures, as the lock is still ours.
  void end_worker() { worker_.reset(); }

  void time_one(const std::string& name, bool network, const std::string& path, std::int64_t batch, int pass) {
    if (progress_) progress_(fmt::format("{} b{}", name, batch), journal_.timings().size(), all());
    measure::TimingRequest request = request_for(network);
    request.model_path = path;
    request.batch = batch;
    Timing timing;
    timing.name = name;
    timing.network = network;
    timing.batch = batch;
    timing.pass = pass;
    worker_->ask(request);
    const measure::WorkerOutcome outcome = worker_->answer();
    if (outcome.status != measure::Status::passed) {
      // An error ends the worker; the next model gets a new one.
      worker_.reset();
      timing.failure = outcome.reason.empty() ? "failed" : outcome.reason;
    } else {
      const auto got = outcome.answer.at("timing").get<measure::ModelTiming>();
      timing.block_medians_ms = got.block_medians_ms;
      timing.load_ms = got.load_ms;
      const auto& around = got.surroundings;
      if (around.core_roundtrip_before_ns && around.core_roundtrip_after_ns) {
        timing.core_roundtrip_ns = std::max(*around.core_roundtrip_before_ns, *around.core_roundtrip_after_ns);
      }
      if (network) {
        timing.baseline_mb = static_cast<double>(got.memory.baseline) / kBytesPerMb;
        timing.peak_mb = static_cast<double>(got.memory.peak) / kBytesPerMb;
      }
    }
    journal_.append(timing);
  }

  std::size_t all() const { return (probes_.size() * kProbePasses + plan_.networks.size() * kNetworkPasses) * plan_.batches.size(); }

  const CalibrationPlan& plan_;
  const measure::EngineHere& here_;
  std::string plugin_;
  Journal& journal_;
  const CalibrationProgress& progress_;
  const LockWait& wait_;
  std::vector<Probe> probes_;
  std::set<std::pair<std::string, std::int64_t>> wanted_;  ///< name and batch of what is not steady yet
  std::unique_ptr<measure::LiveWorker> worker_;
};

}  // namespace

const std::vector<std::string>& default_networks() {
  static const std::vector<std::string> names{
      "alexnet",        "googlenet",          "resnet18",           "resnet50",           "resnext50_32x4d",    "densenet121",
      "dpn68",          "mobilenet_v2",       "mnasnet1_0",         "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0",
      "regnet_y_400mf", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v1_g3",   "squeezenet1_0",      "squeezenet1_1",
      "hardnet39ds",    "hardnet68ds"};
  return names;
}

nlohmann::json journal_key(const CalibrationPlan& plan, const std::string& machine) {
  const measure::Entry& entry = plan.entry;
  return {{"format", "inferometer calibration timings 1"},
          {"engine", entry.engine},
          {"engine_version", entry.engine_version},
          {"engine_settings", entry.engine_settings},
          {"device", entry.device},
          {"precision", entry.precision},
          {"threads", entry.threads},
          {"cpus", entry.cpus},
          {"machine", machine},
          {"probes_version", kProbesVersion},
          {"seed", plan.seed}};
}

std::vector<Measured> summarize_timings(const std::vector<Timing>& timings) {
  std::vector<double> roundtrips;
  for (const Timing& timing : timings) {
    if (timing.core_roundtrip_ns) roundtrips.push_back(*timing.core_roundtrip_ns);
  }
  std::vector<Measured> result;
  std::map<std::pair<std::string, std::int64_t>, std::size_t> places;
  std::vector<std::vector<double>> near, far, peaks;
  for (const Timing& timing : timings) {
    const auto [place, added] = places.try_emplace({timing.name, timing.batch}, result.size());
    if (added) {
      Measured measured;
      measured.name = timing.name;
      measured.network = timing.network;
      measured.batch = timing.batch;
      result.push_back(std::move(measured));
      near.emplace_back();
      far.emplace_back();
      peaks.emplace_back();
    }
    const std::size_t at = place->second;
    if (!timing.failure.empty()) {
      result[at].failure = timing.failure;
      continue;
    }
    const bool is_far = timing.core_roundtrip_ns && measure::core_state(*timing.core_roundtrip_ns, roundtrips) == measure::CoreState::far;
    (is_far ? far : near)[at].push_back(milliseconds(timing));
    if (timing.peak_mb > 0) peaks[at].push_back(timing.peak_mb);
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    Measured& measured = result[i];
    std::vector<double>& values = near[i].empty() ? far[i] : near[i];
    std::sort(values.begin(), values.end());
    if (values.empty()) continue;
    // What disturbs a timing makes it longer: the two lowest that agree tell most.
    const double second = values.size() > 1 ? values[1] : values[0];
    measured.ms = (values[0] + second) / 2;
    measured.spread_ratio = second / values[0] - 1;
    const bool comparable = values.size() > 1 && !near[i].empty();
    measured.steady = comparable && measured.spread_ratio <= kSteady;
    measured.usable = comparable && measured.spread_ratio <= kUsable;
    measured.peak_mb = stats::median(peaks[i]).value_or(0);
  }
  return result;
}

void time_missing(const CalibrationPlan& plan, const measure::EngineCatalog& catalog, Journal& journal, const CalibrationProgress& progress,
                  const LockWait& wait) {
  Timer(plan, catalog, journal, progress, wait).run();
}

}  // namespace inferometer::predict

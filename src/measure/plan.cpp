#include "measure/plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/loader.h"
#include "engine/own_settings.h"
#include "measure/core_distance.h"
#include "measure/models.h"
#include "measure/pictures.h"
#include "measure/platform.h"

namespace inferometer::measure {
namespace {

constexpr std::int64_t kMostBatch = 65536;
constexpr int kMostThreads = 4096;

void require_range(const char* what, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorCode::usage, fmt::format("{} is {}; it must be from {} to {}", what, value, least, most));
}

void check_one_at_a_time(const RunSpec& spec) {
  for (const int value : spec.streams) {
    if (value != 1) {
      throw Error(ErrorCode::usage, fmt::format("streams {}: {} mode has one", value, name_of(spec.mode)),
                  "leave --streams at 1, or use --mode throughput");
    }
  }
  for (const int value : spec.requests) {
    if (value != 1) {
      throw Error(ErrorCode::usage, fmt::format("requests {}: {} mode has one in flight", value, name_of(spec.mode)),
                  "leave --requests at 1, or use --mode throughput");
    }
  }
}

void check_throughput(const RunSpec& spec) {
  if (spec.protocol == Protocol::standard) return;
  throw Error(
      ErrorCode::usage,
      fmt::format("protocol {}: it says how single requests are measured, throughput mode has another rule", name_of(spec.protocol)),
      "leave --protocol at default, or use --mode latency");
}

void check_cpus(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  const std::vector<int> usable = usable_cpus();
  for (const int cpu : cpus) {
    if (std::find(usable.begin(), usable.end(), cpu) != usable.end()) continue;
    const bool in_one_piece = !usable.empty() && static_cast<int>(usable.size()) == usable.back() - usable.front() + 1;
    throw Error(ErrorCode::usage, fmt::format("--cpus: this process may not use processor {}", cpu),
                in_one_piece ? fmt::format("it may use {} to {}", usable.front(), usable.back())
                             : fmt::format("it may use {}", fmt::join(usable, ", ")));
  }
}

void check_times(const RunSpec& spec) {
  if (!spec.min_time_s || !spec.max_time_s || *spec.min_time_s <= *spec.max_time_s) return;
  throw Error(ErrorCode::usage, fmt::format("--min-time-s {:g} is above --max-time-s {:g}", *spec.min_time_s, *spec.max_time_s),
              "give a longest time that is no less than the least");
}

void check_ranges(const RunSpec& spec) {
  check_cpus(spec.cpus);
  check_times(spec);
  for (const std::int64_t batch : spec.batches) require_range("batch", batch, 1, kMostBatch);
  for (const int threads : spec.threads) require_range("threads", threads, 1, kMostThreads);
  for (const std::int64_t input : spec.inputs) require_range("input", input, 1, 16384);
  if (spec.classes != 0) require_range("classes", spec.classes, 1, 1'000'000);
  require_range("starts", spec.starts, 1, 1000);
  if (spec.batches.empty()) throw Error(ErrorCode::usage, "no batch is given", "for example --batch 1,2,4");
  if (spec.precisions.empty()) throw Error(ErrorCode::usage, "no precision is given", "for example --precision fp32");
  for (const int value : spec.streams) require_range("streams", value, 1, kMostThreads);
  for (const int value : spec.requests) require_range("requests", value, 1, kMostThreads);
  if (spec.streams.empty()) throw Error(ErrorCode::usage, "no number of streams is given", "for example --streams 1,2");
  spec.mode == Mode::throughput ? check_throughput(spec) : check_one_at_a_time(spec);
  static const std::set<std::string> kPrecisions{"fp32", "fp16", "bf16", "int8", "native"};
  for (const std::string& precision : spec.precisions) {
    if (kPrecisions.contains(precision)) continue;
    throw Error(ErrorCode::usage, fmt::format("precision '{}' is not known", precision), "fp32, fp16, bf16, int8 or native");
  }
}

const EngineHere* find_engine(const std::vector<EngineHere>& engines, const std::string& name) {
  const auto found = std::find_if(engines.begin(), engines.end(), [&](const EngineHere& here) { return here.info.name == name; });
  return found == engines.end() ? nullptr : &*found;
}

std::vector<std::string> names_of(const std::vector<EngineHere>& engines) {
  std::vector<std::string> names;
  for (const EngineHere& here : engines) names.push_back(here.info.name);
  return names;
}

/// An engine of the plan with the devices to run on; `missing` says why it cannot run.
struct EngineRun {
  EngineChoice choice;
  const EngineHere* here = nullptr;
  std::vector<std::string> devices;  ///< in the engine's own spelling where it has them
  std::vector<std::string> missing_devices;
  std::string missing;
};

EngineRun choose_engine(const EngineChoice& choice, const std::vector<EngineHere>& engines, MissingEngine missing,
                        const std::vector<std::string>& devices) {
  EngineRun run;
  run.choice = choice;
  run.here = find_engine(engines, choice.name);
  if (run.here == nullptr) {
    const std::string hint = did_you_mean(choice.name, names_of(engines));
    const std::string text = fmt::format("there is no engine '{}' here", choice.name);
    if (missing == MissingEngine::is_error) {
      throw Error(ErrorCode::missing_engine, text, hint.empty() ? "here are: " + join(names_of(engines), ", ") : hint);
    }
    run.missing = text;
  } else if (!run.here->info.usable) {
    const std::string text = fmt::format("engine {} cannot be used here: {}", choice.name, run.here->info.reason);
    if (missing == MissingEngine::is_error) throw Error(ErrorCode::missing_engine, text, "`inferometer engines` shows what is here");
    run.missing = text;
  } else {
    // A mistake of the user's, found before anything runs.
    engine::check_own_settings(choice.name, run.here->info.settings, choice.settings);
  }
  if (!run.missing.empty()) {
    run.devices = devices.empty() ? std::vector<std::string>{"cpu"} : devices;
    return run;
  }
  const auto& has = run.here->info.devices;
  if (devices.empty()) {
    run.devices.push_back(has.empty() ? "cpu" : has.front().name);
    return run;
  }
  for (const std::string& asked : devices) {
    const auto found = std::find_if(has.begin(), has.end(), [&](const auto& d) { return engine::same_device(d.name, asked); });
    (found == has.end() ? run.missing_devices : run.devices).push_back(found == has.end() ? asked : found->name);
  }
  return run;
}

std::vector<EngineRun> choose_engines(const RunSpec& spec, const std::vector<EngineHere>& engines, MissingEngine missing) {
  std::vector<EngineChoice> choices = spec.engines;
  if (choices.empty()) {
    for (const EngineHere& here : engines) {
      if (here.info.usable && here.info.computes) choices.push_back({here.info.name, {}});
    }
  }
  if (choices.empty()) {
    throw Error(ErrorCode::missing_engine, "no engine can be used here", "`inferometer engines` says what is missing");
  }
  std::vector<EngineRun> runs;
  for (const EngineChoice& choice : choices) runs.push_back(choose_engine(choice, engines, missing, spec.devices));
  if (missing == MissingEngine::is_skipped) return runs;
  for (const std::string& device : spec.devices) {
    const bool somewhere = std::any_of(runs.begin(), runs.end(), [&](const EngineRun& run) {
      return std::find(run.missing_devices.begin(), run.missing_devices.end(), device) == run.missing_devices.end();
    });
    if (!somewhere) {
      throw Error(ErrorCode::missing_engine, fmt::format("none of the engines named has a device '{}'", device),
                  "`inferometer engines` lists the devices");
    }
  }
  return runs;
}

/// Entries of one spec, in plan order.
class Expansion {
 public:
  Expansion(const RunSpec& spec, std::vector<EngineRun> runs, std::vector<PlannedEntry>& plan)
      : spec_(spec), runs_(std::move(runs)), plan_(plan) {
    if (!spec.labels.empty() && spec.images.empty())
      throw Error(ErrorCode::usage, "--labels: goes with --images", "name the pictures with --images");
    if (!spec.images.empty()) pictures_ = reference_pictures(spec.images, spec.labels);
  }

  void add_model(const std::string& name) {
    const std::vector<std::int64_t> inputs = spec_.inputs.empty() ? std::vector<std::int64_t>{0} : spec_.inputs;
    std::vector<ModelReference> references;
    for (const std::int64_t input : inputs) {
      references.push_back(resolve_model(name, {input, spec_.classes, spec_.weights_seed, spec_.shapes, spec_.weights_path}));
    }
    for (const EngineRun& run : runs_) {
      for (const std::string& device : run.devices) add_device(references, run, device, run.missing);
      for (const std::string& device : run.missing_devices) {
        add_device(references, run, device, fmt::format("engine {} has no device {} here", run.choice.name, device));
      }
    }
  }

 private:
  void add_device(const std::vector<ModelReference>& references, const EngineRun& run, const std::string& device,
                  const std::string& skipped) {
    const std::vector<int> threads = spec_.threads.empty() ? std::vector<int>{default_threads()} : spec_.threads;
    for (const std::string& precision : spec_.precisions) {
      for (const ModelReference& model : references) {
        for (const int thread_count : threads) {
          for (const int streams : spec_.streams) {
            const std::vector<int> requests = spec_.requests.empty() ? std::vector<int>{streams} : spec_.requests;
            for (const int in_flight : requests) {
              for (const std::int64_t batch : spec_.batches) {
                PlannedEntry planned;
                planned.entry = make_entry(model, run, device, precision, thread_count, batch);
                planned.entry.streams = streams;
                planned.entry.requests = in_flight;
                if (!skipped.empty()) {
                  planned.settled = Status::skipped;
                  planned.reason = skipped;
                }
                plan_.push_back(std::move(planned));
              }
            }
          }
        }
      }
    }
  }

  Entry make_entry(const ModelReference& model, const EngineRun& run, const std::string& device, const std::string& precision, int threads,
                   std::int64_t batch) const {
    Entry entry;
    entry.model = model;
    entry.engine = run.choice.name;
    entry.engine_version = run.here != nullptr ? run.here->info.version : "";
    entry.engine_settings = run.choice.settings;
    entry.device = device;
    entry.precision = precision;
    entry.threads = threads;
    entry.batch = batch;
    entry.mode = spec_.mode;
    entry.protocol = spec_.protocol;
    entry.stop = spec_.stop;
    const StopRule usual = default_stop_rule(spec_.mode);
    entry.stop.min_time_s = spec_.min_time_s.value_or(usual.min_time_s);
    // Who asks for a least time alone gets it, also where it is above the usual longest.
    entry.stop.max_time_s = spec_.max_time_s.value_or(std::max(usual.max_time_s, entry.stop.min_time_s));
    entry.starts = spec_.starts;
    entry.cpus = spec_.cpus;
    entry.pause_s = spec_.pause_s;
    entry.power = spec_.power;
    entry.input_seed = spec_.input_seed;
    entry.pictures = pictures_;
    entry.limits = spec_.limits;
    return entry;
  }

  const RunSpec& spec_;
  std::vector<EngineRun> runs_;
  PictureReference pictures_;
  std::vector<PlannedEntry>& plan_;
};

}  // namespace

std::vector<PlannedEntry> expand(const std::vector<RunSpec>& specs, const std::vector<EngineHere>& engines, MissingEngine missing) {
  std::vector<PlannedEntry> plan;
  for (const RunSpec& spec : specs) {
    check_ranges(spec);
    const std::vector<std::string> names = expand_names(spec.models);
    if (!spec.weights_path.empty() && names.size() > 1) {
      throw Error(ErrorCode::usage,
                  fmt::format("--weights {}: holds the weights of one network, and {} are named", spec.weights_path, names.size()),
                  "run one network at a time with its own file");
    }
    Expansion expansion(spec, choose_engines(spec, engines, missing), plan);
    for (const std::string& name : names) expansion.add_model(name);
  }
  std::set<std::string> seen;
  std::erase_if(plan, [&](const PlannedEntry& planned) { return !seen.insert(identity(planned.entry, "")).second; });
  return plan;
}

}  // namespace inferometer::measure

/// Turn what a user asks for into entries: the product of lists.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "measure/entry.h"
#include "measure/start.h"

namespace inferometer::measure {

struct EngineChoice {
  std::string name;
  std::map<std::string, std::string> settings;  ///< "fake:delay_ms=5:spin=1"
};

/// One [[run]] of a study file, or the options of `run`. Every list multiplies the plan.
struct RunSpec {
  std::vector<std::string> models;    ///< zoo names, globs over zoo names, paths
  std::vector<EngineChoice> engines;  ///< empty: every usable engine that computes
  std::vector<std::string> devices;   ///< empty: each engine's first
  std::vector<std::string> precisions{"fp32"};
  std::vector<std::int64_t> batches{1};
  std::vector<int> threads;  ///< empty: default_threads()
  std::vector<int> streams{1};
  std::vector<int> requests;         ///< empty: as many as streams
  std::vector<std::int64_t> inputs;  ///< square sizes; empty: each network's own
  std::int64_t classes = 0;          ///< 0: each network's own
  Mode mode = Mode::latency;
  Protocol protocol = Protocol::standard;
  int starts = 3;
  StopRule stop;                                 ///< its times are those below
  std::optional<double> min_time_s, max_time_s;  ///< nullopt: the mode's default
  std::vector<int> cpus;
  double pause_s = 0;
  std::string power = "none";
  std::uint64_t weights_seed = 1;  ///< --weights random:SEED
  std::string weights_path;        ///< --weights FILE, for one network; empty: synthetic ones
  std::uint64_t input_seed = 1;
  std::string images, labels;  ///< real pictures; empty: synthetic ones
  std::map<std::string, Shape> shapes;
  Limits limits;
};

/// An entry, or one that is known not to run (skipped with a reason) before anything is started.
struct PlannedEntry {
  Entry entry;
  std::optional<Status> settled;
  std::string reason;
};

/// What is known here of one engine; info.usable is false with the reason when it is absent, not loadable or not usable.
struct EngineHere {
  engine::EngineInfo info;
  bool built = false;
  bool loadable = false;
};

/// What plan expansion does with engines that are missing.
enum class MissingEngine : std::uint8_t { is_error, is_skipped };

/// Entries in plan order: model, engine, device, precision, input, threads, streams, requests, batch (innermost).
/// Duplicates are merged. Throws Error{usage} for streams, requests or a protocol that the mode does not have, unknown networks (nearest
/// names), values out of range, processors that this process may not use, engine settings or values that the engine does not list, and one
/// file of weights for several networks, Error{input} for files, Error{missing_engine} for an engine, or a device that none of the engines
/// named has.
/// Makes no weights; hashes of files are cached by path, size and time.
std::vector<PlannedEntry> expand(const std::vector<RunSpec>& specs, const std::vector<EngineHere>& engines, MissingEngine missing);

/// Physical cores in the affinity mask, capped by the cgroup's quota; at least 1.
int default_threads();

}  // namespace inferometer::measure

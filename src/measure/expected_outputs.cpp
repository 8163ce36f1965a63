#include "measure/expected_outputs.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/hash.h"
#include "formats/onnx.h"
#include "measure/agreement.h"
#include "measure/launcher.h"
#include "measure/models.h"
#include "measure/pictures.h"

namespace inferometer::measure {
namespace {

/// Raised when the agreement's images change.
constexpr int kImagesVersion = 1;
constexpr const char* kReference = "reference";

/// The batch that a file fixes, else 1: images go one by one wherever the model allows it.
std::int64_t batch_of_file(const Entry& entry) {
  if (entry.model.zoo || is_prototxt(entry.model.path)) return 1;
  const formats::OnnxSummary summary = formats::summarize_onnx(entry.model.path);
  if (summary.inputs.empty() || summary.inputs.front().shape.empty()) return 1;
  return std::max<std::int64_t>(1, summary.inputs.front().shape.front());
}

/// Engines to ask, in order: the reference, then the others by rank, the entry's own left out.
std::vector<const EngineHere*> candidates(const EngineCatalog& catalog, const std::string& own) {
  std::vector<const EngineHere*> result;
  for (const EngineHere& here : catalog.engines) {
    if (!here.info.usable || !here.info.computes) continue;
    if (here.info.name == own && own != kReference) continue;
    result.push_back(&here);
  }
  std::stable_sort(result.begin(), result.end(), [](const EngineHere* a, const EngineHere* b) {
    const bool a_first = a->info.name == kReference, b_first = b->info.name == kReference;
    return a_first != b_first ? a_first : a->info.rank < b->info.rank;
  });
  return result;
}

Entry entry_for(const Entry& entry, const EngineHere& here, std::int64_t batch) {
  Entry other;
  other.model = entry.model;
  other.engine = here.info.name;
  other.engine_version = here.info.version;
  other.device = here.info.devices.empty() ? "cpu" : here.info.devices.front().name;
  other.threads = default_threads();
  other.batch = batch;
  other.input_seed = entry.input_seed;
  other.pictures = entry.pictures;
  return other;
}

std::filesystem::path cached_path(const Entry& entry, const EngineHere& here, const std::string& plugin, bool quantized) {
  std::error_code ignored;
  const std::string key = nlohmann::json{{"model", entry.model.sha256},
                                         {"shapes", entry.model.shapes},
                                         {"seed", entry.input_seed},
                                         {"images", kImagesVersion},
                                         {"count", agreement_images(entry, quantized)},
                                         {"pictures", entry.pictures.sha256},
                                         {"engine", here.info.name},
                                         {"version", here.info.version},
                                         {"size", std::filesystem::file_size(plugin, ignored)},
                                         {"time", std::filesystem::last_write_time(plugin, ignored).time_since_epoch().count()}}
                              .dump();
  return cache_folder() / "outputs" / (sha256_hex(key) + ".bin");
}

}  // namespace

ExpectedOutputsSource::Answer ExpectedOutputsSource::find(const Entry& entry, bool quantized) {
  const EngineHere* own = catalog_.find(entry.engine);
  if (own != nullptr && !own->info.computes) return {"", fmt::format("the {} engine computes nothing", entry.engine)};
  if (quantized && entry.pictures.count < kInt8Pictures) return {"", kInt8Note};
  const std::string key =
      fmt::format("{} {} {} {}", entry.model.sha256, nlohmann::json(entry.model.shapes).dump(), entry.input_seed, entry.engine) +
      entry.pictures.sha256;
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  return known_[key] = compute(entry, quantized);
}

ExpectedOutputsSource::Answer ExpectedOutputsSource::compute(const Entry& entry, bool quantized) {
  const std::int64_t batch = batch_of_file(entry);
  std::string reasons;
  for (const EngineHere* here : candidates(catalog_, entry.engine)) {
    const std::string& plugin = catalog_.plugins.at(here->info.name);
    const std::filesystem::path path = cached_path(entry, *here, plugin, quantized);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return {path.string(), ""};
    WorkerTask task;
    task.kind = WorkerTask::Kind::outputs;
    task.plugin = plugin;
    task.entry = entry_for(entry, *here, batch);
    task.model_path = model_file_path(entry.model, here->info).string();
    task.quantized = quantized;
    task.outputs_path = path.string();
    const WorkerOutcome outcome = run_worker(task, limits_of(entry.limits));
    if (outcome.status == Status::passed) return {path.string(), ""};
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", here->info.name, outcome.reason);
  }
  return {"",
          reasons.empty() ? "no other engine here to compare outputs with" : "no engine gave outputs to compare with (" + reasons + ")"};
}

}  // namespace inferometer::measure

#include "measure/engines_here.h"

#include <algorithm>
#include <fstream>
#include <future>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/hash.h"
#include "engine/loader.h"
#include "measure/launcher.h"

namespace inferometer::measure {
namespace {

/// What an answer depends on: the plugin's and this program's file.
std::string file_stamp(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  const auto time = std::filesystem::last_write_time(path, ignored).time_since_epoch().count();
  return fmt::format("{} {} {}", path.string(), size, time);
}

EngineHere ask(const engine::PluginFile& plugin) {
  EngineHere here;
  here.info.name = plugin.name;
  here.built = plugin.built();
  if (!here.built) {
    here.info.reason = plugin.absent_reason;
    return here;
  }
  const std::string stamp = file_stamp(plugin.path) + "\n" + file_stamp(worker_program());
  const std::filesystem::path cached = cache_folder() / "engines" / (sha256_hex(stamp) + ".json");
  if (std::ifstream file(cached); file) {
    try {
      here.info = info_from_json(nlohmann::json::parse(file));
      here.loadable = true;
      return here;
    } catch (const nlohmann::json::exception&) {
      // Damaged: it is asked again.
      here.info = {};
      here.info.name = plugin.name;
    }
  }
  WorkerTask task;
  task.plugin = plugin.path.string();
  WorkerLimits limits;
  limits.load_timeout_s = 60;
  const WorkerOutcome outcome = run_worker(task, limits);
  if (outcome.status != Status::passed || !outcome.answer.contains("info")) {
    here.info.reason = outcome.reason;
    return here;
  }
  here.info = info_from_json(outcome.answer.at("info"));
  here.loadable = true;
  // What is not usable now may be so after a driver is installed: only good news is kept.
  if (here.info.usable) write_file_atomically(cached, info_json(here.info).dump());
  return here;
}

}  // namespace

const EngineHere* EngineCatalog::find(const std::string& name) const {
  for (const EngineHere& here : engines) {
    if (here.info.name == name) return &here;
  }
  return nullptr;
}

EngineCatalog ask_engines(const std::filesystem::path& folder) {
  EngineCatalog catalog;
  std::vector<std::future<EngineHere>> answers;
  for (const engine::PluginFile& plugin : engine::find_plugins(folder)) {
    if (plugin.built()) catalog.plugins[plugin.name] = plugin.path.string();
    answers.push_back(std::async(std::launch::async, ask, plugin));
  }
  for (auto& answer : answers) catalog.engines.push_back(answer.get());
  return catalog;
}

}  // namespace inferometer::measure

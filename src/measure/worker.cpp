#include "measure/worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/loader.h"
#include "measure/agreement.h"
#include "measure/block.h"
#include "measure/calibration.h"
#include "measure/evaluate_start.h"
#include "measure/layer_profile.h"
#include "measure/measure_start.h"
#include "measure/model_timing.h"
#include "measure/worker_parts.h"

namespace inferometer::measure {
namespace {

/// Tells the parent that the worker lives, and ends it when one request outlasts its limit. Sleeps nearly always.
class Watchdog {
 public:
  explicit Watchdog(ParentChannel& parent) : parent_(parent), thread_([this] { watch(); }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  RequestMonitor& monitor() { return monitor_; }

 private:
  void watch() {
    using namespace std::chrono_literals;
    std::uint64_t seen = monitor_.requests.load();
    auto since = std::chrono::steady_clock::now(), spoke = since;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, 500ms, [this] { return stop_; })) {
      const auto now = std::chrono::steady_clock::now();
      const std::uint64_t requests = monitor_.requests.load(std::memory_order_relaxed);
      if (requests != seen || !monitor_.running.load()) {
        seen = requests;
        since = now;
      }
      const std::chrono::duration<double> elapsed = now - since;
      if (elapsed.count() > monitor_.limit_s.load()) {
        parent_.send_line(nlohmann::json{{"timed_out", monitor_.limit_s.load()}}.dump());
        _exit(1);
      }
      if (now - spoke > 3s) {
        parent_.send_line(R"({"alive": true})");
        spoke = now;
      }
    }
  }

  ParentChannel& parent_;
  RequestMonitor monitor_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

void say_phase(ParentChannel& parent, const char* phase) { parent.send_line(nlohmann::json{{"phase", phase}}.dump()); }

constexpr const char* kKinds[] = {"info", "measure", "outputs", "evaluate", "served", "blocks", "layers", "calibrate", "timings", "train"};

bool brings_pictures(const WorkerTask& task) { return task.kind == WorkerTask::Kind::evaluate || task.kind == WorkerTask::Kind::calibrate; }

nlohmann::json train(const WorkerTask& task, engine::Engine& engine, ParentChannel& parent, RequestMonitor& monitor,
                     const TrainStart& train) {
  if (!train) throw Error(ErrorCode::internal, "this worker cannot train");
  const engine::EngineInfo info = engine.info();
  const engine::TrainerTable* table = engine::find_trainer();
  if (table == nullptr)
    throw Error(ErrorCode::missing_engine, info.name + " does not train networks", "leave --engine out: an engine that does is then found");
  return train({task.training, *table, info.version, monitor, [&parent](const char* phase) { say_phase(parent, phase); },
                [&parent](std::size_t done, std::size_t all) {
                  parent.send_line(nlohmann::json{{"progress", {done, all}}}.dump());
                },
                [&parent](const nlohmann::json& answer) { parent.send_line(answer.dump()); }});
}

nlohmann::json serve(const WorkerTask& task, ParentChannel& parent, RequestMonitor& monitor, const HigherParts& parts) {
  if (task.kind == WorkerTask::Kind::served) {
    if (!parts.served) throw Error(ErrorCode::internal, "this worker cannot measure through the server");
    return {{"start", parts.served({task, monitor, [&parent](const char* phase) { say_phase(parent, phase); }})}};
  }
  if (task.kind != WorkerTask::Kind::info) limit_thread_pools(task.entry.threads);
  const std::unique_ptr<engine::Engine> engine = engine::open_plugin(task.plugin);
  say_phase(parent, "opened");
  if (task.kind == WorkerTask::Kind::info) return {{"info", info_json(engine->info())}};

  if (task.kind == WorkerTask::Kind::train) return train(task, *engine, parent, monitor, parts.train);

  const StartContext context{task,
                             *engine,
                             model_file(task.model_path, task.entry.model),
                             monitor,
                             [&parent](const char* phase) { say_phase(parent, phase); },
                             [&parent](std::size_t done, std::size_t all) {
                               parent.send_line(nlohmann::json{{"progress", {done, all}}}.dump());
                             }};
  if (task.kind == WorkerTask::Kind::outputs) {
    write_outputs(context);
    return {{"done", true}};
  }
  if (task.kind == WorkerTask::Kind::evaluate) return {{"evaluation", evaluate_start(context)}};
  if (task.kind == WorkerTask::Kind::layers) {
    const LayerProfile profile = profile_layers(context);
    return layers_json(layer_rows(network_of(context.model), profile, task.entry.batch));
  }
  if (task.kind == WorkerTask::Kind::calibrate) return {{"calibration", calibrate_start(context)}};
  if (task.kind == WorkerTask::Kind::blocks) {
    LoadedStart start = begin_blocks(context);
    parent.send_line(nlohmann::json{{"start", start.record}}.dump());
    while (parent.receive_line()) parent.send_line(nlohmann::json{{"block", measure_block(context, start)}}.dump());
    return {{"done", true}};
  }
  if (task.kind == WorkerTask::Kind::timings) {
    parent.send_line(R"({"ready": true})");
    while (const std::optional<std::string> line = parent.receive_line()) {
      const auto request = nlohmann::json::parse(*line).get<TimingRequest>();
      parent.send_line(nlohmann::json{{"timing", time_model(context, request)}}.dump());
    }
    return {{"done", true}};
  }
  return {{"start", measure_start(context)}};
}

}  // namespace

void to_json(nlohmann::json& json, const WorkerTask& task) {
  json = {{"task", kKinds[static_cast<int>(task.kind)]},
          {"plugin", task.plugin},
          {"model_path", task.model_path},
          {"start_index", task.start_index},
          {"check_agreement", task.check_agreement},
          {"probe_caching", task.probe_caching},
          {"block_s", task.block_s},
          {"expected_path", task.expected_path},
          {"agreement_note", task.agreement_note},
          {"outputs_path", task.outputs_path},
          {"quantized", task.quantized},
          {"half", task.half},
          {"percentile", task.percentile},
          {"computes", task.computes}};
  if (task.kind != WorkerTask::Kind::info) json["entry"] = task.entry;
  if (brings_pictures(task)) json["evaluation"] = task.evaluation;
  if (task.kind == WorkerTask::Kind::train) json["training"] = task.training;
}

void from_json(const nlohmann::json& json, WorkerTask& task) {
  const std::string kind = json.at("task").get<std::string>();
  const auto found = std::find(std::begin(kKinds), std::end(kKinds), kind);
  if (found == std::end(kKinds)) throw Error(ErrorCode::internal, "a worker was given the unknown task '" + one_line(kind, 40) + "'");
  task.kind = static_cast<WorkerTask::Kind>(found - std::begin(kKinds));
  json.at("plugin").get_to(task.plugin);
  json.at("model_path").get_to(task.model_path);
  json.at("start_index").get_to(task.start_index);
  json.at("check_agreement").get_to(task.check_agreement);
  json.at("probe_caching").get_to(task.probe_caching);
  json.at("block_s").get_to(task.block_s);
  json.at("expected_path").get_to(task.expected_path);
  json.at("agreement_note").get_to(task.agreement_note);
  json.at("outputs_path").get_to(task.outputs_path);
  json.at("quantized").get_to(task.quantized);
  json.at("half").get_to(task.half);
  json.at("percentile").get_to(task.percentile);
  json.at("computes").get_to(task.computes);
  if (task.kind != WorkerTask::Kind::info) json.at("entry").get_to(task.entry);
  if (brings_pictures(task)) json.at("evaluation").get_to(task.evaluation);
  if (task.kind == WorkerTask::Kind::train) json.at("training").get_to(task.training);
}

nlohmann::json info_json(const engine::EngineInfo& info) {
  nlohmann::json devices = nlohmann::json::array();
  for (const engine::DeviceInfo& device : info.devices) {
    devices.push_back({{"name", device.name}, {"description", to_utf8(device.description)}, {"precisions", device.precisions}});
  }
  nlohmann::json settings = nlohmann::json::array();
  for (const engine::OwnSetting& setting : info.settings) settings.push_back({{"key", setting.key}, {"values", setting.values}});
  return {{"name", info.name},
          {"version", info.version},
          {"usable", info.usable},
          {"reason", info.reason},
          {"devices", devices},
          {"rank", info.rank},
          {"settings", settings},
          {"executes_graphs", info.executes_graphs},
          {"reads_caffe", info.reads_caffe},
          {"half_from_file", info.half_from_file},
          {"computes", info.computes}};
}

engine::EngineInfo info_from_json(const nlohmann::json& json) {
  engine::EngineInfo info;
  json.at("name").get_to(info.name);
  json.at("version").get_to(info.version);
  json.at("usable").get_to(info.usable);
  json.at("reason").get_to(info.reason);
  json.at("rank").get_to(info.rank);
  for (const auto& setting : json.at("settings")) info.settings.push_back({setting.at("key"), setting.at("values")});
  json.at("executes_graphs").get_to(info.executes_graphs);
  json.at("reads_caffe").get_to(info.reads_caffe);
  json.at("half_from_file").get_to(info.half_from_file);
  json.at("computes").get_to(info.computes);
  for (const auto& device : json.at("devices")) {
    info.devices.push_back({device.at("name"), device.at("description"), device.at("precisions")});
  }
  return info;
}

double request_limit_s(const Limits& limits, double first_inference_ms) {
  return std::max(limits.request_timeout_s, 20 * first_inference_ms / 1000);
}

int worker_main(const HigherParts& parts) {
  ParentChannel parent;
  nlohmann::json answer;
  try {
    const std::optional<std::string> line = parent.receive_line();
    if (!line) return 1;
    const auto task = nlohmann::json::parse(*line).get<WorkerTask>();
    Watchdog watchdog(parent);
    answer = serve(task, parent, watchdog.monitor(), parts);
  } catch (...) {
    answer = error_json(current_error());
  }
  parent.send_line(answer.dump());
  // Frameworks' exit handlers may hang or crash after the work is done; everything of ours is sent.
  _exit(0);
}

}  // namespace inferometer::measure

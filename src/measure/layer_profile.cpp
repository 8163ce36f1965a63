#include "measure/layer_profile.h"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/child_process.h"
#include "base/clock.h"
#include "engine/own_settings.h"
#include "measure/launcher.h"
#include "measure/start_task.h"
#include "measure/timed_loop.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

double microseconds(Nanoseconds time) { return static_cast<double>(time.count()) * 1e-3; }

bool can_profile(const engine::EngineInfo& info) { return engine::find_setting(info.settings, "profile") != nullptr; }

template <class Value>
nlohmann::json json_of(const Value& value) {
  if constexpr (std::is_same_v<Value, std::string>)
    return value;
  else
    return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

template <class Value>
void read(const nlohmann::json& json, Value& value) {
  if constexpr (std::is_same_v<Value, std::string>)
    json.get_to(value);
  else if (!json.is_null())
    value = json.get<typename Value::value_type>();
}

}  // namespace

LayerProfile profile_layers(const StartContext& context) {
  const Entry& entry = context.task.entry;
  if (entry.streams > 1 || entry.requests > 1)
    throw Error(ErrorCode::unsupported, "layers are timed with one stream and one request", "leave out --streams and --requests");
  LoadedStart start = load_start(context);
  const RunningScope running(context.monitor);
  auto request = rotating_requests(context.monitor, start);
  warm_up(steady_now, request);
  start.session->restart_layer_times();

  std::vector<double> totals_us;
  const Nanoseconds begin = steady_now();
  for (std::int64_t run = 0; run < kMostProfiledRuns; ++run) {
    const Nanoseconds before = steady_now();
    if (run >= kLeastProfiledRuns && static_cast<double>((before - begin).count()) * 1e-9 >= kProfiledSeconds) break;
    request(run);
    totals_us.push_back(microseconds(steady_now() - before));
  }
  LayerProfile profile;
  profile.times = start.session->layer_times();
  profile.runs = static_cast<std::int64_t>(totals_us.size());
  profile.means = start.session->layer_times_are_means();
  profile.total_us = (profile.means ? stats::mean(totals_us) : stats::median(totals_us)).value();
  return profile;
}

std::vector<LayerRow> layer_rows(const Network& network, const LayerProfile& profile, std::int64_t batch) {
  double sum_us = 0;
  for (const engine::LayerTime& time : profile.times) sum_us += time.executed ? time.time_us : 0;
  std::vector<LayerRow> rows;
  double so_far_us = 0;
  for (const MappedLayer& line : map_layers(network, profile.times)) {
    LayerRow& row = rows.emplace_back();
    row.position = static_cast<std::int64_t>(rows.size()) - 1;
    if (line.layer) {
      const NetworkLayer& layer = network.layers[*line.layer];
      row.layer = layer.name;
      row.op = layer.op;
      row.macs = layer.macs;
    }
    row.outcome = name_of(line.outcome);
    if (line.fused_into) row.fused_into = network.layers[*line.fused_into].name;
    if (line.layer && line.outcome != LayerOutcome::not_told) row.mapping = line.inferred ? "inferred" : "told";
    if (line.engine_layer) {
      const engine::LayerTime& time = profile.times[*line.engine_layer];
      row.engine_layer = time.name;
      row.engine_operator = time.op;
      row.kernel = time.kernel;
      row.layer_precision = time.precision;
      if (time.executed) {
        so_far_us += time.time_us;
        row.time_us = time.time_us;
        if (sum_us > 0) row.share_ratio = time.time_us / sum_us;
      }
    }
    if (sum_us > 0) row.cumulative_share_ratio = so_far_us / sum_us;
    if (line.rate_macs) row.gmacs_per_s = static_cast<double>(*line.rate_macs * batch) / line.rate_time_us * 1e-3;
    row.runs = profile.runs;
    row.statistic = profile.means ? "mean" : "median";
    row.total_us = profile.total_us;
    if (!profile.times.empty()) row.layers_us = sum_us;
  }
  return rows;
}

nlohmann::json layers_json(const std::vector<LayerRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const LayerRow& row : rows) {
    nlohmann::json& object = list.emplace_back(nlohmann::json::object());
    for_each_layer_field([&](const auto& field) { object[std::string(field.name)] = json_of(row.*field.member); });
  }
  return {{"layers", list}};
}

std::vector<LayerRow> layers_from_json(const nlohmann::json& json) {
  std::vector<LayerRow> rows;
  for (const nlohmann::json& object : json.at("layers")) {
    LayerRow& row = rows.emplace_back();
    for_each_layer_field([&](const auto& field) { read(object.at(std::string(field.name)), row.*field.member); });
  }
  return rows;
}

ProfiledEntry profile_entry(const Entry& entry, const EngineCatalog& catalog, const Row& row, const LockWait& wait) {
  ProfiledEntry result;
  const engine::EngineInfo& info = catalog.find(entry.engine)->info;
  if (!info.computes || entry.mode == Mode::served) {
    result.status = Status::unsupported;
    result.reason = info.computes ? "layers are not timed through the server" : entry.engine + " executes no layers";
    return result;
  }
  Entry profiled = entry;
  if (can_profile(info)) profiled.engine_settings["profile"] = "1";
  const FileLock lock(machine_lock_path(), interrupt_requested, wait);
  WorkerTask task = start_task(profiled, catalog, {}, 0);
  task.kind = WorkerTask::Kind::layers;
  const std::string started_at = utc_timestamp();
  const WorkerOutcome outcome = run_worker(task, limits_of(entry.limits));
  if (outcome.status != Status::passed) {
    result.status = outcome.status;
    result.reason = outcome.hint.empty() ? outcome.reason : fmt::format("{}: {}", outcome.reason, outcome.hint);
    return result;
  }
  result.rows = layers_from_json(outcome.answer);
  for (LayerRow& layer : result.rows) {
    layer.model = row.model;
    layer.engine = row.engine;
    layer.engine_settings = row.engine_settings;
    layer.device = row.device;
    layer.precision = row.precision;
    layer.threads = row.threads;
    layer.batch = row.batch;
    layer.model_sha256 = row.model_sha256;
    layer.engine_version = row.engine_version;
    layer.precision_requested = row.precision_requested;
    layer.input_height = row.input_height;
    layer.input_width = row.input_width;
    layer.platform = row.platform;
    layer.started_at = started_at;
    layer.inferometer_version = INFEROMETER_VERSION;
  }
  return result;
}

}  // namespace inferometer::measure

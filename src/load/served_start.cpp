#include "load/served_start.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/temporary_folder.h"
#include "base/text.h"
#include "dataset/data_set.h"
#include "load/picture_files.h"
#include "load/served_model.h"
#include "measure/agreement.h"
#include "measure/images.h"
#include "measure/measure_start.h"
#include "measure/pictures.h"
#include "measure/sensors.h"
#include "measure/timed_loop.h"

namespace inferometer::load {
namespace {

using measure::Entry;
using measure::StartRecord;
using nlohmann::json;

double milliseconds(Nanoseconds time) { return static_cast<double>(time.count()) * 1e-6; }

/// The picture files that calls name, and what a row says of them.
struct PictureFiles {
  std::vector<std::string> paths;
  std::filesystem::path root;
  std::string description;
};

PictureFiles picture_files(const Entry& entry, const TemporaryFolder& folder) {
  PictureFiles files;
  if (entry.pictures.images.empty()) {
    for (const auto& path : write_pictures(folder.path(), measure::kMostPictures, entry.input_seed)) files.paths.push_back(path.string());
    files.root = folder.path();
    files.description = fmt::format("{} synthetic JPEG files of {} x {}", files.paths.size(), kPictureWidth, kPictureHeight);
    return files;
  }
  files.root = entry.pictures.images;
  if (!std::filesystem::is_directory(files.root)) {
    throw Error(ErrorCode::usage, fmt::format("{} is no folder of picture files", one_line(entry.pictures.images)),
                "a server reads pictures as files; leave --images out for synthetic ones");
  }
  const dataset::DataSet data = dataset::open_data_set({entry.pictures.images, entry.pictures.labels, 0});
  for (const dataset::Image& image : data.images) {
    if (files.paths.size() == entry.pictures.count) break;
    files.paths.push_back((files.root / image.name).string());
  }
  files.description = fmt::format("{} picture files of {}", files.paths.size(), data.name);
  return files;
}

/// Bodies of calls that take the pictures in turn; as many as bring every picture once, at most some hundred.
std::vector<std::string> call_bodies(const std::vector<std::string>& paths, std::int64_t batch) {
  const auto per_call = static_cast<std::size_t>(batch);
  const std::size_t calls = std::clamp<std::size_t>(paths.size() / per_call, 4, 256);
  std::vector<std::string> bodies;
  std::size_t next = 0;
  for (std::size_t i = 0; i < calls; ++i) {
    json data = json::array();
    for (std::size_t item = 0; item < per_call; ++item) data.push_back(paths[next++ % paths.size()]);
    bodies.push_back(json{
        {"service", kServedName},
        {"parameters", {{"input", json::object()}, {"mllib", json::object()}, {"output", json::object()}}},
        {"data", data}}.dump());
  }
  return bodies;
}

measure::Agreement check_agreement(const measure::ServedContext& context, ServedModel& model, const std::string& precision) {
  const Entry& entry = context.task.entry;
  measure::Agreement agreement;
  std::vector<measure::GotOutputs> got;
  const std::optional<measure::Pictures> pictures =
      entry.pictures.images.empty() ? std::nullopt : std::make_optional<measure::Pictures>(entry, model.inputs());
  for (std::size_t image = 0; image < measure::agreement_images(entry, context.task.quantized); ++image) {
    const measure::InputBuffers inputs(model.inputs(), 1, entry.input_seed, {image}, pictures ? &*pictures : nullptr);
    got.push_back({image, model.infer(inputs.views())});
    context.monitor.requests.fetch_add(1);
  }
  if (context.task.expected_path.empty()) {
    agreement.note = context.task.agreement_note;
    measure::judge_alone(got, agreement);
    return agreement;
  }
  return measure::judge_agreement(got, measure::read_expected(context.task.expected_path), precision);
}

/// With the processor time of the server and its engine as our own: they are what is measured.
std::optional<measure::CpuTimes> family_cpu_times() {
  auto times = measure::read_cpu_times();
  if (!times) return times;
  for (const measure::ProcessTimes& process : measure::descendants(::getpid())) times->own_s += process.cpu_s;
  return times;
}

}  // namespace

StartRecord served_start(const measure::ServedContext& context) {
  const measure::WorkerTask& task = context.task;
  const Entry& entry = task.entry;
  StartRecord record;
  record.index = task.start_index;
  record.started_at = utc_timestamp();
  record.computes = task.computes;
  record.quantized = task.quantized;
  record.obtained_precision = task.quantized ? "int8" : entry.precision;

  const TemporaryFolder folder;
  const PictureFiles files = picture_files(entry, folder);
  record.inputs = files.description;
  const std::vector<std::string> bodies = call_bodies(files.paths, entry.batch);

  const Nanoseconds load_begin = steady_now();
  ServedModel model(task, files.root);
  record.load_ms = milliseconds(steady_now() - load_begin);
  if (!model.inputs().empty() && model.inputs().front().shape.size() == 4) {
    record.input_height = model.inputs().front().shape[2];
    record.input_width = model.inputs().front().shape[3];
  }
  context.say_phase("loaded");

  const measure::RunningScope running(context.monitor);
  context.monitor.limit_s = measure::request_limit_s(entry.limits, 0);
  record.first_inference_ms = milliseconds(model.predict(bodies[0]).server);
  context.monitor.requests.fetch_add(1);
  context.monitor.limit_s = measure::request_limit_s(entry.limits, record.first_inference_ms);
  context.say_phase("running");

  const bool check_first = entry.protocol != measure::Protocol::dd;  // as in process: nothing may run before DeepDetect's loop
  const auto check = [&] {
    if (task.check_agreement)
      record.agreement = check_agreement(context, model, measure::agreement_precision(record.obtained_precision, task.half));
  };
  if (check_first) check();

  record.timer_overhead_ns = measure::timer_overhead_ns();
  record.surroundings.core_roundtrip_before_ns = measure::read_core_distance(entry);
  // The loop's clock is the sum of the server's own times, so samples and stop rule are in these.
  const measure::LoopPlan plan = measure::loop_plan(entry);
  Nanoseconds served{0}, client{0};
  Nanoseconds begin{0}, end{0};  // of the kept calls, on the steady clock
  double transform_before = 0;
  std::size_t next = 0;
  const auto before = family_cpu_times();
  measure::LoopResult loop = measure::run_timed_loop(
      plan, [&] { return served; },
      [&](std::int64_t number) {
        // Where the kept calls begin. The warm-up, which has numbers of its own, comes first and is forgotten here.
        if (number == plan.dropped) {
          transform_before = model.transform_ms();
          client = Nanoseconds{0};
          begin = steady_now();
        }
        const ServedModel::Call call = model.predict(bodies[next]);
        end = steady_now();
        next = (next + 1) % bodies.size();
        served += call.server;
        client += call.client;
        context.monitor.requests.fetch_add(1, std::memory_order_relaxed);
      });
  measure::compare_cpu_times(before, family_cpu_times(), record.surroundings);
  record.surroundings.core_roundtrip_after_ns = measure::read_core_distance(entry);
  const auto kept = static_cast<double>(loop.samples_ns.size());
  if (kept > 0) record.served = measure::ServedTimes{milliseconds(client) / kept, (model.transform_ms() - transform_before) / kept};
  if (kept > 0) record.timed_span = measure::span_of(begin, end);
  record.samples_ns = std::move(loop.samples_ns);
  record.dropped = loop.dropped;
  record.warmup_requests = loop.warmup_requests;
  record.memory.peak = model.engine_peak_bytes();
  if (!check_first) check();
  return record;
}

}  // namespace inferometer::load

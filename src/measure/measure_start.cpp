#include "measure/measure_start.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "measure/agreement.h"
#include "measure/core_distance.h"
#include "measure/sensors.h"
#include "measure/throughput.h"
#include "measure/timed_loop.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

using engine::Request;
using engine::Session;
using engine::TensorView;

double milliseconds_since(Nanoseconds begin) { return static_cast<double>((steady_now() - begin).count()) * 1e-6; }

std::vector<std::uint64_t> image_numbers(std::uint64_t first, std::int64_t count) {
  std::vector<std::uint64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

/// Copy one position's outputs out of a batch. Throws Error{unsupported} when an output has no batch dimension.
ImageOutputs outputs_at(std::span<const TensorView> outputs, std::int64_t position, std::int64_t batch) {
  ImageOutputs image;
  for (const TensorView& output : outputs) {
    if (output.shape.empty() || output.shape.front() != batch) {
      throw Error(ErrorCode::unsupported, fmt::format("an output has shape {}, without the batch {} in front",
                                                      to_string({output.shape.begin(), output.shape.end()}), batch));
    }
    const std::size_t bytes = output.bytes / static_cast<std::size_t>(batch);
    const TensorView part{output.type, output.shape,
                          static_cast<const std::byte*>(output.data) + bytes * static_cast<std::size_t>(position), bytes};
    image.outputs.push_back(to_floats(part));
  }
  return image;
}

/// Run the agreement's images on the requests in turn, packed into batches so that every batch position has a known answer.
std::vector<GotOutputs> run_agreement_images(const StartContext& context, const Session& session, const Requests& requests,
                                             const Pictures* pictures) {
  const Entry& entry = context.task.entry;
  const RunningScope running(context.monitor);
  const auto batch = static_cast<std::size_t>(entry.batch);
  const std::size_t images_in_all = agreement_images(entry, context.task.quantized);
  const std::size_t rounds = (images_in_all + batch - 1) / batch;
  std::vector<GotOutputs> got;
  std::optional<InputBuffers> inputs;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::uint64_t> images(batch);
    for (std::size_t position = 0; position < batch; ++position) images[position] = (round * batch + position) % images_in_all;
    if (!inputs) {
      inputs.emplace(session.inputs(), entry.batch, entry.input_seed, images, pictures);
    } else {
      inputs->fill(entry.input_seed, images);
    }
    const auto outputs = requests[round % requests.size()]->run(inputs->views());
    context.monitor.requests.fetch_add(1);
    for (std::size_t position = 0; position < batch; ++position) {
      got.push_back({images[position], outputs_at(outputs, static_cast<std::int64_t>(position), entry.batch)});
    }
  }
  return got;
}

/// Is a repeated input faster than a new one? 20 interleaved pairs, or as many as fit in a second; below 6 nothing is said.
void probe_caching(const StartContext& context, Request& request, InputBuffers& inputs, Surroundings& around) {
  constexpr int kPairs = 20;
  constexpr double kMost_ms = 1000;
  const RunningScope running(context.monitor);
  const Entry& entry = context.task.entry;
  std::vector<double> ratios;
  const auto timed = [&] {
    const Nanoseconds before = steady_now();
    request.run(inputs.views());
    context.monitor.requests.fetch_add(1, std::memory_order_relaxed);
    return static_cast<double>((steady_now() - before).count());
  };
  const Nanoseconds begin = steady_now();
  for (int pair = 0; pair < kPairs && milliseconds_since(begin) < kMost_ms; ++pair) {
    inputs.fill_patterns(entry.input_seed, image_numbers(1'000'000 + static_cast<std::uint64_t>(pair * entry.batch), entry.batch));
    const double fresh = timed(), repeated = timed();
    if (repeated > 0) ratios.push_back(fresh / repeated);
  }
  const auto interval = stats::median_interval(ratios);
  if (!interval) return;
  around.repeat_speedup = stats::median(ratios);
  around.repeat_speedup_low = interval->low;
}

/// Cores whose distance matters for this entry; nullopt with one thread.
std::optional<std::pair<int, int>> first_two_cores(const Entry& entry) {
  if (entry.threads * entry.requests < 2) return std::nullopt;
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) return std::nullopt;
  return std::pair{cpus[0], cpus[1]};
}

void note_obtained(const Session& session, const WorkerTask& task, StartRecord& record) {
  const engine::ObtainedSettings obtained = session.obtained();
  record.obtained_device = obtained.device;
  record.obtained_precision = task.quantized ? "int8" : obtained.precision;
  record.obtained_threads = obtained.threads;
  record.obtained_streams = obtained.streams;
  record.obtained_own = obtained.own;
  record.quantized = task.quantized;
  for (const engine::TensorInfo& input : session.inputs()) {
    if (input.shape.size() != 4) continue;
    record.input_height = input.shape[2];
    record.input_width = input.shape[3];
    break;
  }
}

/// Every request in flight has a share of its own, one after another.
std::vector<InputBuffers> make_pool(const Session& session, const Entry& entry, const Pictures* pictures) {
  const auto in_flight = static_cast<std::size_t>(entry.requests);
  const std::size_t count = in_flight * pool_size(in_flight * input_bytes(session.inputs()));
  std::vector<InputBuffers> pool;
  pool.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t first = kAgreementImages + i * static_cast<std::uint64_t>(entry.batch);
    pool.emplace_back(session.inputs(), entry.batch, entry.input_seed, image_numbers(first, entry.batch), pictures);
  }
  return pool;
}

std::unique_ptr<const Pictures> open_pictures(const Entry& entry, const Session& session) {
  if (entry.pictures.images.empty()) return nullptr;
  return std::make_unique<const Pictures>(entry, session.inputs());
}

/// Our own pictures, which the memory figures leave out.
std::int64_t bytes_of(const std::vector<InputBuffers>& pool) {
  std::size_t total = 0;
  for (const InputBuffers& buffers : pool) total += buffers.bytes();
  return static_cast<std::int64_t>(total);
}

Requests create_requests(Session& session, int count) {
  Requests requests;
  for (int i = 0; i < count; ++i) requests.push_back(session.create_request());
  return requests;
}

void run_one_at_a_time(const LoopPlan& plan, RequestMonitor& monitor, LoadedStart& start) {
  LoopResult loop = run_timed_loop(plan, steady_now, rotating_requests(monitor, start));
  start.record.timed_span = span_of(loop.begin, loop.end);
  start.record.samples_ns = std::move(loop.samples_ns);
  start.record.dropped = loop.dropped;
  start.record.warmup_requests = loop.warmup_requests;
}

void keep_in_flight(const LoopPlan& plan, RequestMonitor& monitor, LoadedStart& start) {
  const std::size_t share = start.pool.size() / start.requests.size();
  const auto call = [&](std::size_t lane, std::int64_t number) {
    start.requests[lane]->run(start.pool[lane * share + static_cast<std::size_t>(number) % share].views());
  };
  const auto progress = [&] { monitor.requests.fetch_add(1, std::memory_order_relaxed); };
  ThroughputResult result = fly(plan, {.lanes = start.requests.size(), .call = call, .progress = progress});
  start.record.samples_ns = std::move(result.samples_ns);
  start.record.warmup_requests = result.ramp_requests;
  start.record.window = std::move(result.window);
  start.record.timed_span = span_of(result.begin, result.end);
}

}  // namespace

std::optional<double> read_core_distance(const Entry& entry) {
  const auto cores = first_two_cores(entry);
  if (!cores) return std::nullopt;
  // Thread pools spin for a while after a request; only idle cores tell their distance.
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  return core_roundtrip_ns(cores->first, cores->second);
}

engine::SessionSettings settings_of(const Entry& entry) {
  engine::SessionSettings settings;
  settings.device = entry.device;
  settings.precision = entry.precision;
  settings.threads = entry.threads;
  settings.streams = entry.streams;
  settings.batch = entry.batch;
  settings.shapes = entry.model.shapes;
  settings.own = entry.engine_settings;
  return settings;
}

Agreement check_agreement(const StartContext& context, const LoadedStart& start) {
  Agreement agreement;
  std::vector<GotOutputs> got;
  try {
    got = run_agreement_images(context, *start.session, start.requests, start.pictures.get());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    agreement.note = error.what();
    return agreement;
  }
  if (context.task.expected_path.empty()) {
    agreement.note = context.task.agreement_note;
    judge_alone(got, agreement);
    return agreement;
  }
  const std::string precision = agreement_precision(start.record.obtained_precision, context.task.half);
  return judge_agreement(got, read_expected(context.task.expected_path), precision);
}

LoadedStart load_start(const StartContext& context) {
  const Entry& entry = context.task.entry;
  RequestMonitor& monitor = context.monitor;
  LoadedStart start;
  StartRecord& record = start.record;
  record.index = context.task.start_index;
  record.started_at = utc_timestamp();
  record.computes = context.task.computes;  // asking the engine could warm it up
  record.memory.baseline = resident_bytes();

  const Nanoseconds load_begin = steady_now();
  start.session = context.engine.load(context.model, settings_of(entry));
  start.requests = create_requests(*start.session, entry.requests);
  record.load_ms = milliseconds_since(load_begin);
  record.memory.after_load = resident_bytes();
  note_obtained(*start.session, context.task, record);
  context.say_phase("loaded");

  start.peak_before_pool_bytes = peak_resident_bytes();
  start.pictures = open_pictures(entry, *start.session);
  if (start.pictures) record.inputs = start.pictures->description();
  start.pool = make_pool(*start.session, entry, start.pictures.get());
  start.pool_bytes = bytes_of(start.pool);
  monitor.limit_s = request_limit_s(entry.limits, 0);
  {
    const RunningScope running(monitor);
    const Nanoseconds first_begin = steady_now();
    start.requests[0]->run(start.pool[0].views());
    record.first_inference_ms = milliseconds_since(first_begin);
    monitor.requests.fetch_add(1);
  }
  monitor.limit_s = request_limit_s(entry.limits, record.first_inference_ms);
  record.memory.after_first = resident_bytes() - start.pool_bytes;
  context.say_phase("running");
  return start;
}

StartRecord measure_start(const StartContext& context) {
  const WorkerTask& task = context.task;
  const Entry& entry = task.entry;
  LoadedStart start = load_start(context);
  StartRecord& record = start.record;

  // DeepDetect's protocol knows no warm-up, so nothing more may run before its loop.
  const bool check_first = entry.protocol != Protocol::dd;
  const auto check = [&] {
    if (task.check_agreement) record.agreement = check_agreement(context, start);
  };
  if (check_first) check();

  record.timer_overhead_ns = timer_overhead_ns();
  record.surroundings.core_roundtrip_before_ns = read_core_distance(entry);
  const LoopPlan plan = loop_plan(entry);
  std::optional<CpuTimes> before;
  {
    const RunningScope running(context.monitor);
    before = read_cpu_times();
    if (entry.mode == Mode::throughput) {
      keep_in_flight(plan, context.monitor, start);
    } else {
      run_one_at_a_time(plan, context.monitor, start);
    }
  }
  compare_cpu_times(before, read_cpu_times(), record.surroundings);
  record.surroundings.core_roundtrip_after_ns = read_core_distance(entry);
  record.memory.peak = std::max(start.peak_before_pool_bytes, peak_resident_bytes() - start.pool_bytes);

  if (!check_first) check();
  if (task.probe_caching) probe_caching(context, *start.requests[0], start.pool[0], record.surroundings);
  return std::move(record);
}

void write_outputs(const StartContext& context) {
  const Entry& entry = context.task.entry;
  const std::unique_ptr<Session> session = context.engine.load(context.model, settings_of(entry));
  context.say_phase("loaded");
  const Requests requests = create_requests(*session, 1);
  const engine::EngineInfo info = context.engine.info();
  ExpectedOutputs expected;
  expected.against = fmt::format("{} {}", info.name, info.version);
  const std::unique_ptr<const Pictures> pictures = open_pictures(entry, *session);
  for (GotOutputs& got : run_agreement_images(context, *session, requests, pictures.get())) {
    if (expected.images.size() < agreement_images(entry, context.task.quantized)) expected.images.push_back(std::move(got.outputs));
  }
  write_expected(expected, context.task.outputs_path);
}

}  // namespace inferometer::measure

#include "load/served_start.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "dataset/data_set.h"
#include "load/connect.h"
#include "load/picture_files.h"
#include "load/server_process.h"
#include "measure/agreement.h"
#include "measure/images.h"
#include "measure/measure_start.h"
#include "measure/pictures.h"
#include "measure/sensors.h"
#include "measure/timed_loop.h"
#include "zoo/zoo.h"

namespace inferometer::load {
namespace {

using measure::Entry;
using measure::StartRecord;
using nlohmann::json;

constexpr const char* kService = "measured";

double milliseconds(Nanoseconds time) { return static_cast<double>(time.count()) * 1e-6; }

/// A folder under the system's temporary one, removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "inferometer-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Error(ErrorCode::io, "cannot make a folder in " + pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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

/// The server with one service of the entry's model.
class ServedModel {
 public:
  ServedModel(const measure::ServedContext& context, const PictureFiles& files)
      : entry_(context.task.entry),
        server_(serve_options(context.task, files),
                std::chrono::milliseconds(static_cast<std::int64_t>(entry_.limits.load_timeout_s * 1e3))),
        address_(find_server("127.0.0.1", server_.port(), std::chrono::seconds(10))) {
    target_.port = server_.port();
    const json made = ask("PUT", fmt::format("/services/{}", kService), service_json(context.task), entry_.limits.load_timeout_s);
    if (made.value("status", json::object()).value("code", 0) != 201) throw refusal(made);
    describe();
  }

  int server_pid() const { return server_.pid(); }
  const std::vector<engine::TensorInfo>& inputs() const { return inputs_; }

  /// One call with these pictures; the server's own time. Throws Error for an answer that is none.
  struct Call {
    Nanoseconds server{0}, client{0};
  };
  Call predict(const std::string& body) {
    const Nanoseconds begin = steady_now();
    const Reply reply = call(target_, address_, "POST", "/predict", body, request_limit_);
    Call result;
    result.client = steady_now() - begin;
    const json answer = parse(reply);
    if (reply.status != 200) throw refusal(answer);
    const double ms = answer.at("head").at("time").get<double>();
    result.server = Nanoseconds(static_cast<std::int64_t>(ms * 1e6));
    return result;
  }

  /// Every output for one image.
  measure::ImageOutputs infer(std::span<const engine::TensorView> views) {
    json body{{"inputs", json::array()}};
    for (std::size_t i = 0; i < views.size(); ++i) {
      const std::vector<float> elements = measure::to_floats(views[i]);
      body["inputs"].push_back({{"name", inputs_[i].name},
                                {"datatype", "FP32"},
                                {"shape", std::vector<std::int64_t>(views[i].shape.begin(), views[i].shape.end())},
                                {"data", elements}});
    }
    const Reply reply = call(target_, address_, "POST", fmt::format("/v2/models/{}/infer", kService), body.dump(), request_limit_);
    const json answer = parse(reply);
    if (reply.status != 200) throw refusal(answer);
    measure::ImageOutputs image;
    for (const json& output : answer.at("outputs")) image.outputs.push_back(output.at("data").get<std::vector<float>>());
    return image;
  }

  /// Total of reading and preparing pictures so far, ms.
  double transform_ms() {
    const json service = ask("GET", fmt::format("/services/{}", kService), {}, 60);
    return service.at("body").at("service_stats").at("total_transform_duration_ms").get<double>();
  }

  /// Bytes at the peak of the engine's process.
  std::int64_t engine_peak_bytes() const {
    std::int64_t peak = 0;
    for (const measure::ProcessTimes& process : measure::descendants(server_.pid()))
      peak = std::max(peak, measure::peak_resident_bytes_of(process.pid));
    return peak;
  }

 private:
  static std::vector<std::string> serve_options(const measure::WorkerTask& task, const PictureFiles& files) {
    const Entry& entry = task.entry;
    return {"--threads",   std::to_string(entry.threads), "--streams",    std::to_string(entry.streams),
            "--data-root", files.root.string(),           "--model-root", std::filesystem::path(task.model_path).parent_path().string()};
  }

  /// Engine, device, precision and settings, as members of parameters.mllib.
  static json library_json(const Entry& entry) {
    json library{{"datatype", entry.precision}};
    for (const auto& [key, value] : entry.engine_settings) library[key] = value;
    if (entry.device == "cpu") return library;
    const std::string digits = entry.device.substr(std::min(entry.device.find_first_of("0123456789"), entry.device.size()));
    const auto number = parse_integer(digits);
    library["gpu"] = true;
    library["gpuid"] = number.value_or(0);
    return library;
  }

  static json service_json(const measure::WorkerTask& task) {
    // As DeepDetect's bench client asks: the picture warped to the network's input. Values as a zoo network expects them.
    json input{{"connector", "image"}};
    const Entry& entry = task.entry;
    // An engine that computes nothing has an input of its own.
    if (const zoo::Network* network = entry.model.zoo && task.computes ? zoo::find(entry.model.name) : nullptr) {
      const zoo::Preprocessing& own = network->preprocessing;
      input["width"] = entry.model.width != 0 ? entry.model.width : network->input_size;
      input["height"] = entry.model.height != 0 ? entry.model.height : network->input_size;
      input["rgb"] = own.channels == zoo::ChannelOrder::rgb;
      input["bw"] = own.channels == zoo::ChannelOrder::grey;
      input["scale"] = own.scale;
      const std::size_t channels = own.channels == zoo::ChannelOrder::grey ? 1 : 3;
      input["mean"] = std::vector<double>(own.mean.begin(), own.mean.begin() + static_cast<std::ptrdiff_t>(channels));
      input["std"] =
          std::vector<double>(own.standard_deviation.begin(), own.standard_deviation.begin() + static_cast<std::ptrdiff_t>(channels));
    }
    return {{"mllib", entry.engine},
            {"type", "supervised"},
            {"description", "measured by its own server"},
            {"parameters", {{"input", input}, {"mllib", library_json(entry)}, {"output", json::object()}}},
            {"model", {{"repository", task.model_path}}}};
  }

  static json parse(const Reply& reply) {
    json answer = json::parse(reply.body, nullptr, false);
    if (!answer.is_object())
      throw Error(ErrorCode::engine_failure, fmt::format("the server answered {} with something that is no JSON object", reply.status));
    return answer;
  }

  json ask(const char* method, const std::string& path, const json& body, double limit_s) {
    const auto limit = std::chrono::milliseconds(static_cast<std::int64_t>(limit_s * 1e3));
    return parse(call(target_, address_, method, path, body.is_null() ? std::string() : body.dump(), limit));
  }

  /// The server's own words; a refusal of the model is the engine's word on the entry.
  static Error refusal(const json& answer) {
    if (const auto error = answer.find("error"); error != answer.end() && error->is_string())
      return {ErrorCode::engine_failure, one_line("the server: " + error->get<std::string>(), 400)};
    const json status = answer.value("status", json::object());
    const std::string words = status.value("dd_msg", status.value("msg", std::string("no reason given")));
    const bool is_request = status.value("code", 0) == 400;
    return {is_request ? ErrorCode::unsupported : ErrorCode::engine_failure, one_line("the server: " + words, 400)};
  }

  /// What the service takes, from its v2 description.
  void describe() {
    const json model = ask("GET", fmt::format("/v2/models/{}", kService), {}, 60);
    for (const json& input : model.at("inputs")) {
      engine::TensorInfo info{input.at("name").get<std::string>(), input.at("shape").get<Shape>(), ElementType::f32};
      if (!info.shape.empty()) info.shape.front() = 1;
      inputs_.push_back(std::move(info));
    }
  }

  const Entry& entry_;
  ServerProcess server_;
  Address address_;
  Target target_;
  std::vector<engine::TensorInfo> inputs_;
  std::chrono::milliseconds request_limit_{static_cast<std::int64_t>(std::max(entry_.limits.request_timeout_s, 60.0) * 1e3)};
};

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
        {"service", kService},
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
  ServedModel model(context, files);
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
    if (task.check_agreement) record.agreement = check_agreement(context, model, record.obtained_precision);
  };
  if (check_first) check();

  record.timer_overhead_ns = measure::timer_overhead_ns();
  record.surroundings.core_roundtrip_before_ns = measure::read_core_distance(entry);
  // The loop's clock is the sum of the server's own times, so samples and stop rule are in these.
  Nanoseconds served{0};
  std::vector<Nanoseconds> client;
  std::size_t next = 0;
  const double transform_before = model.transform_ms();
  const auto before = family_cpu_times();
  std::int64_t calls = 0;
  measure::LoopResult loop = measure::run_timed_loop(
      measure::loop_plan(entry), [&] { return served; },
      [&](std::int64_t) {
        const ServedModel::Call call = model.predict(bodies[next]);
        next = (next + 1) % bodies.size();
        served += call.server;
        client.push_back(call.client);
        ++calls;
        context.monitor.requests.fetch_add(1, std::memory_order_relaxed);
      });
  measure::compare_cpu_times(before, family_cpu_times(), record.surroundings);
  const double transform = model.transform_ms() - transform_before;
  record.surroundings.core_roundtrip_after_ns = measure::read_core_distance(entry);
  Nanoseconds client_time{0};
  const std::size_t kept = loop.samples_ns.size();
  for (std::size_t i = client.size() - kept; i < client.size(); ++i) client_time += client[i];
  if (kept > 0 && calls > 0)
    record.served = measure::ServedTimes{milliseconds(client_time) / static_cast<double>(kept), transform / static_cast<double>(calls)};
  record.samples_ns = std::move(loop.samples_ns);
  record.dropped = loop.dropped;
  record.warmup_requests = loop.warmup_requests;
  record.memory.peak = model.engine_peak_bytes();
  if (!check_first) check();
  return record;
}

}  // namespace inferometer::load

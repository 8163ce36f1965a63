#include "load/served_model.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "measure/images.h"
#include "measure/sensors.h"
#include "zoo/zoo.h"

namespace inferometer::load {
namespace {

using measure::Entry;
using nlohmann::json;

constexpr double kControl_s = 60;  ///< limit of calls that only ask

std::chrono::milliseconds to_limit(double seconds) { return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)); }

std::vector<std::string> serve_options(const measure::WorkerTask& task, const std::filesystem::path& pictures) {
  const Entry& entry = task.entry;
  return {"--threads",    std::to_string(entry.threads),
          "--streams",    std::to_string(entry.streams),
          "--data-root",  pictures.string(),
          "--model-root", std::filesystem::path(task.model_path).parent_path().string()};
}

/// Engine, device, precision and settings, as members of parameters.mllib.
json library_json(const Entry& entry) {
  json library{{"datatype", entry.precision}};
  for (const auto& [key, value] : entry.engine_settings) library[key] = value;
  if (entry.device == "cpu") return library;
  const std::string digits = entry.device.substr(std::min(entry.device.find_first_of("0123456789"), entry.device.size()));
  const auto number = parse_integer(digits);
  library["gpu"] = true;
  library["gpuid"] = number.value_or(0);
  return library;
}

json service_json(const measure::WorkerTask& task) {
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

json parse(const Reply& reply) {
  json answer = json::parse(reply.body, nullptr, false);
  if (!answer.is_object())
    throw Error(ErrorCode::engine_failure, fmt::format("the server answered {} with something that is no JSON object", reply.status));
  return answer;
}

json ask(const Target& target, const Address& address, const char* method, const std::string& path, const json& body, double limit_s) {
  return parse(call(target, address, method, path, body.is_null() ? std::string() : body.dump(), to_limit(limit_s)));
}

/// The server's own words; a refusal of the model is the engine's word on the entry.
Error refusal(const json& answer) {
  if (const auto error = answer.find("error"); error != answer.end() && error->is_string())
    return {ErrorCode::engine_failure, one_line("the server: " + error->get<std::string>(), 400)};
  const json status = answer.value("status", json::object());
  const std::string words = status.value("dd_msg", status.value("msg", std::string("no reason given")));
  const bool is_request = status.value("code", 0) == 400;
  return {is_request ? ErrorCode::unsupported : ErrorCode::engine_failure, one_line("the server: " + words, 400)};
}

/// What the service takes, from its v2 description; the batch is 1.
std::vector<engine::TensorInfo> described_inputs(const json& model) {
  std::vector<engine::TensorInfo> inputs;
  for (const json& input : model.at("inputs")) {
    engine::TensorInfo info{input.at("name").get<std::string>(), input.at("shape").get<Shape>(), ElementType::f32};
    if (!info.shape.empty()) info.shape.front() = 1;
    inputs.push_back(std::move(info));
  }
  return inputs;
}

}  // namespace

ServedModel::ServedModel(const measure::WorkerTask& task, const std::filesystem::path& pictures)
    : entry_(task.entry),
      server_(serve_options(task, pictures), to_limit(entry_.limits.load_timeout_s)),
      address_(find_server("127.0.0.1", server_.port(), std::chrono::seconds(10))),
      request_limit_(to_limit(std::max(entry_.limits.request_timeout_s, kControl_s))) {
  target_.port = server_.port();
  const std::string service = fmt::format("/services/{}", kServedName);
  const json made = ask(target_, address_, "PUT", service, service_json(task), entry_.limits.load_timeout_s);
  if (made.value("status", json::object()).value("code", 0) != 201) throw refusal(made);
  inputs_ = described_inputs(ask(target_, address_, "GET", fmt::format("/v2/models/{}", kServedName), {}, kControl_s));
}

ServedModel::Call ServedModel::predict(const std::string& body) {
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

measure::ImageOutputs ServedModel::infer(std::span<const engine::TensorView> views) {
  json body{{"inputs", json::array()}};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::vector<float> elements = measure::to_floats(views[i]);
    body["inputs"].push_back({{"name", inputs_[i].name},
                              {"datatype", "FP32"},
                              {"shape", std::vector<std::int64_t>(views[i].shape.begin(), views[i].shape.end())},
                              {"data", elements}});
  }
  const Reply reply = call(target_, address_, "POST", fmt::format("/v2/models/{}/infer", kServedName), body.dump(), request_limit_);
  const json answer = parse(reply);
  if (reply.status != 200) throw refusal(answer);
  measure::ImageOutputs image;
  for (const json& output : answer.at("outputs")) image.outputs.push_back(output.at("data").get<std::vector<float>>());
  return image;
}

double ServedModel::transform_ms() {
  const json service = ask(target_, address_, "GET", fmt::format("/services/{}", kServedName), {}, kControl_s);
  return service.at("body").at("service_stats").at("total_transform_duration_ms").get<double>();
}

std::int64_t ServedModel::engine_peak_bytes() const {
  std::int64_t peak = 0;
  for (const measure::ProcessTimes& process : measure::descendants(server_.pid()))
    peak = std::max(peak, measure::peak_resident_bytes_of(process.pid));
  return peak;
}

}  // namespace inferometer::load

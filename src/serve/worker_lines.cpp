#include "serve/worker_lines.h"

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::serve {
namespace {

nlohmann::json tensors_json(const std::vector<engine::TensorInfo>& tensors) {
  nlohmann::json json = nlohmann::json::array();
  for (const engine::TensorInfo& tensor : tensors) {
    json.push_back({{"name", to_utf8(tensor.name)}, {"shape", tensor.shape}, {"type", name_of(tensor.type)}});
  }
  return json;
}

std::vector<engine::TensorInfo> read_tensors(const nlohmann::json& json) {
  std::vector<engine::TensorInfo> tensors;
  for (const auto& each : json) {
    const auto type = element_type(each.at("type").get<std::string>());
    if (!type) throw Error(ErrorCode::internal, "a worker named an unknown element type");
    tensors.push_back({each.at("name").get<std::string>(), each.at("shape").get<Shape>(), *type});
  }
  return tensors;
}

}  // namespace

void to_json(nlohmann::json& json, const LoadLine& line) {
  json = {{"plugin", line.plugin}, {"model_path", line.model_path}, {"entry", line.entry}, {"largest_batch", line.largest_batch}};
}

void from_json(const nlohmann::json& json, LoadLine& line) {
  json.at("plugin").get_to(line.plugin);
  json.at("model_path").get_to(line.model_path);
  json.at("entry").get_to(line.entry);
  json.at("largest_batch").get_to(line.largest_batch);
}

void to_json(nlohmann::json& json, const WorkerModel& model) {
  json = {{"inputs", tensors_json(model.inputs)},
          {"outputs", tensors_json(model.outputs)},
          {"obtained",
           {{"device", model.obtained.device},
            {"precision", model.obtained.precision},
            {"threads", model.obtained.threads},
            {"streams", model.obtained.streams},
            {"own", model.obtained.own}}},
          {"largest_batch", model.largest_batch},
          {"load_ms", model.load_ms}};
}

void from_json(const nlohmann::json& json, WorkerModel& model) {
  model.inputs = read_tensors(json.at("inputs"));
  model.outputs = read_tensors(json.at("outputs"));
  const nlohmann::json& obtained = json.at("obtained");
  obtained.at("device").get_to(model.obtained.device);
  obtained.at("precision").get_to(model.obtained.precision);
  obtained.at("threads").get_to(model.obtained.threads);
  obtained.at("streams").get_to(model.obtained.streams);
  obtained.at("own").get_to(model.obtained.own);
  json.at("largest_batch").get_to(model.largest_batch);
  json.at("load_ms").get_to(model.load_ms);
}

std::vector<std::size_t> item_bytes(const std::vector<engine::TensorInfo>& tensors) {
  std::vector<std::size_t> bytes;
  for (const engine::TensorInfo& tensor : tensors) {
    bytes.push_back(static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type));
  }
  return bytes;
}

}  // namespace inferometer::serve

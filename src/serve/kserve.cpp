#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "serve/application.h"
#include "serve/infer_request.h"
#include "serve/predict.h"
#include "serve/status_error.h"
#include "serve/tensor_text.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

constexpr const char* kHeaderLength = "Inference-Header-Content-Length";
constexpr const char* kVersion = "1";  // of every model: a service is made anew rather than kept in versions

HttpResponse answer(const json& body) { return {.body = body.dump(-1, ' ', false, json::error_handler_t::replace)}; }

StatusError no_route(const HttpRequest& request) {
  return {404, DdCode::none,
          fmt::format("{} {} is not a route of the v2 protocol", one_line(request.method, 20), one_line(request.target, 200))};
}

std::shared_ptr<Service> find_service(const Shared& shared, const std::string& name) {
  std::shared_ptr<Service> service = shared.registry.find(name);
  if (!service) throw StatusError(404, DdCode::service_not_found, fmt::format("there is no model '{}'", one_line(to_utf8(name), 200)));
  return service;
}

/// Shapes with -1 for the batch.
json tensors_json(const std::vector<engine::TensorInfo>& tensors) {
  json list = json::array();
  for (const engine::TensorInfo& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"datatype", v2_name(tensor.type)}, {"shape", shape_of(tensor, -1)}});
  }
  return list;
}

HttpResponse answer_server() {
  return answer({{"name", "inferometer"}, {"version", INFEROMETER_VERSION}, {"extensions", {"binary_tensor_data"}}});
}

HttpResponse answer_model(const Service& service) {
  const WorkerModel& model = service.worker().model();
  return answer({{"name", service.description().name},
                 {"versions", {kVersion}},
                 {"platform", service.description().engine},
                 {"inputs", tensors_json(model.inputs)},
                 {"outputs", tensors_json(model.outputs)}});
}

HttpResponse answer_ready(const Service& service) {
  if (!service.worker().alive()) {
    throw StatusError(400, DdCode::none,
                      fmt::format("the model '{}' is not ready: {}", service.description().name, service.worker().failure()));
  }
  return answer({{"name", service.description().name}, {"ready", true}});
}

HttpResponse answer_index(const Shared& shared) {
  json list = json::array();
  for (const auto& service : shared.registry.all()) {
    const bool alive = service->worker().alive();
    json& row =
        list.emplace_back(json{{"name", service->description().name}, {"version", kVersion}, {"state", alive ? "READY" : "UNAVAILABLE"}});
    if (!alive) row["reason"] = service->worker().failure();
  }
  return answer(list);
}

/// The JSON of an answer, with the tensors written straight into its text, and the bytes behind it.
HttpResponse infer_answer(const Service& service, const InferRequest& request, const TensorResult& result) {
  std::string text = fmt::format(R"({{"model_name":{},"model_version":"{}")", json(service.description().name).dump(), kVersion);
  if (request.id) text += fmt::format(R"(,"id":{})", json(*request.id).dump());
  text += R"(,"outputs":[)";
  std::string binary;
  bool any_binary = false;
  for (const WantedOutput& wanted : request.outputs) {
    const engine::TensorInfo& tensor = service.worker().model().outputs[wanted.index];
    const TensorForm form{tensor.name, tensor.type, shape_of(tensor, static_cast<std::int64_t>(request.count))};
    const std::vector<std::byte>& bytes = result.outputs.at(wanted.index);
    if (bytes.size() != static_cast<std::size_t>(element_count(form.shape)) * size_of(form.type)) {
      throw StatusError(500, DdCode::internal_error, fmt::format("output '{}' has no batch as its first dimension", form.name));
    }
    if (text.back() != '[') text += ',';
    text += fmt::format(R"({{"name":{},"datatype":"{}","shape":{},)", json(form.name).dump(-1, ' ', false, json::error_handler_t::replace),
                        v2_name(form.type), json(form.shape).dump());
    if (wanted.is_binary) {
      any_binary = true;
      text += fmt::format(R"("parameters":{{"binary_data_size":{}}})", bytes.size());
      binary.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
      text += R"("data":)";
      append_elements(text, bytes, form);
    }
    text += '}';
  }
  text += "]}";
  HttpResponse response;
  if (any_binary) {
    response.headers.emplace_back(kHeaderLength, std::to_string(text.size()));
    response.content_type = "application/octet-stream";
    text += binary;
  }
  response.body = std::move(text);
  return response;
}

HttpResponse answer_infer(const Shared& shared, Service& service, const HttpRequest& http) {
  const Nanoseconds start = steady_now();
  try {
    const auto header = http.headers.find("inference-header-content-length");
    const auto length = header == http.headers.end() ? std::nullopt : std::optional<std::string_view>(header->second);
    const InferRequest request = read_infer_request(http.body, length, service.worker().model(), shared.options.inputs.items);
    const Nanoseconds read = steady_now();
    const TensorResult result = infer_tensors(service, request.inputs, request.count, shared.options.call_timeout);
    HttpResponse response = infer_answer(service, request, result);
    service.count_success(request.count, steady_now() - start, read - start, result.inference);
    return response;
  } catch (...) {
    service.count_failure();
    throw;
  }
}

/// What follows /v2/models/{name}[/versions/{version}].
HttpResponse answer_model_route(const Shared& shared, const HttpRequest& request) {
  const std::vector<std::string>& path = request.path;
  std::size_t rest = 3;
  const bool has_version = path.size() >= 5 && path[3] == "versions";
  if (has_version) rest = 5;
  const std::string action = path.size() == rest ? "" : path[rest];
  const bool is_infer = action == "infer" && request.method == "POST";
  const bool is_known = is_infer || (request.method == "GET" && (action == "ready" || path.size() == rest));
  if (path.size() > rest + 1 || !is_known) throw no_route(request);
  const std::shared_ptr<Service> service = find_service(shared, path[2]);
  if (has_version && path[4] != kVersion) {
    throw StatusError(
        404, DdCode::none,
        fmt::format("the model '{}' has no version '{}', only {}", service->description().name, one_line(path[4], 50), kVersion));
  }
  if (is_infer) return answer_infer(shared, *service, request);
  return action.empty() ? answer_model(*service) : answer_ready(*service);
}

}  // namespace

HttpResponse kserve_refusal(int status, const std::string& message) {
  HttpResponse response = answer({{"error", message}});
  response.status = status;
  return response;
}

HttpResponse answer_kserve(Shared& shared, const HttpRequest& request) {
  const std::vector<std::string>& path = request.path;
  if (path.size() >= 3 && path[1] == "models") return answer_model_route(shared, request);
  const std::string route = request.method + " /" + join(path, "/");
  if (route == "GET /v2") return answer_server();
  if (route == "GET /v2/health/live") return answer({{"live", true}});
  if (route == "GET /v2/health/ready") return answer({{"ready", true}});
  if (route == "POST /v2/repository/index") return answer_index(shared);
  throw no_route(request);
}

}  // namespace inferometer::serve

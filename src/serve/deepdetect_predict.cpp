#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "serve/application.h"
#include "serve/deepdetect_answer.h"
#include "serve/deepdetect_body.h"
#include "serve/deepdetect_members.h"
#include "serve/deepdetect_routes.h"
#include "serve/predict.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

std::shared_ptr<Service> service_of(const Shared& shared, const json& members) {
  const auto name = members.find("service");
  if (name == members.end()) throw StatusError(400, DdCode::none, "service is missing");
  if (!name->is_string()) throw StatusError(400, DdCode::none, fmt::format("service: must be a string, is {}", name->type_name()));
  std::shared_ptr<Service> service = shared.registry.find(name->get_ref<const std::string&>());
  if (!service) {
    throw StatusError(404, DdCode::service_not_found, fmt::format("no service '{}'", one_line(name->get_ref<const std::string&>(), 200)));
  }
  return service;
}

void require_strings(const DeepDetectBody& body, const InputLimits& limits) {
  switch (body.data_kind) {
    case DataKind::begins_with_null: throw StatusError(400, DdCode::none, "data begins with null");
    case DataKind::mixed: throw StatusError(400, DdCode::bad_request, "data: every item must be a string");
    case DataKind::not_an_array: throw StatusError(400, DdCode::bad_request, "data: must be an array of strings");
    case DataKind::absent:
    case DataKind::strings: break;
  }
  if (body.data_items > limits.items) {
    throw StatusError(413, DdCode::none, fmt::format("data has {} items; {} can be in one call", body.data_items, limits.items));
  }
}

/// What one call gave, and how long it took: reading of inputs and inference.
struct Answered {
  std::string predictions;  ///< the elements of body.predictions
  std::size_t images = 0;
  std::chrono::nanoseconds time{0}, transform{0}, inference{0};
};

Answered predict(const ServeOptions& options, Service& service, const DeepDetectBody& body) {
  const Parameters call = read_parameters(body.members);
  require_strings(body, options.inputs);
  refuse_what_is_not_built(call);
  const json& kept = service.description().parameters;
  const Parameters all = overridden({kept.at("input"), kept.at("mllib"), kept.at("output")}, call);
  const ClassSelection selection = class_selection(all.output);
  const dataset::Preprocessor preprocessor = service.preprocessor(picture_changes(all.input, service.geometry()));
  if (body.data.empty()) throw StatusError(400, DdCode::service_input, "missing data");

  const Nanoseconds begin = steady_now();
  const std::vector<DataItem> items = resolve_items(body.data, options.inputs);
  const Prediction prediction = predict_items(service, items, preprocessor, options.inputs, options.call_timeout);
  Answered answered;
  answered.time = steady_now() - begin;
  answered.images = items.size();
  answered.transform = prediction.transform;
  answered.inference = prediction.inference;
  const auto label = [&service](std::int64_t index) { return service.label(index); };
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) answered.predictions += ',';
    append_prediction(answered.predictions, items[i].uri, prediction.scores.at(i), selection, label);
  }
  return answered;
}

}  // namespace

HttpResponse answer_predict(Shared& shared, const HttpRequest& request) {
  const DeepDetectBody body = parse_body(request.body, shared.options.inputs.items);
  const std::shared_ptr<Service> service = service_of(shared, body.members);
  Answered answered;
  try {
    answered = predict(shared.options, *service, body);
  } catch (const Error& error) {
    service->count_failure();
    throw as_status(error);
  } catch (...) {
    service->count_failure();
    throw;
  }
  service->count_success(answered.images, answered.time, answered.transform, answered.inference);
  // Clients divide by the mean of this.
  const double time_ms = std::max(std::chrono::duration<double, std::milli>(answered.time).count(), 1e-6);
  HttpResponse response;
  response.body = fmt::format(
      R"({{"status":{{"code":200,"msg":"OK"}},"head":{{"method":"/predict","service":{},"time":{}}},"body":{{"predictions":[{}]}}}})",
      json_string(service->description().name), json(time_ms).dump(), answered.predictions);
  return response;
}

}  // namespace inferometer::serve

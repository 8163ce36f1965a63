#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "serve/application.h"
#include "serve/deepdetect_answer.h"
#include "serve/deepdetect_routes.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

/// Theirs gives -1 ms before the first call, which in seconds is -0.001.
constexpr double kNoAverage = -1;
constexpr double kMsPerSecond = 1000;

json statistics_of(const Service& service) {
  const ServiceCounts counts = service.counts();
  const auto calls = static_cast<double>(counts.predict_success);
  const auto average = [&](double total) { return counts.predict_success == 0 ? kNoAverage : total / calls; };
  const double predict_ms = average(counts.total_predict_ms), transform_ms = average(counts.total_transform_ms);
  return {{"inference_count", counts.inference_count},
          {"predict_count", counts.predict_success + counts.predict_failure},
          {"predict_success", counts.predict_success},
          {"predict_failure", counts.predict_failure},
          {"avg_batch_size", average(static_cast<double>(counts.inference_count))},
          {"avg_predict_duration_ms", predict_ms},
          {"avg_transform_duration_ms", transform_ms},
          {"avg_predict_duration_s", predict_ms / kMsPerSecond},
          {"avg_transform_duration_s", transform_ms / kMsPerSecond},
          {"avg_predict_duration", predict_ms / kMsPerSecond},
          {"avg_transform_duration", transform_ms / kMsPerSecond},
          {"total_predict_duration_ms", counts.total_predict_ms},
          {"total_transform_duration_ms", counts.total_transform_ms},
          {"total_inference_duration_ms", counts.total_inference_ms}};  // ours: the engine alone
}

/// Members that are zero are left out, as theirs does.
json cost_of(const Service& service) {
  const measure::ModelFacts& facts = service.model().facts;
  json cost = json::object();
  if (facts.parameters.value_or(0) > 0) cost["params"] = *facts.parameters;
  if (facts.macs.value_or(0) > 0) cost["gflops"] = static_cast<double>(*facts.macs) / 1e9;
  return cost;
}

json labels_of(const Service& service) {
  json labels = json::array();
  if (service.model().labels.empty()) return labels;
  for (std::int64_t index = 0; index < service.classes(); ++index) labels.push_back(service.label(index));
  return labels;
}

std::string engines_text(const measure::EngineCatalog& catalog) {
  std::vector<std::string> engines;
  for (const measure::EngineHere& engine : catalog.engines) {
    if (engine.info.usable) engines.push_back(fmt::format("{} {}", engine.info.name, engine.info.version));
  }
  return join(engines, ", ");
}

#ifdef NDEBUG
constexpr const char* kBuildType = "release";
#else
constexpr const char* kBuildType = "debug";
#endif

}  // namespace

bool query_flag(const HttpRequest& request, const char* name, bool otherwise) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  if (found->second == "true" || found->second == "1") return true;
  if (found->second == "false" || found->second == "0") return false;
  throw StatusError(400, DdCode::bad_request, fmt::format("query {}: '{}' is not true, false, 1 or 0", name, one_line(found->second, 60)));
}

json service_object(const Service& service, bool with_jobs, bool with_labels) {
  const ServiceDescription& description = service.description();
  const WorkerModel& loaded = service.worker().model();
  json object = {{"name", description.name},
                 {"description", description.description},
                 {"mllib", description.mllib},
                 {"mltype", description.mltype},
                 {"type", description.type},
                 {"parameters", description.parameters},
                 {"predict", true},
                 {"training", false},
                 {"stats", cost_of(service)},
                 {"repository", description.repository},
                 {"width", service.geometry().width},
                 {"height", service.geometry().height},
                 {"service_stats", statistics_of(service)},
                 {"engine",
                  {{"name", description.engine},
                   {"device", loaded.obtained.device},
                   {"precision", loaded.obtained.precision},
                   {"threads", loaded.obtained.threads},
                   {"alive", service.worker().alive()}}}};
  object["model_stats"] = object["stats"];
  if (with_jobs) object["jobs"] = json::array();
  if (with_labels) object["labels"] = labels_of(service);
  return object;
}

HttpResponse answer_info(Shared& shared, const HttpRequest& request) {
  const bool with_jobs = query_flag(request, "status", false);
  json services = json::array();
  for (const std::shared_ptr<Service>& service : shared.registry.all()) services.push_back(service_object(*service, with_jobs, false));
  return deepdetect_answer(200, {{"head",
                                  {{"method", "/info"},
                                   {"build-type", kBuildType},
                                   {"version", INFEROMETER_VERSION},
                                   {"branch", ""},
                                   {"commit", ""},
                                   {"compile_flags", __VERSION__},
                                   {"deps_version", engines_text(shared.engines)},
                                   {"services", std::move(services)}}}});
}

}  // namespace inferometer::serve

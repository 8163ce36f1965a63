#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "measure/models.h"
#include "measure/plan.h"
#include "serve/application.h"
#include "serve/deepdetect_answer.h"
#include "serve/deepdetect_body.h"
#include "serve/deepdetect_members.h"
#include "serve/deepdetect_routes.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

/// Of what a service keeps of its creation and shows in every answer.
constexpr std::size_t kMostEcho = 65536;
constexpr std::size_t kMostName = 1024;

const std::string& name_in(const HttpRequest& request) { return request.path.at(1); }

[[noreturn]] void unknown_route() {
  throw StatusError(404, DdCode::none, "no such call; see the routes of GET /info, /services/{name}, POST /predict");
}

/// The engine that a library's name means here.
const measure::EngineHere& engine_for(const Shared& shared, const std::string& library) {
  const std::string name = library == "caffe" ? shared.options.default_engine : library;
  const measure::EngineHere* engine = shared.engines.find(name);
  if (engine == nullptr || !engine->built) {
    throw StatusError(404, DdCode::unknown_library, fmt::format("no engine '{}' was built here", one_line(library, 60)));
  }
  if (!engine->loadable || !engine->info.usable) {
    throw StatusError(400, DdCode::service_bad_request, fmt::format("{} cannot be used here: {}", name, engine->info.reason));
  }
  return *engine;
}

/// A creation's request, its required members checked.
struct Creation {
  std::string library, connector, repository, type, description;
  Parameters parameters;
};

std::string required_text(const Members& members, const char* name) {
  std::optional<std::string> text = members.text(name);
  if (!text) throw StatusError(400, DdCode::bad_request, fmt::format("{} is missing", members.path(name)));
  return *std::move(text);
}

Creation read_creation(const HttpRequest& request) {
  const DeepDetectBody body = parse_body(request.body, 0);
  const Members members(&body.members, "", DdCode::bad_request);
  Creation creation;
  creation.library = required_text(members, "mllib");
  creation.parameters = read_parameters(body.members);
  creation.connector = required_text({&creation.parameters.input, "parameters.input.", DdCode::bad_request}, "connector");
  creation.repository = Members(members.object("model"), "model.", DdCode::bad_request).text("repository").value_or("");
  creation.type = members.text("type").value_or("supervised");
  creation.description = members.text("description").value_or("");
  return creation;
}

json echo_of(const Creation& creation) {
  json echo = {{"input", creation.parameters.input}, {"mllib", creation.parameters.mllib}, {"output", creation.parameters.output}};
  const std::size_t bytes = echo.dump(-1, ' ', false, json::error_handler_t::replace).size() + creation.description.size();
  if (bytes > kMostEcho) {
    throw StatusError(400, DdCode::service_bad_request,
                      fmt::format("parameters and description take {} bytes; {} can be kept", bytes, kMostEcho));
  }
  return echo;
}

WorkerOptions worker_options(const Shared& shared, const measure::EngineHere& engine, const Creation& creation,
                             const RepositoryModel& model) {
  const ServeOptions& options = shared.options;
  const EngineRequest asked = engine_request(creation.parameters.mllib, engine.info);
  WorkerOptions worker;
  worker.plugin = shared.engines.plugins.at(engine.info.name);
  worker.entry.model = model.model;
  worker.entry.engine = engine.info.name;
  worker.entry.engine_version = engine.info.version;
  worker.entry.engine_settings = asked.settings;
  worker.entry.device = asked.device;
  worker.entry.precision = asked.precision;
  worker.entry.threads = options.threads > 0 ? options.threads : measure::default_threads();
  worker.entry.streams = options.streams;
  worker.model_path = measure::model_file_path(model.model, engine.info, asked.precision).string();
  worker.merged_batch = options.max_batch;
  worker.merge_delay = options.max_delay;
  return worker;
}

std::shared_ptr<Service> make_service(const Shared& shared, const std::string& name, const Creation& creation) {
  const measure::EngineHere& engine = engine_for(shared, creation.library);
  const InputSize size = asked_size(creation.parameters.input);
  RepositoryModel model = open_repository(creation.repository, shared.options.model_roots, size.height, size.width);
  if (creation.type != "supervised") {
    throw StatusError(400, DdCode::service_bad_request, fmt::format("type: '{}' is not built, supervised is", one_line(creation.type, 60)));
  }
  if (creation.connector != "image") {
    throw StatusError(404, DdCode::input_connector_not_found,
                      fmt::format("no connector '{}'; image is built", one_line(creation.connector, 60)));
  }
  refuse_what_is_not_built(creation.parameters);
  (void)class_selection(creation.parameters.output);
  ServiceDescription description;
  description.name = service_name(name);
  description.description = creation.description;
  description.mllib = creation.library;
  description.engine = engine.info.name;
  description.repository = creation.repository;
  description.parameters = echo_of(creation);
  auto worker = std::make_unique<Worker>(worker_options(shared, engine, creation, model));
  const dataset::PreprocessingChanges changes = picture_changes(creation.parameters.input, picture_geometry(worker->model()));
  auto service = std::make_shared<Service>(std::move(description), std::move(model), std::move(worker), changes);
  (void)service->preprocessor({});  // what cannot be prepared is refused now and not at the first picture
  return service;
}

HttpResponse create(Shared& shared, const HttpRequest& request) {
  const std::string& name = name_in(request);
  if (name.empty()) throw StatusError(404, DdCode::none, "the service's name is empty");
  if (name.size() > kMostName)
    throw StatusError(400, DdCode::bad_request, fmt::format("the service's name has {} bytes; {} can be", name.size(), kMostName));
  if (!is_valid_utf8(name)) throw StatusError(400, DdCode::bad_request, "the service's name is not UTF-8");
  const std::unique_ptr<Registry::Reservation> reservation = shared.registry.reserve(name);
  const Creation creation = read_creation(request);
  try {
    reservation->add(make_service(shared, name, creation));
  } catch (const Error& error) {
    throw as_status(error);
  }
  return deepdetect_answer(201, json::object());
}

HttpResponse show(const Shared& shared, const HttpRequest& request) {
  const bool with_jobs = query_flag(request, "status", true), with_labels = query_flag(request, "labels", false);
  const std::shared_ptr<Service> service = shared.registry.find(name_in(request));
  if (!service) throw StatusError(404, DdCode::service_not_found, fmt::format("no service '{}'", one_line(name_in(request), 200)));
  return deepdetect_answer(200, {{"body", service_object(*service, with_jobs, with_labels)}});
}

HttpResponse remove(Shared& shared, const HttpRequest& request) {
  constexpr std::array<std::string_view, 4> kRemovesFiles{"lib", "full", "dir", "index"};
  const std::string& name = name_in(request);
  if (!shared.registry.find(name)) throw StatusError(404, DdCode::none, fmt::format("no service '{}'", one_line(name, 200)));
  const auto clear = request.query.find("clear");
  if (clear != request.query.end() && std::find(kRemovesFiles.begin(), kRemovesFiles.end(), clear->second) != kRemovesFiles.end()) {
    throw StatusError(403, DdCode::none,
                      fmt::format("clear={} would remove files; this server removes none, the service is kept", clear->second));
  }
  if (!shared.registry.remove(name)) throw StatusError(404, DdCode::none, fmt::format("no service '{}'", one_line(name, 200)));
  return deepdetect_answer(200, json::object());
}

}  // namespace

StatusError as_status(const Error& error) {
  const bool of_request = error.code() == ErrorCode::usage || error.code() == ErrorCode::input || error.code() == ErrorCode::unsupported;
  std::string message = one_line(error.what());
  if (!error.hint().empty()) message += "; " + one_line(error.hint());
  return of_request ? StatusError(400, DdCode::service_bad_request, message) : StatusError(500, DdCode::internal_error, message);
}

HttpResponse answer_service(Shared& shared, const HttpRequest& request) {
  if (request.path.size() != 2) unknown_route();
  if (request.method == "PUT" || request.method == "POST") return create(shared, request);
  if (request.method == "GET") return show(shared, request);
  if (request.method == "DELETE") return remove(shared, request);
  unknown_route();
}

}  // namespace inferometer::serve

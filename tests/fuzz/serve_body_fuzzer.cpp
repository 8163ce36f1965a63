// Any body of a creation, a predict call or a v2 inference gets an answer or one of the documented statuses; never anything else.
// The first byte chooses the call, the rest is the body. The worker is one that computes in place, so that a run takes microseconds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "serve/application.h"
#include "serve/status_error.h"

namespace inferometer::serve {

constexpr std::size_t kPixels = 3 * 8 * 8, kClasses = 10;

struct Places::State {
  std::vector<std::vector<float>> inputs, outputs;
};
Places::Places(std::unique_ptr<State> state) : state_(std::move(state)) {}
Places::Places(Places&&) noexcept = default;
Places& Places::operator=(Places&&) noexcept = default;
Places::~Places() = default;
std::size_t Places::count() const { return state_->inputs.size(); }
std::span<std::byte> Places::input(std::size_t, std::size_t item) { return std::as_writable_bytes(std::span(state_->inputs.at(item))); }
void Places::start() {
  for (std::size_t i = 0; i < count(); ++i) std::copy_n(state_->inputs[i].begin(), kClasses, state_->outputs[i].begin());
}
void Places::wait(std::chrono::milliseconds) {}
std::span<const std::byte> Places::output(std::size_t, std::size_t item) const {
  return std::as_bytes(std::span(state_->outputs.at(item)));
}
std::chrono::nanoseconds Places::inference_time() const { return std::chrono::nanoseconds(1); }
std::size_t Places::inference_items() const { return count(); }
Nanoseconds Places::finished() const { return steady_now(); }

struct Worker::State {
  WorkerModel model;
};
Worker::Worker(const WorkerOptions&) : state_(std::make_unique<State>()) {
  state_->model.inputs = {{"input", {1, 3, 8, 8}, ElementType::f32}};
  state_->model.outputs = {{"output", {1, static_cast<std::int64_t>(kClasses)}, ElementType::f32}};
  state_->model.largest_batch = 4;
}
Worker::~Worker() = default;
const WorkerModel& Worker::model() const { return state_->model; }
Places Worker::take(std::size_t items, std::chrono::milliseconds) {
  auto places = std::make_unique<Places::State>();
  places->inputs.assign(items, std::vector<float>(kPixels));
  places->outputs.assign(items, std::vector<float>(kClasses));
  return Places(std::move(places));
}
WorkerCounts Worker::counts() const { return {}; }
bool Worker::alive() const { return true; }
std::string Worker::failure() const { return {}; }
std::int64_t Worker::resident_bytes() const { return 0; }
int Worker::process() const { return 1; }

namespace {

void require(bool well) {
  if (!well) std::abort();
}

measure::EngineCatalog catalog() {
  measure::EngineHere engine;
  engine.built = engine.loadable = true;
  engine.info.name = "fake";
  engine.info.usable = true;
  engine.info.devices = {{"cpu", "", {"fp32"}}, {"cuda:0", "", {"fp32", "fp16"}}};
  engine.info.settings = {{"delay_ms", {}}};
  return {{engine}, {{"fake", "fake.so"}}};
}

Shared& shared() {
  static Shared& instance = []() -> Shared& {
    static Shared made{.options = {}, .engines = catalog(), .registry = Registry(4)};
    made.options.default_engine = "fake";
    made.options.threads = 1;
    made.options.inputs.items = 8;
    made.options.inputs.pixels = 1 << 16;
    ServiceDescription description;
    description.name = "net";
    description.parameters = {
        {"input", {{"connector", "image"}}}, {"mllib", nlohmann::json::object()}, {"output", nlohmann::json::object()}};
    auto service = std::make_shared<Service>(std::move(description), RepositoryModel{}, std::make_unique<Worker>(WorkerOptions{}),
                                             dataset::PreprocessingChanges{});
    made.registry.reserve("net")->add(std::move(service));
    return made;
  }();
  return instance;
}

using Handler = HttpResponse (*)(Shared&, const HttpRequest&);

/// The statuses of docs/serving.md that a body can lead to.
bool is_documented(int status, DdCode code) {
  switch (status) {
    case 400:
      return code == DdCode::none || code == DdCode::bad_request || code == DdCode::service_input || code == DdCode::service_bad_request;
    case 404: return code == DdCode::unknown_library || code == DdCode::service_not_found || code == DdCode::input_connector_not_found;
    case 413: return code == DdCode::none;
    case 500: return code == DdCode::internal_error;
    default: return false;
  }
}

void check_answer(const HttpResponse& response, bool deepdetect) {
  const nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  if (!deepdetect) return;  // a v2 answer may carry bytes behind its JSON
  require(body.is_object() && body.at("status").at("code").get<int>() == response.status);
}

void call(Handler handler, HttpRequest& request, bool deepdetect) {
  try {
    check_answer(handler(shared(), request), deepdetect);
  } catch (const StatusError& error) {
    const std::string_view message = error.what();
    require(!message.empty() && message.find_first_of("\r\n") == std::string_view::npos && message.size() < 4096);
    if (deepdetect) require(is_documented(error.http(), error.code()));
    require(error.http() >= 400 && error.http() < 504);
    check_answer(deepdetect_refusal(error.http(), static_cast<int>(error.code()), error.what()), true);
  }
}

}  // namespace
}  // namespace inferometer::serve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer::serve;
  if (size == 0) return 0;
  HttpRequest request;
  request.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'P':
      request.method = "PUT";
      request.path = {"services", "made"};
      call(answer_service, request, true);
      shared().registry.remove("made");
      break;
    case 'K':
      request.method = "POST";
      request.path = {"v2", "models", "net", "infer"};
      call(answer_kserve, request, false);
      break;
    case 'B': {  // a v2 body whose JSON ends at the last brace
      const std::size_t brace = request.body.rfind('}');
      request.method = "POST";
      request.path = {"v2", "models", "net", "infer"};
      request.headers["inference-header-content-length"] = std::to_string(brace == std::string::npos ? request.body.size() : brace + 1);
      call(answer_kserve, request, false);
      break;
    }
    default:
      request.method = "POST";
      request.path = {"predict"};
      call(answer_predict, request, true);
  }
  return 0;
}

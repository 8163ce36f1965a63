#include "load/server_facts.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::load {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kAsk{30'000};
constexpr milliseconds kCreate{2'000'000};  // what DeepDetect's own client waits

/// The text under a path of members, "" where there is none. A number is written as one.
std::string text_at(const json& object, const char* pointer) {
  const json::json_pointer at{pointer};
  if (!object.contains(at)) return {};
  const json& value = object.at(at);
  return value.is_string() ? value.get<std::string>() : value.is_primitive() && !value.is_null() ? value.dump() : std::string{};
}

std::optional<double> number_at(const json& object, const char* pointer) {
  const json::json_pointer at{pointer};
  if (!object.contains(at) || !object.at(at).is_number()) return std::nullopt;
  return object.at(at).get<double>();
}

/// "404 NotFound: Service Not Found" of either interface, or the answer's beginning.
std::string words_of(const Reply& reply) {
  const json body = json::parse(reply.body, nullptr, false);
  std::vector<std::string> words;
  if (body.is_object()) {
    for (const char* pointer : {"/status/msg", "/status/dd_msg", "/error"}) {
      if (std::string word = text_at(body, pointer); !word.empty()) words.push_back(std::move(word));
    }
  }
  if (words.empty()) words.push_back(to_utf8(std::string_view(reply.body).substr(0, 200)));
  return one_line(fmt::format("{} {}", reply.status, join(words, ": ")), 300);
}

bool is_good(const Reply& reply) { return reply.status >= 200 && reply.status <= 299; }

json get_json(const Target& target, const Address& address, const std::string& path, const std::string& what, const std::string& hint) {
  const Reply reply = call(target, address, "GET", path, {}, kAsk);
  if (!is_good(reply)) throw Error(ErrorCode::input, fmt::format("{}: {} answered {}", what, path, words_of(reply)), hint);
  json body = json::parse(reply.body, nullptr, false);
  if (!body.is_object()) throw Error(ErrorCode::input, fmt::format("{}: {} answered no JSON object", what, path), hint);
  return body;
}

std::optional<ServiceCounters> counters_of(const json& service) {
  const auto predict = number_at(service, "/body/service_stats/total_predict_duration_ms");
  const auto transform = number_at(service, "/body/service_stats/total_transform_duration_ms");
  const auto success = number_at(service, "/body/service_stats/predict_success");
  const auto failure = number_at(service, "/body/service_stats/predict_failure");
  const auto images = number_at(service, "/body/service_stats/inference_count");
  if (!predict || !transform || !success || !failure || !images) return std::nullopt;
  return ServiceCounters{static_cast<std::int64_t>(*success),
                         static_cast<std::int64_t>(*failure),
                         static_cast<std::int64_t>(*images),
                         *predict,
                         *transform,
                         number_at(service, "/body/service_stats/total_inference_duration_ms")};
}

ServerFacts ask_deepdetect(const Target& target, const Address& address, const std::string& prefix, const std::string& name) {
  const json info = get_json(target, address, prefix + "/info", target.host, "does this server speak DeepDetect's interface? --api tells");
  if (!info.contains("head")) {
    throw Error(ErrorCode::input, fmt::format("{}: /info answered without `head`", address.text),
                "does this server speak DeepDetect's interface? --api tells");
  }
  const json service = get_json(target, address, fmt::format("{}/services/{}", prefix, percent_encode(name)),
                                fmt::format("--service {}", name), "`--create REPOSITORY` makes one for the time of the load");
  ServerFacts facts;
  facts.server = "deepdetect";
  facts.version = text_at(info, "/head/version");
  facts.model = text_at(service, "/body/repository");
  facts.engine = text_at(service, "/body/engine/name");
  if (facts.engine.empty()) facts.engine = text_at(service, "/body/mllib");
  if (const auto batch = number_at(service, "/body/parameters/mllib/maxBatchSize")) facts.batch = static_cast<std::int64_t>(*batch);
  facts.counters = counters_of(service);
  return facts;
}

/// Of a shape [-1, c, h, w]; nullopt for another.
std::optional<dataset::InputGeometry> geometry_of(const json& input) {
  if (!input.contains("shape") || !input["shape"].is_array() || input["shape"].size() != 4) return std::nullopt;
  std::vector<std::int64_t> shape;
  for (const json& extent : input["shape"]) {
    if (!extent.is_number_integer()) return std::nullopt;
    shape.push_back(extent.get<std::int64_t>());
  }
  if ((shape[1] != 1 && shape[1] != 3) || shape[2] < 1 || shape[3] < 1) return std::nullopt;
  return dataset::InputGeometry{shape[1], shape[2], shape[3]};
}

ServerFacts ask_kserve(const Target& target, const Address& address, const std::string& prefix, const std::string& name) {
  const char* hint = "does this server speak the v2 interface, and know this model? --api and --model tell";
  const json server = get_json(target, address, prefix + "/v2", target.host, hint);
  const json model =
      get_json(target, address, fmt::format("{}/v2/models/{}", prefix, percent_encode(name)), fmt::format("--model {}", name), hint);
  ServerFacts facts;
  facts.server = text_at(server, "/name");
  facts.version = text_at(server, "/version");
  facts.model = text_at(model, "/name");
  facts.engine = text_at(model, "/platform");
  facts.tensor_name = text_at(model, "/inputs/0/name");
  if (model.contains(json::json_pointer("/inputs/0"))) facts.geometry = geometry_of(model.at(json::json_pointer("/inputs/0")));
  return facts;
}

}  // namespace

std::string percent_encode(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return text;
}

ServerFacts ask_server(const Target& target, const Address& address, const std::string& prefix, const std::string& name) {
  switch (target.interface) {
    case Interface::deepdetect: return ask_deepdetect(target, address, prefix, name);
    case Interface::kserve: return ask_kserve(target, address, prefix, name);
    case Interface::post: break;
  }
  return {};
}

void create_service(const Target& target, const Address& address, const std::string& prefix, const std::string& name,
                    const std::string& library, const std::string& repository, const std::string& settings) {
  json parameters = {{"input", {{"connector", "image"}}}, {"mllib", json::object()}, {"output", json::object()}};
  const json changes = json::parse(settings.empty() ? "{}" : settings, nullptr, false);
  if (!changes.is_object()) {
    throw Error(ErrorCode::usage, "--parameters: is no JSON object", R"(for example --parameters '{"input":{"width":227,"height":227}}')");
  }
  parameters.merge_patch(changes);
  const json body = {{"description", "made by inferometer load"},
                     {"mllib", library},
                     {"type", "supervised"},
                     {"parameters", parameters},
                     {"model", {{"repository", repository}}}};
  const Reply reply = call(target, address, "PUT", fmt::format("{}/services/{}", prefix, percent_encode(name)),
                           body.dump(-1, ' ', true, json::error_handler_t::replace), kCreate);
  if (!is_good(reply))
    throw Error(ErrorCode::input, fmt::format("--create {}: the server answered {}", one_line(repository, 200), words_of(reply)));
}

void delete_service(const Target& target, const Address& address, const std::string& prefix, const std::string& name) {
  // Also when the user asked to stop: what was created for the load must not stay.
  const Reply reply =
      call(target, address, "DELETE", fmt::format("{}/services/{}?clear=mem", prefix, percent_encode(name)), {}, kAsk, OnInterrupt::go_on);
  if (!is_good(reply))
    throw Error(ErrorCode::input, fmt::format("service {}: deleting it, the server answered {}", one_line(name, 80), words_of(reply)));
}

void require_answer(const Target& target, const Address& address) {
  const Reply reply = call(target, address, "POST", target.path, target.bodies.front(), kCreate);
  const std::string where = fmt::format("{}{}", address.text, target.path);
  if (!is_good(reply)) throw Error(ErrorCode::input, fmt::format("{}: the first request was answered {}", where, words_of(reply)));
  if (target.interface == Interface::post) return;
  const json body = json::parse(reply.body, nullptr, false);
  const auto refuse = [&](const std::string& problem) {
    throw Error(ErrorCode::input, fmt::format("{}: the first answer {}", where, problem), "--api says which interface the server speaks");
  };
  if (!body.is_object()) refuse("is no JSON object");
  if (target.interface == Interface::kserve) {
    const json::json_pointer rows("/outputs/0/shape/0");
    if (!body.contains(rows)) refuse("holds no output");
    if (body.at(rows) != target.images_per_request)
      refuse(fmt::format("holds {} rows for {} images", body.at(rows).dump(), target.images_per_request));
    return;
  }
  const json::json_pointer predictions("/body/predictions");
  if (!body.contains(predictions) || !told_ms(reply.body)) refuse("is none of DeepDetect's");
  // Their server merges equal pictures of one call; more than were sent there cannot be.
  const std::size_t count = body.at(predictions).size();
  if (count < 1 || count > target.images_per_request)
    refuse(fmt::format("holds {} predictions for {} images", count, target.images_per_request));
}

void reconcile(const WholeRun& whole, const std::optional<ServiceCounters>& before, const std::optional<ServiceCounters>& after,
               store::LoadRow& row) {
  if (whole.ok == 0) return;
  const auto n = static_cast<double>(whole.ok);
  row.wait_ms = whole.wait_ms / n;
  row.connect_ms = whole.connect_ms / n;
  const double answer_ms = (whole.answer_ms - whole.connect_ms) / n;
  if (whole.server_ms <= 0) {
    row.unexplained_ms = answer_ms;  // the server told nothing: its time and the network's are one
    return;
  }
  const double server_ms = whole.server_ms / n;
  row.transport_ms = answer_ms - server_ms;
  const std::int64_t calls = before && after ? after->calls - before->calls : 0;
  if (calls <= 0) {
    row.unexplained_ms = server_ms;
    return;
  }
  row.transform_ms = (after->transform_ms - before->transform_ms) / static_cast<double>(calls);
  row.predict_ms = (after->predict_ms - before->predict_ms) / static_cast<double>(calls) - *row.transform_ms;
  if (before->inference_ms && after->inference_ms) {
    const double inference_ms = (*after->inference_ms - *before->inference_ms) / static_cast<double>(calls);
    row.notes.push_back(
        fmt::format("of predict's {:.4g} ms the engine's inference was {:.4g} ms; the server and the transport took {:.4g} ms of "
                    "a request besides pictures and inference",
                    *row.predict_ms, inference_ms, *row.transport_ms + *row.predict_ms - inference_ms));
  }
  const double unexplained = server_ms - *row.transform_ms - *row.predict_ms;
  row.unexplained_ms = std::abs(unexplained) < 1e-9 * server_ms ? 0 : unexplained;  // rounding is no disagreement
  if (calls != static_cast<std::int64_t>(whole.ok)) {
    row.notes.push_back(fmt::format(
        "the server counted {} good calls, this client {}: others call it too, or answers were lost; its means are over all of them", calls,
        whole.ok));
  }
}

}  // namespace inferometer::load

#include "serve/deepdetect_answer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "serve/application.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

std::string written(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// The word of status.msg, as theirs spells it.
const char* word_of(int status) {
  constexpr std::array<std::pair<int, const char*>, 12> kWords{{{200, "OK"},
                                                                {201, "Created"},
                                                                {400, "BadRequest"},
                                                                {401, "Unauthorized"},
                                                                {403, "Forbidden"},
                                                                {404, "NotFound"},
                                                                {408, "RequestTimeout"},
                                                                {409, "Conflict"},
                                                                {413, "PayloadTooLarge"},
                                                                {431, "RequestHeaderFieldsTooLarge"},
                                                                {500, "InternalError"},
                                                                {503, "ServiceUnavailable"}}};
  for (const auto& [code, word] : kWords) {
    if (code == status) return word;
  }
  return status < 500 ? "BadRequest" : "InternalError";
}

/// Texts that belong to a code alone: clients may compare them.
const char* fixed_text(DdCode code) {
  switch (code) {
    case DdCode::unknown_library: return "Unknown Library";
    case DdCode::service_not_found: return "Service Not Found";
    case DdCode::job_not_found: return "Job Not Found";
    case DdCode::input_connector_not_found: return "Input Connector Not Found";
    case DdCode::conflict: return "Train / Predict Conflict";
    case DdCode::service_already_exists: return "Service already exists";
    default: return nullptr;
  }
}

std::string dd_text(DdCode code, const std::string& message) {
  if (code == DdCode::service_input) return "Service Input Error: " + message;
  if (code == DdCode::service_bad_request) return message.empty() ? "Service Bad Request Error" : "Service Bad Request Error: " + message;
  return message;
}

}  // namespace

HttpResponse deepdetect_answer(int status, const json& rest) {
  json answer = rest;
  answer["status"] = {{"code", status}, {"msg", word_of(status)}};
  HttpResponse response;
  response.status = status;
  response.body = written(answer);
  return response;
}

HttpResponse deepdetect_refusal(int status, int dd_code, const std::string& message) {
  json object = {{"code", status}, {"msg", word_of(status)}};
  const auto code = static_cast<DdCode>(dd_code);
  const char* fixed = fixed_text(code);
  if (code != DdCode::none) {
    object["dd_code"] = dd_code;
    object["dd_msg"] = fixed != nullptr ? fixed : dd_text(code, message);
  }
  if ((code == DdCode::none || fixed != nullptr) && !message.empty()) object["detail"] = message;
  HttpResponse response;
  response.status = status;
  response.body = written({{"status", std::move(object)}});
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string json_string(std::string_view text) { return written(json(text)); }

void append_prediction(std::string& out, std::string_view uri, const std::vector<float>& scores, const ClassSelection& selection,
                       const LabelOf& label) {
  if (!std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); })) {
    throw StatusError(500, DdCode::internal_error,
                      fmt::format("{}: the network's output holds values that are no numbers", one_line(uri, 200)));
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t told = selection.best < 0 ? order.size() : std::min(order.size(), static_cast<std::size_t>(selection.best));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(told), order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  order.resize(told);
  while (!order.empty() && static_cast<double>(scores[order.back()]) < selection.confidence_threshold) order.pop_back();
  out += fmt::format("{{\"uri\":{},\"classes\":[", json_string(uri));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double probability = scores[order[i]];
    out += fmt::format("{}{{\"prob\":{},\"cat\":{}{}}}", i == 0 ? "" : ",", written(json(probability)),
                       json_string(label(static_cast<std::int64_t>(order[i]))), i + 1 == order.size() ? ",\"last\":true" : "");
  }
  out += "]}";
}

}  // namespace inferometer::serve

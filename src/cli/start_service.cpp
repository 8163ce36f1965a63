#include "cli/start_service.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/lists.h"

namespace inferometer::cli {
namespace {

constexpr const char* kExample = "--service net=squeezenet1_1,engine=onnxruntime,width=227,height=227";

[[noreturn]] void refuse(std::string_view text, const std::string& problem) {
  throw Error(ErrorCode::usage, fmt::format("--service {}: {}", one_line(text, 200), problem), fmt::format("such as {}", kExample));
}

/// What the answer says of why, or the answer.
std::string reason_of(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("status")) return body;
  const auto& status = answer["status"];
  for (const char* member : {"detail", "dd_msg", "msg"}) {
    if (status.contains(member) && status[member].is_string()) return status[member].get<std::string>();
  }
  return body;
}

}  // namespace

ServiceToStart parse_service(std::string_view text) {
  std::vector<std::string> parts = split(text, ',');
  const std::size_t equals = parts[0].find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == parts[0].size()) refuse(text, "is no NAME=REPOSITORY");
  ServiceToStart service{.name = parts[0].substr(0, equals), .repository = parts[0].substr(equals + 1)};
  for (std::size_t at = 1; at < parts.size(); ++at) {
    const std::size_t sign = parts[at].find('=');
    const std::string key = parts[at].substr(0, sign), value = sign == std::string::npos ? "" : parts[at].substr(sign + 1);
    const std::string where = fmt::format("--service {}: {}", one_line(service.name, 100), one_line(key, 40));
    if (key == "engine" && !value.empty())
      service.engine = value;
    else if (key == "width")
      service.width = parse_limited_integer(value, kInputLimits, where);
    else if (key == "height")
      service.height = parse_limited_integer(value, kInputLimits, where);
    else
      refuse(text, fmt::format("'{}' is none of engine=E, width=W, height=H", one_line(parts[at], 60)));
  }
  return service;
}

void start_service(serve::Application& application, const ServiceToStart& service) {
  nlohmann::json input = {{"connector", "image"}};
  if (service.width > 0) input["width"] = service.width;
  if (service.height > 0) input["height"] = service.height;
  const nlohmann::json creation = {{"mllib", service.engine.empty() ? "caffe" : service.engine},
                                   {"parameters", {{"input", std::move(input)}}},
                                   {"model", {{"repository", service.repository}}}};
  serve::HttpRequest request;
  request.method = "PUT";
  request.target = "/services/" + service.name;
  request.path = {"services", service.name};
  request.body = creation.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  request.received = steady_now();
  const serve::HttpResponse response = application.handle(request);
  if (response.status != 201)
    throw Error(ErrorCode::input, fmt::format("--service {}={}: {}", one_line(service.name, 100), one_line(service.repository, 200),
                                              one_line(reason_of(response.body), 1000)));
}

}  // namespace inferometer::cli

#include "cli/load_command.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/lists.h"

namespace inferometer::cli {
namespace {

template <typename Value>
struct Named {
  std::string_view name;
  Value value;
};
constexpr std::array<Named<load::Interface>, 3> kInterfaces{
    {{"deepdetect", load::Interface::deepdetect}, {"kserve", load::Interface::kserve}, {"post", load::Interface::post}}};
constexpr std::array<Named<load::BodyKind>, 3> kSends{
    {{"path", load::BodyKind::path}, {"base64", load::BodyKind::base64}, {"tensor", load::BodyKind::tensor}}};
constexpr std::array<Named<load::Loop>, 2> kArrivals{{{"constant", load::Loop::constant}, {"poisson", load::Loop::poisson}}};

template <typename Value, std::size_t N>
Value named(const std::array<Named<Value>, N>& all, const std::string& word, const char* option) {
  std::vector<std::string> names;
  for (const Named<Value>& each : all) {
    if (each.name == word) return each.value;
    names.emplace_back(each.name);
  }
  throw Error(ErrorCode::usage, fmt::format("{} {}: none of {}", option, one_line(word, 60), join(names, ", ")), did_you_mean(word, names));
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) { throw Error(ErrorCode::usage, message, hint); }

/// Options that another choice leaves without meaning are errors, so that none is believed to have had an effect.
void require_consistent(const LoadCommand& command, load::Interface interface) {
  if (interface == load::Interface::deepdetect) {
    if (command.service.empty())
      refuse("--service: names the service to call", "`--api kserve --model NAME` and `--api post --body FILE` are the others");
    if (!command.model.empty()) refuse("--model: belongs to --api kserve", "--service NAME");
  }
  if (interface == load::Interface::kserve) {
    if (command.model.empty()) refuse("--model: names the model to call");
    if (!command.service.empty()) refuse("--service: belongs to --api deepdetect", "--model NAME");
  }
  if (interface == load::Interface::post) {
    if (command.bodies.empty()) refuse("--api post: nothing to send", "give --body FILE, once or several times");
    if (!command.service.empty() || !command.model.empty())
      refuse("--api post: goes with neither --service nor --model", "the URL names the path");
  }
  if (interface != load::Interface::deepdetect && !command.create.empty()) refuse("--create: belongs to --api deepdetect");
  if (!command.bodies.empty() && (!command.images.empty() || !command.send.empty()))
    refuse("--body: goes with neither --images nor --send");
  if (command.create.empty() && !command.parameters.empty()) refuse("--parameters: belongs to --create REPOSITORY");
  if (!command.concurrency.empty() && (!command.rate.empty() || command.find_rate)) {
    refuse("--concurrency: is a closed loop; --rate and --find-rate are open ones",
           "--connections N bounds the connections of an open loop");
  }
  if (command.find_rate && !command.rate.empty()) refuse("--find-rate: finds the rate that --rate would name", "give one of them");
  if (command.find_rate != (command.p99_ms > 0)) refuse("--find-rate and --p99-ms go together", "--find-rate --p99-ms 50");
}

load::Payload payload_of(const LoadCommand& command, load::Interface interface) {
  load::Payload payload;
  payload.images = command.images;
  for (const std::string& body : command.bodies) payload.files.emplace_back(body);
  const std::string send = !command.send.empty() ? command.send : interface == load::Interface::kserve ? "tensor" : "path";
  payload.kind = command.bodies.empty() ? named(kSends, send, "--send") : load::BodyKind::file;
  payload.per_request = static_cast<std::size_t>(command.per_request);
  if (!command.server_folder.empty()) {
    if (payload.kind != load::BodyKind::path) refuse("--server-folder: belongs to --send path");
    payload.server_folder = command.server_folder;
  }
  payload.service = command.service;
  payload.changes = preprocessing_changes(command.preprocessing);
  const PreprocessingOptions& given = command.preprocessing;
  const bool prepares =
      !(given.resize + given.crop + given.interpolation + given.channels + given.scale + given.mean + given.standard_deviation).empty();
  if (prepares && payload.kind != load::BodyKind::tensor) {
    refuse("options of preprocessing: only --send tensor prepares pictures here",
           "a DeepDetect service has its own: --create with --parameters");
  }
  return payload;
}

std::vector<load::LoadOptions> loads_of(const LoadCommand& command) {
  load::LoadOptions common;
  common.seconds = command.duration;
  common.warmup_seconds = command.warmup;
  common.timeout_s = command.timeout_s;
  common.seed = static_cast<std::uint64_t>(command.seed);
  common.new_connections = command.new_connections;
  common.concurrency = static_cast<int>(command.connections);
  std::vector<load::LoadOptions> loads;
  if (command.find_rate || !command.rate.empty()) {
    common.loop = named(kArrivals, command.arrivals, "--arrivals");
    if (command.find_rate) return {common};
    for (const std::string& rate : parse_words(command.rate, "--rate")) {
      common.rate = parse_limited_number(rate, 0.001, 1e6, "--rate");
      loads.push_back(common);
    }
    return loads;
  }
  for (const std::int64_t clients : parse_integers(command.concurrency.empty() ? "1" : command.concurrency, {1, 20000}, "--concurrency")) {
    common.concurrency = static_cast<int>(clients);
    loads.push_back(common);
  }
  return loads;
}

void add_headers(const LoadCommand& command, load::Target& target) {
  for (const std::string& header : command.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos) refuse(fmt::format("--header {}: has no colon", one_line(header, 80)), "--header 'NAME: VALUE'");
    const std::string name(trim(std::string_view(header).substr(0, colon)));
    const std::string value(trim(std::string_view(header).substr(colon + 1)));
    if (lower(name) == "content-type")
      target.content_type = value;
    else
      target.headers[name] = value;
  }
  load::request_bytes(target, "POST", "/", {});  // refuses what would break a request
}

std::string repro_of(const LoadCommand& command, const load::LoadOptions& options, load::BodyKind kind) {
  std::string text = fmt::format("inferometer load {} --api {}", shell_quote(command.url), command.api);
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) text += fmt::format(" {} {}", option, shell_quote(value));
  };
  add("--service", command.service);
  add("--model", command.model);
  add("--images", command.images);
  if (kind != load::BodyKind::file)
    add("--send", kind == load::BodyKind::path ? "path" : kind == load::BodyKind::base64 ? "base64" : "tensor");
  for (const std::string& body : command.bodies) add("--body", body);
  add("--server-folder", command.server_folder);
  if (command.per_request != 1) add("--per-request", std::to_string(command.per_request));
  if (options.loop == load::Loop::closed) {
    add("--concurrency", std::to_string(options.concurrency));
  } else {
    add("--rate", exact_text(options.rate));
    add("--arrivals", std::string(name_of(options.loop)));
    add("--connections", std::to_string(options.concurrency));
    if (options.loop == load::Loop::poisson) add("--seed", std::to_string(options.seed));
  }
  add("--duration", exact_text(options.seconds));
  add("--warmup", exact_text(options.warmup_seconds));
  add("--timeout-s", exact_text(options.timeout_s));
  if (options.new_connections) text += " --new-connections";
  for (const std::string& header : command.headers) {
    const std::string name = header.substr(0, header.find(':'));
    const bool is_secret = lower(name) == "authorization" || lower(name) == "cookie";
    add("--header", is_secret ? fmt::format("{}: ...", name) : header);
  }
  if (!command.token.empty()) text += " --token ...";
  if (!command.create.empty()) {
    add("--create", command.create);
    add("--mllib", command.library);
    add("--parameters", command.parameters);
  }
  const PreprocessingOptions& how = command.preprocessing;
  add("--resize", how.resize);
  add("--crop", how.crop);
  add("--interpolation", how.interpolation);
  add("--channels", how.channels);
  add("--scale", how.scale);
  add("--mean", how.mean);
  add("--std", how.standard_deviation);
  return text;
}

}  // namespace

LoadPlan load_plan(const LoadCommand& command) {
  LoadPlan plan;
  plan.url = load::parse_url(command.url);
  plan.target.interface = named(kInterfaces, command.api, "--api");
  require_consistent(command, plan.target.interface);
  plan.target.host = plan.url.host;
  plan.target.port = plan.url.port;
  plan.target.token = command.token;
  plan.name = command.service + command.model;
  plan.target.path = plan.url.path + (plan.target.interface == load::Interface::deepdetect ? "/predict"
                                      : plan.target.interface == load::Interface::kserve
                                          ? fmt::format("/v2/models/{}/infer", load::percent_encode(plan.name))
                                          : "");
  if (plan.target.path.empty()) plan.target.path.push_back('/');
  plan.target.images_per_request = static_cast<std::size_t>(command.per_request);
  add_headers(command, plan.target);
  plan.payload = payload_of(command, plan.target.interface);
  plan.loads = loads_of(command);
  return plan;
}

store::LoadRow load_row(const LoadCommand& command, const LoadPlan& plan, const load::LoadOptions& options, const load::Bodies& bodies,
                        const load::ServerFacts& facts) {
  store::LoadRow row;
  const bool is_v6 = plan.url.host.find(':') != std::string::npos;
  row.url = fmt::format("http://{}{}{}:{}{}", is_v6 ? "[" : "", plan.url.host, is_v6 ? "]" : "", plan.url.port, plan.url.path);
  row.api = command.api;
  row.service = plan.name;
  row.purpose = command.find_rate ? "search" : "measure";
  row.send = plan.payload.kind == load::BodyKind::file     ? "file"
             : plan.payload.kind == load::BodyKind::path   ? "path"
             : plan.payload.kind == load::BodyKind::base64 ? "base64"
                                                           : "tensor";
  if (plan.payload.files.empty()) {
    row.data = std::filesystem::absolute(command.images).lexically_normal().filename().string();
  } else {
    std::vector<std::string> names;
    for (const auto& file : plan.payload.files) names.push_back(file.filename().string());
    row.data = one_line(join(names, ", "), 200);
  }
  row.bodies = static_cast<std::int64_t>(bodies.texts.size());
  row.images_per_request = command.per_request;
  row.server = facts.server;
  row.server_version = facts.version;
  row.model = facts.model;
  row.engine = facts.engine;
  row.server_batch = facts.batch;
  row.repro = repro_of(command, options, plan.payload.kind);
  row.inferometer_version = INFEROMETER_VERSION;
  if (!bodies.note.empty()) row.notes.push_back(bodies.note);
  return row;
}

}  // namespace inferometer::cli

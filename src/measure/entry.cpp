#include "measure/entry.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "measure/models.h"

namespace inferometer::measure {
namespace {

constexpr std::array<std::pair<Mode, std::string_view>, 3> kModes{
    {{Mode::latency, "latency"}, {Mode::served, "served"}, {Mode::throughput, "throughput"}}};
constexpr std::array<std::pair<Protocol, std::string_view>, 3> kProtocols{
    {{Protocol::standard, "default"}, {Protocol::dd, "dd"}, {Protocol::ten, "ten"}}};

/// What the model contributes to the identity: its content and how it is shaped, not what it is called.
nlohmann::json model_identity(const ModelReference& model) {
  nlohmann::json json{{"sha256", model.sha256}, {"shapes", model.shapes}};
  if (!model.zoo) {
    json["height"] = model.height;
    json["width"] = model.width;
  }
  return json;
}

void append_option(std::string& command, std::string_view option, const std::string& value) {
  command += fmt::format(" {} {}", option, shell_quote(value));
}

std::string number_text(double value) { return fmt::format("{}", value); }

}  // namespace

std::string_view name_of(Mode mode) {
  for (const auto& [value, name] : kModes) {
    if (value == mode) return name;
  }
  return "latency";
}

std::optional<Mode> mode(std::string_view name) {
  for (const auto& [value, text] : kModes) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view name_of(Protocol protocol) {
  for (const auto& [value, name] : kProtocols) {
    if (value == protocol) return name;
  }
  return "default";
}

std::optional<Protocol> protocol(std::string_view name) {
  for (const auto& [value, text] : kProtocols) {
    if (text == name) return value;
  }
  return std::nullopt;
}

StopRule default_stop_rule(Mode mode) {
  StopRule rule;
  if (mode == Mode::throughput) {
    rule.min_time_s = 1;
    rule.max_time_s = 10;
  }
  return rule;
}

std::string engine_text(const Entry& entry) {
  std::string text = entry.engine;
  for (const auto& [key, value] : entry.engine_settings) text += fmt::format(":{}={}", key, value);
  return text;
}

namespace {

std::string precision_text(const Entry& entry) {
  if (entry.model.stored_as == "int8") return "int8";
  return entry.model.stored_as == "fp16" && entry.precision == "fp32" ? "fp16-file" : entry.precision;
}

}  // namespace

std::string describe(const Entry& entry) {
  std::string input = entry.model.height != 0 ? fmt::format(" {}x{}", entry.model.height, entry.model.width) : "";
  std::string mode = entry.mode == Mode::served ? " served" : "";
  if (entry.mode == Mode::throughput) mode = fmt::format(" s{} r{}", entry.streams, entry.requests);
  return fmt::format("{}{} {} {} {} b{} t{}{}", entry.model.name, input, engine_text(entry), entry.device, precision_text(entry),
                     entry.batch, entry.threads, mode);
}

std::string repro_command(const Entry& entry) {
  std::string command = "inferometer run --again";
  append_option(command, "--model", entry.model.name);
  append_option(command, "--engine", engine_text(entry));
  append_option(command, "--device", entry.device);
  append_option(command, "--precision", entry.precision);
  append_option(command, "--batch", std::to_string(entry.batch));
  append_option(command, "--threads", std::to_string(entry.threads));
  append_option(command, "--protocol", std::string(name_of(entry.protocol)));
  append_option(command, "--starts", std::to_string(entry.starts));

  const Entry plain;
  if (entry.mode != plain.mode) append_option(command, "--mode", std::string(name_of(entry.mode)));
  if (entry.streams != 1) append_option(command, "--streams", std::to_string(entry.streams));
  if (entry.requests != entry.streams) append_option(command, "--requests", std::to_string(entry.requests));
  if (entry.model.zoo && entry.model.height != 0) append_option(command, "--input", std::to_string(entry.model.height));
  if (entry.model.zoo && entry.model.classes != 0) append_option(command, "--classes", std::to_string(entry.model.classes));
  const bool names_weights = entry.model.zoo || is_prototxt(entry.model.path);
  if (names_weights && !entry.model.weights_path.empty()) append_option(command, "--weights", entry.model.weights_path);
  if (entry.model.zoo && entry.model.seed != 1) append_option(command, "--weights", fmt::format("random:{}", entry.model.seed));
  for (const auto& [name, shape] : entry.model.shapes) append_option(command, "--shape", name + "=" + to_string(shape));
  if (entry.stop.runs != 0) append_option(command, "--runs", std::to_string(entry.stop.runs));
  const StopRule plain_stop = default_stop_rule(entry.mode);
  if (entry.stop.min_time_s != plain_stop.min_time_s) append_option(command, "--min-time-s", number_text(entry.stop.min_time_s));
  if (entry.stop.max_time_s != plain_stop.max_time_s) append_option(command, "--max-time-s", number_text(entry.stop.max_time_s));
  if (entry.stop.interval_target_ratio != plain_stop.interval_target_ratio) {
    append_option(command, "--interval-target-ratio", number_text(entry.stop.interval_target_ratio));
  }
  if (!entry.stop.percentiles.empty()) {
    append_option(command, "--percentiles", fmt::format("{}", fmt::join(entry.stop.percentiles, ",")));
  }
  if (!entry.cpus.empty()) append_option(command, "--cpus", fmt::format("{}", fmt::join(entry.cpus, ",")));
  if (entry.pause_s != 0) append_option(command, "--pause-s", number_text(entry.pause_s));
  if (entry.power != plain.power) append_option(command, "--power", entry.power);
  if (entry.input_seed != 1) append_option(command, "--input-seed", std::to_string(entry.input_seed));
  if (!entry.pictures.images.empty()) append_option(command, "--images", entry.pictures.images);
  if (!entry.pictures.labels.empty()) append_option(command, "--labels", entry.pictures.labels);
  return command;
}

std::string identity(const Entry& entry, const std::string& machine_identity) {
  // nlohmann::json sorts keys, so the text is canonical.
  nlohmann::json json{
      {"model", model_identity(entry.model)},
      {"engine", entry.engine},
      {"engine_version", entry.engine_version},
      {"engine_settings", entry.engine_settings},
      {"device", lower(entry.device)},
      {"precision", entry.precision},
      {"threads", entry.threads},
      {"streams", entry.streams},
      {"requests", entry.requests},
      {"batch", entry.batch},
      {"mode", name_of(entry.mode)},
      {"protocol", name_of(entry.protocol)},
      {"runs", entry.stop.runs},
      {"min_time_s", entry.stop.min_time_s},
      {"max_time_s", entry.stop.max_time_s},
      {"interval_target_ratio", entry.stop.interval_target_ratio},
      {"percentiles", entry.stop.percentiles},
      {"starts", entry.starts},
      {"cpus", entry.cpus},
      {"pause_s", entry.pause_s},
      {"input_seed", entry.input_seed},
      {"machine", machine_identity},
      {"metric_version", kMetricVersion},
  };
  // Only where there are some, so that what was measured without keeps its identity.
  // The rest before each start and the longer loop that a meter needs decide the figures too.
  if (entry.power != Entry{}.power) json["power"] = entry.power;
  if (!entry.pictures.images.empty()) json["pictures"] = entry.pictures.sha256;
  return sha256_hex(json.dump());
}

void to_json(nlohmann::json& json, const Entry& entry) {
  const ModelReference& model = entry.model;
  json = {
      {"model",
       {{"name", model.name},
        {"zoo", model.zoo},
        {"path", model.path},
        {"weights_path", model.weights_path},
        {"sha256", model.sha256},
        {"seed", model.seed},
        {"height", model.height},
        {"width", model.width},
        {"classes", model.classes},
        {"shapes", model.shapes}}},
      {"engine", entry.engine},
      {"engine_version", entry.engine_version},
      {"engine_settings", entry.engine_settings},
      {"device", entry.device},
      {"precision", entry.precision},
      {"threads", entry.threads},
      {"streams", entry.streams},
      {"requests", entry.requests},
      {"batch", entry.batch},
      {"mode", name_of(entry.mode)},
      {"protocol", name_of(entry.protocol)},
      {"stop",
       {{"runs", entry.stop.runs},
        {"min_time_s", entry.stop.min_time_s},
        {"max_time_s", entry.stop.max_time_s},
        {"interval_target_ratio", entry.stop.interval_target_ratio},
        {"percentiles", entry.stop.percentiles}}},
      {"starts", entry.starts},
      {"cpus", entry.cpus},
      {"pause_s", entry.pause_s},
      {"power", entry.power},
      {"input_seed", entry.input_seed},
      {"pictures",
       {{"images", entry.pictures.images},
        {"labels", entry.pictures.labels},
        {"sha256", entry.pictures.sha256},
        {"count", entry.pictures.count}}},
      {"limits",
       {{"load_timeout_s", entry.limits.load_timeout_s},
        {"request_timeout_s", entry.limits.request_timeout_s},
        {"memory_limit_mib", entry.limits.memory_limit_mib}}},
  };
}

void from_json(const nlohmann::json& json, Entry& entry) {
  const nlohmann::json& model = json.at("model");
  model.at("name").get_to(entry.model.name);
  model.at("zoo").get_to(entry.model.zoo);
  model.at("path").get_to(entry.model.path);
  model.at("weights_path").get_to(entry.model.weights_path);
  model.at("sha256").get_to(entry.model.sha256);
  model.at("seed").get_to(entry.model.seed);
  model.at("height").get_to(entry.model.height);
  model.at("width").get_to(entry.model.width);
  model.at("classes").get_to(entry.model.classes);
  model.at("shapes").get_to(entry.model.shapes);
  json.at("engine").get_to(entry.engine);
  json.at("engine_version").get_to(entry.engine_version);
  json.at("engine_settings").get_to(entry.engine_settings);
  json.at("device").get_to(entry.device);
  json.at("precision").get_to(entry.precision);
  json.at("threads").get_to(entry.threads);
  json.at("streams").get_to(entry.streams);
  json.at("requests").get_to(entry.requests);
  json.at("batch").get_to(entry.batch);
  entry.mode = mode(json.at("mode").get<std::string>()).value_or(Mode::latency);
  entry.protocol = protocol(json.at("protocol").get<std::string>()).value_or(Protocol::standard);
  const nlohmann::json& stop = json.at("stop");
  stop.at("runs").get_to(entry.stop.runs);
  stop.at("min_time_s").get_to(entry.stop.min_time_s);
  stop.at("max_time_s").get_to(entry.stop.max_time_s);
  stop.at("interval_target_ratio").get_to(entry.stop.interval_target_ratio);
  stop.at("percentiles").get_to(entry.stop.percentiles);
  json.at("starts").get_to(entry.starts);
  json.at("cpus").get_to(entry.cpus);
  json.at("pause_s").get_to(entry.pause_s);
  entry.power = json.value("power", Entry{}.power);  // absent in what older versions wrote
  json.at("input_seed").get_to(entry.input_seed);
  if (const auto pictures = json.find("pictures"); pictures != json.end()) {  // absent in what older versions wrote
    pictures->at("images").get_to(entry.pictures.images);
    pictures->at("labels").get_to(entry.pictures.labels);
    pictures->at("sha256").get_to(entry.pictures.sha256);
    pictures->at("count").get_to(entry.pictures.count);
  }
  json.at("limits").at("load_timeout_s").get_to(entry.limits.load_timeout_s);
  json.at("limits").at("request_timeout_s").get_to(entry.limits.request_timeout_s);
  json.at("limits").at("memory_limit_mib").get_to(entry.limits.memory_limit_mib);
}

}  // namespace inferometer::measure

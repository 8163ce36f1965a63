#include "measure/start.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace inferometer::measure {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 6> kStatuses{{{Status::passed, "passed"},
                                                                        {Status::skipped, "skipped"},
                                                                        {Status::unsupported, "unsupported"},
                                                                        {Status::failed, "failed"},
                                                                        {Status::out_of_memory, "out_of_memory"},
                                                                        {Status::timed_out, "timed_out"}}};

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

template <class T>
void read_optional(const nlohmann::json& json, const char* key, std::optional<T>& value) {
  const auto found = json.find(key);
  if (found != json.end() && !found->is_null()) value = found->get<T>();
}

nlohmann::json agreement_json(const Agreement& agreement) {
  return {{"max_error", or_null(agreement.max_error)},
          {"top1_ratio", or_null(agreement.top1_ratio)},
          {"tolerance", agreement.tolerance},
          {"against", agreement.against},
          {"note", agreement.note},
          {"not_finite", agreement.not_finite},
          {"constant", agreement.constant},
          {"all_zero", agreement.all_zero}};
}

Agreement read_agreement(const nlohmann::json& json) {
  Agreement agreement;
  read_optional(json, "max_error", agreement.max_error);
  read_optional(json, "top1_ratio", agreement.top1_ratio);
  json.at("tolerance").get_to(agreement.tolerance);
  json.at("against").get_to(agreement.against);
  json.at("note").get_to(agreement.note);
  json.at("not_finite").get_to(agreement.not_finite);
  json.at("constant").get_to(agreement.constant);
  json.at("all_zero").get_to(agreement.all_zero);
  return agreement;
}

nlohmann::json surroundings_json(const Surroundings& around) {
  return {{"core_roundtrip_before_ns", or_null(around.core_roundtrip_before_ns)},
          {"core_roundtrip_after_ns", or_null(around.core_roundtrip_after_ns)},
          {"foreign_load_ratio", or_null(around.foreign_load_ratio)},
          {"stolen_ratio", or_null(around.stolen_ratio)},
          {"throttle_events", or_null(around.throttle_events)},
          {"cpu_mhz_mean", or_null(around.cpu_mhz_mean)},
          {"cpu_mhz_min", or_null(around.cpu_mhz_min)},
          {"temperature_c", or_null(around.temperature_c)},
          {"repeat_speedup", or_null(around.repeat_speedup)},
          {"repeat_speedup_low", or_null(around.repeat_speedup_low)}};
}

Surroundings read_surroundings(const nlohmann::json& json) {
  Surroundings around;
  read_optional(json, "core_roundtrip_before_ns", around.core_roundtrip_before_ns);
  read_optional(json, "core_roundtrip_after_ns", around.core_roundtrip_after_ns);
  read_optional(json, "foreign_load_ratio", around.foreign_load_ratio);
  read_optional(json, "stolen_ratio", around.stolen_ratio);
  read_optional(json, "throttle_events", around.throttle_events);
  read_optional(json, "cpu_mhz_mean", around.cpu_mhz_mean);
  read_optional(json, "cpu_mhz_min", around.cpu_mhz_min);
  read_optional(json, "temperature_c", around.temperature_c);
  read_optional(json, "repeat_speedup", around.repeat_speedup);
  read_optional(json, "repeat_speedup_low", around.repeat_speedup_low);
  return around;
}

nlohmann::json power_json(const StartPower& power) {
  return {{"meter", power.meter},
          {"covers", power.covers},
          {"energy_j", or_null(power.energy_j)},
          {"idle_power_w", or_null(power.idle_power_w)},
          {"problem", power.problem},
          {"idle_problem", power.idle_problem}};
}

StartPower read_power(const nlohmann::json& json) {
  StartPower power;
  json.at("meter").get_to(power.meter);
  json.at("covers").get_to(power.covers);
  read_optional(json, "energy_j", power.energy_j);
  read_optional(json, "idle_power_w", power.idle_power_w);
  json.at("problem").get_to(power.problem);
  json.at("idle_problem").get_to(power.idle_problem);
  return power;
}

}  // namespace

std::string_view name_of(Status status) {
  for (const auto& [value, name] : kStatuses) {
    if (value == status) return name;
  }
  return "failed";
}

std::optional<Status> status(std::string_view name) {
  for (const auto& [value, text] : kStatuses) {
    if (text == name) return value;
  }
  return std::nullopt;
}

void to_json(nlohmann::json& json, const StartRecord& record) {
  json = {
      {"index", record.index},
      {"status", name_of(record.status)},
      {"reason", record.reason},
      {"log_tail", record.log_tail},
      {"samples_ns", record.samples_ns},
      {"dropped", record.dropped},
      {"warmup_requests", record.warmup_requests},
      {"load_ms", record.load_ms},
      {"first_inference_ms", record.first_inference_ms},
      {"timer_overhead_ns", record.timer_overhead_ns},
      {"obtained",
       {{"device", record.obtained_device},
        {"precision", record.obtained_precision},
        {"threads", record.obtained_threads},
        {"streams", record.obtained_streams},
        {"own", record.obtained_own}}},
      {"input_height", record.input_height},
      {"input_width", record.input_width},
      {"computes", record.computes},
      {"quantized", record.quantized},
      {"agreement", record.agreement ? agreement_json(*record.agreement) : nlohmann::json(nullptr)},
      {"memory",
       {{"baseline", record.memory.baseline},
        {"after_load", record.memory.after_load},
        {"after_first", record.memory.after_first},
        {"peak", record.memory.peak},
        {"device_peak", record.memory.device_peak}}},
      {"surroundings", surroundings_json(record.surroundings)},
      {"started_at", record.started_at},
      {"order_seed", record.order_seed},
      {"repeats", record.repeats},
      {"inputs", record.inputs},
  };
  if (record.timed_span) json["timed_span"] = {record.timed_span->begin_s, record.timed_span->end_s};
  if (record.power) json["power"] = power_json(*record.power);
  if (record.served) json["served"] = {{"client_ms", record.served->client_ms}, {"transform_ms", record.served->transform_ms}};
  if (record.window) {
    json["window"] = {{"seconds", record.window->seconds},
                      {"requests", record.window->requests},
                      {"below_full_flight_ratio", record.window->below_full_flight_ratio},
                      {"block_requests_per_s", record.window->block_requests_per_s}};
  }
}

void from_json(const nlohmann::json& json, StartRecord& record) {
  json.at("index").get_to(record.index);
  record.status = status(json.at("status").get<std::string>()).value_or(Status::failed);
  json.at("reason").get_to(record.reason);
  json.at("log_tail").get_to(record.log_tail);
  json.at("samples_ns").get_to(record.samples_ns);
  json.at("dropped").get_to(record.dropped);
  json.at("warmup_requests").get_to(record.warmup_requests);
  json.at("load_ms").get_to(record.load_ms);
  json.at("first_inference_ms").get_to(record.first_inference_ms);
  json.at("timer_overhead_ns").get_to(record.timer_overhead_ns);
  const nlohmann::json& obtained = json.at("obtained");
  obtained.at("device").get_to(record.obtained_device);
  obtained.at("precision").get_to(record.obtained_precision);
  obtained.at("threads").get_to(record.obtained_threads);
  obtained.at("streams").get_to(record.obtained_streams);
  obtained.at("own").get_to(record.obtained_own);
  json.at("input_height").get_to(record.input_height);
  json.at("input_width").get_to(record.input_width);
  json.at("computes").get_to(record.computes);
  json.at("quantized").get_to(record.quantized);
  const nlohmann::json& agreement = json.at("agreement");
  if (agreement.is_null()) {
    record.agreement.reset();
  } else {
    record.agreement = read_agreement(agreement);
  }
  const nlohmann::json& memory = json.at("memory");
  memory.at("baseline").get_to(record.memory.baseline);
  memory.at("after_load").get_to(record.memory.after_load);
  memory.at("after_first").get_to(record.memory.after_first);
  memory.at("peak").get_to(record.memory.peak);
  memory.at("device_peak").get_to(record.memory.device_peak);
  record.surroundings = read_surroundings(json.at("surroundings"));
  json.at("started_at").get_to(record.started_at);
  json.at("order_seed").get_to(record.order_seed);
  json.at("repeats").get_to(record.repeats);
  record.inputs = json.value("inputs", "");  // absent in what older versions wrote
  record.timed_span.reset();
  if (const auto span = json.find("timed_span"); span != json.end())
    record.timed_span = TimeSpan{span->at(0).get<double>(), span->at(1).get<double>()};
  record.power.reset();
  if (const auto power = json.find("power"); power != json.end()) record.power = read_power(*power);
  record.served.reset();
  if (const auto served = json.find("served"); served != json.end())
    record.served = {served->at("client_ms").get<double>(), served->at("transform_ms").get<double>()};
  record.window.reset();
  if (const auto found = json.find("window"); found != json.end()) {
    ThroughputWindow& window = record.window.emplace();
    found->at("seconds").get_to(window.seconds);
    found->at("requests").get_to(window.requests);
    found->at("below_full_flight_ratio").get_to(window.below_full_flight_ratio);
    found->at("block_requests_per_s").get_to(window.block_requests_per_s);
  }
}

}  // namespace inferometer::measure

/// List the fields of a Row once, for JSON, SQL and tables alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "measure/row.h"

namespace inferometer::measure {

/// A column's name and the member that holds it, of Row or another struct of such members.
template <typename Owner, typename Value>
struct RowField {
  std::string_view name;
  Value Owner::*member;
};
template <typename Owner, typename Value>
RowField(std::string_view, Value Owner::*) -> RowField<Owner, Value>;

/// Every field of Row in column order. row.cpp checks at compile time that none is missing.
inline constexpr std::tuple kRowFields{
    RowField{"model", &Row::model},
    RowField{"model_sha256", &Row::model_sha256},
    RowField{"parameters", &Row::parameters},
    RowField{"macs", &Row::macs},
    RowField{"gmacs", &Row::gmacs},
    RowField{"top1", &Row::top1},
    RowField{"top5", &Row::top5},
    RowField{"input_height", &Row::input_height},
    RowField{"input_width", &Row::input_width},
    RowField{"engine", &Row::engine},
    RowField{"engine_version", &Row::engine_version},
    RowField{"engine_settings", &Row::engine_settings},
    RowField{"device", &Row::device},
    RowField{"precision", &Row::precision},
    RowField{"precision_requested", &Row::precision_requested},
    RowField{"threads", &Row::threads},
    RowField{"streams", &Row::streams},
    RowField{"requests", &Row::requests},
    RowField{"batch", &Row::batch},
    RowField{"mode", &Row::mode},
    RowField{"protocol", &Row::protocol},
    RowField{"status", &Row::status},
    RowField{"verdict", &Row::verdict},
    RowField{"reasons", &Row::reasons},
    RowField{"notes", &Row::notes},
    RowField{"starts", &Row::starts},
    RowField{"runs", &Row::runs},
    RowField{"latency_median_ms", &Row::latency_median_ms},
    RowField{"latency_median_low_ms", &Row::latency_median_low_ms},
    RowField{"latency_median_high_ms", &Row::latency_median_high_ms},
    RowField{"latency_mean_ms", &Row::latency_mean_ms},
    RowField{"latency_sample_stddev_ms", &Row::latency_sample_stddev_ms},
    RowField{"latency_min_ms", &Row::latency_min_ms},
    RowField{"latency_p90_ms", &Row::latency_p90_ms},
    RowField{"latency_p99_ms", &Row::latency_p99_ms},
    RowField{"latency_p99_high_ms", &Row::latency_p99_high_ms},
    RowField{"per_image_ms", &Row::per_image_ms},
    RowField{"images_per_s", &Row::images_per_s},
    RowField{"images_per_s_low", &Row::images_per_s_low},
    RowField{"images_per_s_high", &Row::images_per_s_high},
    RowField{"below_full_flight_ratio", &Row::below_full_flight_ratio},
    RowField{"load_ms", &Row::load_ms},
    RowField{"first_inference_ms", &Row::first_inference_ms},
    RowField{"peak_memory_mb", &Row::peak_memory_mb},
    RowField{"model_memory_mb", &Row::model_memory_mb},
    RowField{"power_meter", &Row::power_meter},
    RowField{"power_w", &Row::power_w},
    RowField{"idle_power_w", &Row::idle_power_w},
    RowField{"energy_j", &Row::energy_j},
    RowField{"energy_above_idle_j", &Row::energy_above_idle_j},
    RowField{"images_per_s_per_w", &Row::images_per_s_per_w},
    RowField{"images_per_j", &Row::images_per_j},
    RowField{"cpu_mhz_mean", &Row::cpu_mhz_mean},
    RowField{"cpu_mhz_min", &Row::cpu_mhz_min},
    RowField{"temperature_c", &Row::temperature_c},
    RowField{"core_roundtrip_ns", &Row::core_roundtrip_ns},
    RowField{"core_state", &Row::core_state},
    RowField{"timer_overhead_ns", &Row::timer_overhead_ns},
    RowField{"harness_ratio", &Row::harness_ratio},
    RowField{"agreement_max_error", &Row::agreement_max_error},
    RowField{"agreement_top1_ratio", &Row::agreement_top1_ratio},
    RowField{"platform", &Row::platform},
    RowField{"started_at", &Row::started_at},
    RowField{"source", &Row::source},
    RowField{"repro", &Row::repro},
    RowField{"inferometer_version", &Row::inferometer_version},
    RowField{"metric_version", &Row::metric_version},
    RowField{"measured_data", &Row::measured_data},
    RowField{"measured_images", &Row::measured_images},
    RowField{"measured_top1", &Row::measured_top1},
    RowField{"measured_top1_low", &Row::measured_top1_low},
    RowField{"measured_top1_high", &Row::measured_top1_high},
    RowField{"measured_top5", &Row::measured_top5},
    RowField{"measured_top5_low", &Row::measured_top5_low},
    RowField{"measured_top5_high", &Row::measured_top5_high},
    RowField{"accuracy_density", &Row::accuracy_density},
    RowField{"accuracy_density_low", &Row::accuracy_density_low},
    RowField{"accuracy_density_high", &Row::accuracy_density_high},
};

/// Call `visit(field)` for every field in column order. The members' types are the five that ColumnKind names.
template <typename Visitor>
constexpr void for_each_row_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kRowFields);
}

/// What a column holds.
enum class ColumnKind : std::uint8_t {
  text,           ///< std::string, never null
  optional_text,  ///< text or null
  integer,        ///< 64-bit integer or null
  number,         ///< finite floating point or null
  list,           ///< lines of text
};

template <typename Owner, typename Value>
constexpr ColumnKind kind_of(Value Owner::*) {
  if constexpr (std::is_same_v<Value, std::string>)
    return ColumnKind::text;
  else if constexpr (std::is_same_v<Value, std::optional<std::string>>)
    return ColumnKind::optional_text;
  else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>)
    return ColumnKind::integer;
  else if constexpr (std::is_same_v<Value, std::optional<double>>)
    return ColumnKind::number;
  else {
    static_assert(std::is_same_v<Value, std::vector<std::string>>, "a kind of column that JSON and SQL do not know yet");
    return ColumnKind::list;
  }
}

/// The kind of a column; nullopt when Row has no such column.
std::optional<ColumnKind> column_kind(std::string_view name);

}  // namespace inferometer::measure

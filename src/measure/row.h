/// One row: an entry's figures and its verdict, as every table shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace inferometer::measure {

/// Columns in the order of the documents (docs/columns.md). nullopt is JSON's null: not supported by the data, or unknown.
struct Row {
  std::string model, model_sha256;
  std::optional<std::int64_t> parameters, macs;
  std::optional<double> gmacs, top1, top5;  ///< top1, top5: published, percent
  std::optional<std::int64_t> input_height, input_width;
  std::string engine, engine_version, engine_settings, device, precision, precision_requested;
  std::optional<std::int64_t> threads, streams, requests, batch;
  std::string mode, protocol, status;
  std::optional<std::string> verdict;
  std::vector<std::string> reasons, notes;   ///< reasons of the verdict, each with a remedy
  std::optional<std::int64_t> starts, runs;  ///< starts that gave samples; samples kept over all of them
  std::optional<double> latency_median_ms, latency_median_low_ms, latency_median_high_ms, latency_mean_ms, latency_sample_stddev_ms,
      latency_min_ms, latency_p90_ms, latency_p99_ms, latency_p99_high_ms, per_image_ms, images_per_s;
  std::optional<double> images_per_s_low, images_per_s_high;  ///< least and most of the starts
  std::optional<double> below_full_flight_ratio;  ///< throughput mode: share of the window with fewer requests in flight than asked
  std::optional<double> load_ms, first_inference_ms, peak_memory_mb, model_memory_mb;
  /// Of the timed loops, where a meter was read (docs/power.md): energy of all windows together, power_w that over their length; idle mean
  /// over starts.
  std::optional<std::string> power_meter;
  std::optional<double> power_w, idle_power_w, energy_j, energy_above_idle_j, images_per_s_per_w, images_per_j;
  std::optional<double> cpu_mhz_mean, cpu_mhz_min, temperature_c;  ///< clock over the windows; the highest temperature in them
  std::optional<double> core_roundtrip_ns;
  std::optional<std::string> core_state;  ///< near, far
  std::optional<double> timer_overhead_ns, harness_ratio, agreement_max_error, agreement_top1_ratio;
  std::string platform;  ///< short name of the machine
  std::string started_at, source, repro, inferometer_version;
  std::optional<std::int64_t> metric_version;
  /// From the evaluation of the same model, engine (version, settings, device) and precision with the most images, the newest of
  /// equals: percent of images right with Wilson's limits at 95 %, and top-1 percent per million parameters. The store fills them in.
  std::optional<std::string> measured_data;  ///< the data set's name
  std::optional<std::int64_t> measured_images;
  std::optional<double> measured_top1, measured_top1_low, measured_top1_high, measured_top5, measured_top5_low, measured_top5_high,
      accuracy_density, accuracy_density_low, accuracy_density_high;
};

/// Column names in order; the same as the keys of to_json.
const std::vector<std::string>& row_columns();

void to_json(nlohmann::json& json, const Row& row);  ///< every key in every row, in column order (use ordered_json to keep it)
void to_json(nlohmann::ordered_json& json, const Row& row);
void from_json(const nlohmann::json& json, Row& row);

}  // namespace inferometer::measure

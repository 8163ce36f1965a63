#include "report/column_titles.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::report {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr Pair kTitles[] = {
    {"model", "Network"},
    {"network", "Network"},
    {"parameters", "Parameters"},
    {"parameters_m", "Parameters, 10⁶"},
    {"mparams", "Parameters, 10⁶"},
    {"parameters_mb", "Size of the parameters in fp32, MB"},
    {"parameters_mib", "Size of the parameters in fp32, MiB"},
    {"params_mib_plotted", "Size of the parameters, MiB"},
    {"macs", "Multiply-accumulates per image"},
    {"gmacs", "Multiply-accumulates per image, 10⁹"},
    {"activations", "Outputs of convolutions and linear layers per image"},
    {"operators", "Operators"},
    {"weight_layers", "Convolutions and linear layers"},
    {"family", "Family"},
    {"top1", "Top-1 accuracy, %"},
    {"top5", "Top-5 accuracy, %"},
    {"measured_top1", "Top-1 accuracy measured, %"},
    {"measured_top5", "Top-5 accuracy measured, %"},
    {"accuracy_density", "Measured top-1 per 10⁶ parameters, %"},
    {"top1_density", "Top-1 accuracy per 10⁶ parameters, %"},
    {"input_height", "Height of the input, pixels"},
    {"input_width", "Width of the input, pixels"},
    {"engine", "Engine"},
    {"device", "Device"},
    {"precision", "Precision"},
    {"precision_requested", "Precision asked"},
    {"platform", "Platform"},
    {"threads", "Threads"},
    {"streams", "Streams"},
    {"requests", "Requests in flight"},
    {"batch", "Batch size, images"},
    {"epoch", "Epoch"},
    {"train_loss", "Loss, training"},
    {"validation_loss", "Loss, validation"},
    {"train_top1", "Right, training, %"},
    {"validation_top1", "Right, validation, %"},
    {"time_us", "Time in a request, µs"},
    {"latency_median_ms", "Median time of a request, ms"},
    {"latency_mean_ms", "Mean time of a request, ms"},
    {"latency_sample_stddev_ms", "Standard deviation of a request's time, ms"},
    {"latency_min_ms", "Shortest time of a request, ms"},
    {"latency_p90_ms", "90th percentile of a request's time, ms"},
    {"latency_p99_ms", "99th percentile of a request's time, ms"},
    {"latency_p99_high_ms", "Upper bound of the 99th percentile, ms"},
    {"per_image_ms", "Time per image, ms"},
    {"ms_per_image", "Time per image, ms"},
    {"images_per_s", "Images per second, 1/s"},
    {"images_per_s_low", "Images per second of the slowest start, 1/s"},
    {"images_per_s_high", "Images per second of the fastest start, 1/s"},
    {"below_full_flight_ratio", "Share of time with fewer requests in flight"},
    {"power_w", "Mean power, W"},
    {"idle_power_w", "Power when idle, W"},
    {"energy_j", "Energy, J"},
    {"energy_above_idle_j", "Energy above idle, J"},
    {"images_per_j", "Images per joule above idle, 1/J"},
    {"cpu_mhz_mean", "Mean clock of the processor, MHz"},
    {"cpu_mhz_min", "Lowest clock of the processor, MHz"},
    {"temperature_c", "Highest temperature, °C"},
    {"images_per_s_per_w", "Images per second and watt, 1/(s W)"},
    {"load_ms", "Time to load, ms"},
    {"first_inference_ms", "Time of the first request, ms"},
    {"peak_memory_mb", "Peak memory of the process, MB"},
    {"model_memory_mb", "Memory of the loaded model, MB"},
    {"gpu_memory_mb", "Memory of the GPU in use, MB"},
    {"core_roundtrip_ns", "Round trip between two cores, ns"},
    {"timer_overhead_ns", "Overhead of the timer, ns"},
    {"agreement_max_error", "Largest relative difference from the reference"},
    {"agreement_top1_ratio", "Share of images with the reference's best class"},
    {"year", "Year of the paper"},
};

/// Longer endings first.
constexpr Pair kUnits[] = {{"_per_s", "1/s"}, {"_bytes", "bytes"}, {"_mib", "MiB"}, {"_mb", "MB"}, {"_ms", "ms"},
                           {"_ns", "ns"},     {"_us", "µs"},       {"_s", "s"},     {"_w", "W"},   {"_j", "J"}};

/// What else stands behind the last comma of a title and is a unit.
constexpr std::string_view kOtherUnits[] = {"%", "10⁶", "10⁹", "pixels", "images", "1/J", "1/(s W)", "MHz", "°C"};

bool is_unit(std::string_view text) {
  const auto is_it = [text](const Pair& pair) { return pair.second == text; };
  return std::any_of(std::begin(kUnits), std::end(kUnits), is_it) ||
         std::find(std::begin(kOtherUnits), std::end(kOtherUnits), text) != std::end(kOtherUnits);
}

struct TitleParts {
  std::vector<std::string> quantity;
  std::string unit;  ///< empty: none
};

TitleParts parts_of(std::string_view column) {
  TitleParts parts;
  for (const std::string& part : split(axis_title(column), ',')) parts.quantity.emplace_back(trim(part));
  if (parts.quantity.size() > 1 && is_unit(parts.quantity.back())) {
    parts.unit = parts.quantity.back();
    parts.quantity.pop_back();
  }
  return parts;
}

std::string_view find(const auto& pairs, std::string_view key) {
  const auto found = std::find_if(std::begin(pairs), std::end(pairs), [&](const Pair& pair) { return pair.first == key; });
  return found == std::end(pairs) ? std::string_view() : found->second;
}

std::string spaced(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace

std::string axis_title(std::string_view column) {
  if (const std::string_view title = find(kTitles, column); !title.empty()) return std::string(title);
  for (const auto& [ending, unit] : kUnits) {
    if (column.size() > ending.size() && column.ends_with(ending)) {
      return fmt::format("{}, {}", spaced(column.substr(0, column.size() - ending.size())), unit);
    }
  }
  return spaced(column);
}

std::string common_title(const std::vector<std::string>& columns) {
  if (columns.size() == 1) return axis_title(columns.front());
  if (columns.empty()) return {};
  TitleParts common = parts_of(columns.front());
  for (const std::string& column : columns) {
    const TitleParts parts = parts_of(column);
    if (parts.unit != common.unit) return {};  // the axis is no quantity
    const auto [end, other] = std::mismatch(common.quantity.begin(), common.quantity.end(), parts.quantity.begin(), parts.quantity.end());
    common.quantity.erase(end, common.quantity.end());
  }
  if (!common.unit.empty()) common.quantity.push_back(common.unit);
  return join(common.quantity, ", ");
}

std::string value_title(std::string_view column, std::string_view value) {
  static constexpr Pair kWords[] = {{"batch", "batch {}"},          {"threads", "threads: {}"}, {"streams", "streams: {}"},
                                    {"requests", "requests: {}"},   {"starts", "starts: {}"},   {"input_height", "input {} px"},
                                    {"input_width", "width {} px"}, {"year", "year {}"},        {"protocol", "protocol {}"}};
  const std::string_view words = find(kWords, column);
  return words.empty() ? std::string(value) : fmt::format(fmt::runtime(words), value);
}

}  // namespace inferometer::report

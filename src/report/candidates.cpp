#include "report/candidates.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "report/column_titles.h"
#include "stats/accuracy.h"
#include "zoo/zoo.h"

namespace inferometer::report {
namespace {

struct QuantityFacts {
  std::string_view name, words, unit;
  bool less_is_better;
};
constexpr std::array<QuantityFacts, kQuantityCount> kQuantities{{
    {"top1", "top-1 accuracy", "%", false},
    {"images_per_s", "images per second", "1/s", false},
    {"latency_ms", "time of a request", "ms", true},
    {"p99_ms", "99th percentile of a request's time", "ms", true},
    {"memory_mb", "peak memory", "MB", true},
    {"power_w", "power", "W", true},
    {"energy_j_per_image", "energy per image", "J", true},
}};

const QuantityFacts& facts_of(Quantity quantity) { return kQuantities[static_cast<std::size_t>(quantity)]; }

/// ImageNet's validation images, for which published accuracies stand.
constexpr std::int64_t kImageNetImages = 50'000;

/// Cells of one row; a column that the frame has not is empty.
class RowCells {
 public:
  RowCells(const Frame& frame, std::size_t row) : frame_(frame), row_(row) {}

  std::string text(std::string_view column) const { return frame_.has(column) ? frame_.texts(column)[row_] : std::string(); }
  std::optional<double> value(std::string_view column) const { return frame_.has(column) ? frame_.numbers(column)[row_] : std::nullopt; }
  /// Times, rates, memory and power are positive; 0 would be no reading.
  std::optional<double> number(std::string_view column) const {
    const std::optional<double> known = value(column);
    return known && *known > 0 ? known : std::nullopt;
  }
  std::optional<stats::Interval> interval(std::string_view low, std::string_view high) const {
    const auto from = number(low), to = number(high);
    return from && to ? std::optional(stats::Interval{*from, *to}) : std::nullopt;
  }

 private:
  const Frame& frame_;
  std::size_t row_;
};

std::optional<stats::Interval> accuracy_interval(const RowCells& cells, const std::string& column, const std::optional<double>& value) {
  if (column != "top1") {
    const auto low = cells.value(column + "_low"), high = cells.value(column + "_high");
    return low && high ? std::optional(stats::Interval{*low, *high}) : std::nullopt;
  }
  if (!value) return std::nullopt;
  const auto right = static_cast<std::int64_t>(std::llround(*value / 100 * static_cast<double>(kImageNetImages)));
  const auto ratio = stats::wilson_interval(right, kImageNetImages);
  return ratio ? std::optional(stats::Interval{100 * ratio->low, 100 * ratio->high}) : std::nullopt;
}

std::optional<double> energy_per_image(const RowCells& cells) {
  if (const auto rate = cells.number("images_per_s_per_w")) return 1 / *rate;
  const auto power = cells.number("power_w"), speed = cells.number("images_per_s");
  return power && speed ? std::optional(*power / *speed) : std::nullopt;
}

void put_latency(Candidate& candidate, const RowCells& cells) {
  auto& value = candidate.values[static_cast<std::size_t>(Quantity::latency_ms)];
  value = cells.number("latency_median_ms");
  if (value) {
    candidate.intervals[static_cast<std::size_t>(Quantity::latency_ms)] = cells.interval("latency_median_low_ms", "latency_median_high_ms");
    return;
  }
  value = cells.number("latency_mean_ms");
  const std::string mode = cells.text("mode");
  const auto per_image = cells.number("per_image_ms"), batch = cells.number("batch");
  // With several requests in flight an image's share of time is not its time.
  if (value || !per_image || !batch || !(mode.empty() || mode == "latency")) return;
  value = *per_image * *batch;
  candidate.latency_is_derived = true;
}

/// Of the starts; with one request at a time, of its time.
std::optional<stats::Interval> speed_interval(const Candidate& candidate, const RowCells& cells) {
  if (const auto of_starts = cells.interval("images_per_s_low", "images_per_s_high")) return of_starts;
  const std::optional<stats::Interval>& time = candidate.interval(Quantity::latency_ms);
  const auto batch = cells.number("batch");
  if (!time || !batch || cells.text("mode") != "latency") return std::nullopt;
  return stats::Interval{1000 * *batch / time->high, 1000 * *batch / time->low};
}

Candidate candidate_of(const Frame& frame, std::size_t row, const std::string& accuracy) {
  const RowCells cells(frame, row);
  Candidate candidate;
  candidate.row = row;
  candidate.model = cells.text("network").empty() ? cells.text("model") : cells.text("network");
  candidate.origin = cells.text("origin");
  candidate.verdict = cells.text("verdict");
  candidate.repro = cells.text("repro");
  const auto put = [&](Quantity quantity, std::optional<double> value, std::optional<stats::Interval> interval = std::nullopt) {
    candidate.values[static_cast<std::size_t>(quantity)] = value;
    candidate.intervals[static_cast<std::size_t>(quantity)] = interval;
  };
  // None right of so many is an accuracy too.
  const std::optional<double> right = cells.value(accuracy);
  put(Quantity::accuracy, right, accuracy_interval(cells, accuracy, right));
  put_latency(candidate, cells);
  put(Quantity::images_per_s, cells.number("images_per_s"), speed_interval(candidate, cells));
  put(Quantity::p99_ms, cells.number("latency_p99_ms"), cells.interval("latency_p99_ms", "latency_p99_high_ms"));
  put(Quantity::memory_mb, cells.number("peak_memory_mb"));
  put(Quantity::power_w, cells.number("power_w"));
  put(Quantity::energy_j_per_image, energy_per_image(cells));
  return candidate;
}

/// What may tell candidates of a network apart, as people would name it.
constexpr std::array<std::string_view, 12> kNaming{"engine",   "engine_settings", "device", "precision",    "threads",     "streams",
                                                   "requests", "batch",           "mode",   "input_height", "input_width", "platform"};

/// What a row's figures are of; two rows that are equal in it tell of the same.
std::string subject_of(const Frame& frame, const Candidate& candidate) {
  static constexpr std::array<std::string_view, 9> kColumns{"model",     "engine",  "engine_version", "engine_settings", "device",
                                                            "precision", "threads", "batch",          "platform"};
  const RowCells cells(frame, candidate.row);
  std::vector<std::string> texts;
  for (const std::string_view column : kColumns) texts.push_back(cells.text(column));
  // A network without a size has its own.
  for (const char* column : {"input_height", "input_width"}) {
    const std::string input = cells.text(column);
    const zoo::Network* network = input.empty() ? zoo::find(texts.front()) : nullptr;
    texts.push_back(network != nullptr ? std::to_string(network->input_size) : input);
  }
  return join(texts, "\n");
}

/// A prediction has nothing to say where there is a measurement. What a prediction leaves open is not taken for agreement.
void leave_out_predictions_of_measured(const Frame& frame, Candidates& candidates) {
  std::set<std::string> measured;
  for (const Candidate& candidate : candidates.all) {
    const bool alone = RowCells(frame, candidate.row).text("mode") == "latency";  // a request at a time, as predictions are of
    if (candidate.origin == "measured" && alone) measured.insert(subject_of(frame, candidate));
  }
  const auto is_known = [&](const Candidate& candidate) {
    return candidate.origin == "predicted" && measured.contains(subject_of(frame, candidate));
  };
  const std::size_t count = std::erase_if(candidates.all, is_known);
  if (count > 0) candidates.left_out["predicted, and measured as well"] = count;
}

std::vector<std::string> naming_settings(const Frame& frame, const std::vector<Candidate>& all) {
  std::vector<std::string> settings;
  for (const std::string_view column : kNaming) {
    if (!frame.has(column)) continue;
    const std::vector<std::string>& texts = frame.texts(column);
    std::set<std::string> seen;
    for (const Candidate& candidate : all) seen.insert(texts[candidate.row]);
    if (seen.size() > 1 && !(column == "input_width" && frame.has("input_height") && texts == frame.texts("input_height")))
      settings.emplace_back(column);
  }
  return settings;
}

}  // namespace

std::string_view name_of(Quantity quantity) { return facts_of(quantity).name; }
std::string_view words_of(Quantity quantity) { return facts_of(quantity).words; }
std::string_view unit_of(Quantity quantity) { return facts_of(quantity).unit; }
bool less_is_better(Quantity quantity) { return facts_of(quantity).less_is_better; }

Quantity quantity_of(std::string_view name) {
  for (std::size_t i = 0; i < kQuantityCount; ++i) {
    if (kQuantities[i].name == name) return static_cast<Quantity>(i);
  }
  throw Error(ErrorCode::internal, "no quantity " + std::string(name));
}

Candidates candidates_of(const Frame& frame, const std::string& accuracy) {
  Candidates candidates;
  for (std::size_t row = 0; row < frame.size(); ++row) {
    const RowCells cells(frame, row);
    const std::string status = cells.text("status");
    if (!status.empty() && status != "passed") {
      ++candidates.left_out[status];
    } else if (cells.text("verdict") == "invalid") {
      ++candidates.left_out["invalid"];
    } else {
      candidates.all.push_back(candidate_of(frame, row, accuracy));
    }
  }
  leave_out_predictions_of_measured(frame, candidates);
  candidates.settings = naming_settings(frame, candidates.all);
  return candidates;
}

std::string title_of(const Candidates& candidates, const Candidate& candidate, const Frame& frame) {
  std::vector<std::string> parts;
  for (const std::string& column : candidates.settings) {
    const std::string& text = frame.texts(column)[candidate.row];
    if (!text.empty()) parts.push_back(value_title(column, text));
  }
  return parts.empty() ? candidate.model : candidate.model + " (" + join(parts, ", ") + ")";
}

}  // namespace inferometer::report

/// Read the rows of a frame as candidates for a choice.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/frame.h"
#include "stats/sample.h"

namespace inferometer::report {

/// What a choice can turn on.
enum class Quantity : std::size_t { accuracy, images_per_s, latency_ms, p99_ms, memory_mb, power_w, energy_j_per_image };
inline constexpr std::size_t kQuantityCount = 7;

/// "images_per_s"; of accuracy "top1".
std::string_view name_of(Quantity quantity);
Quantity quantity_of(std::string_view name);
/// For people: "images per second", with its unit's symbol apart: "1/s".
std::string_view words_of(Quantity quantity);
std::string_view unit_of(Quantity quantity);
bool less_is_better(Quantity quantity);

struct Candidate {
  std::size_t row = 0;  ///< of the frame
  std::string model, origin, verdict, repro;
  std::array<std::optional<double>, kQuantityCount> values;
  std::array<std::optional<stats::Interval>, kQuantityCount> intervals;  ///< where the row tells one
  bool latency_is_derived = false;                                       ///< per_image_ms x batch

  const std::optional<double>& operator[](Quantity quantity) const { return values[static_cast<std::size_t>(quantity)]; }
  const std::optional<stats::Interval>& interval(Quantity quantity) const { return intervals[static_cast<std::size_t>(quantity)]; }
};

struct Candidates {
  std::vector<Candidate> all;
  std::map<std::string, std::size_t>
      left_out;  ///< rows that are no candidates, by why: a status, "invalid", or a prediction of what was measured
  /// Settings in which rows of a network differ, or that all networks do not share: what names a row beside its network.
  std::vector<std::string> settings;
};

/// @param accuracy  the column that is the accuracy
Candidates candidates_of(const Frame& frame, const std::string& accuracy);

/// "caffe_googlenet (batch 2)": the network and the settings that tell rows apart.
std::string title_of(const Candidates& candidates, const Candidate& candidate, const Frame& frame);

}  // namespace inferometer::report

/// Observe the ranges that a network's activations take on pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "measure/evaluation.h"
#include "measure/measure_start.h"

namespace inferometer::measure {

/// Smallest and largest value, or what is left of them once the outermost values are cut off.
struct ObservedRange {
  double low = 0, high = 0;
  bool operator==(const ObservedRange&) const = default;
};

/// Collects values of one tensor. First pass: observe(); second, where values are cut off: begin_counting(), then count().
/// One thread at a time.
class RangeObserver {
 public:
  void observe(std::span<const float> values);  ///< Throws Error{engine_failure} for a value that is not finite.
  ObservedRange extremes() const { return extremes_; }
  void begin_counting();  ///< between the extremes seen so far
  void count(std::span<const float> values);
  /// The range that holds all but (100 - percentile) / 2 percent of the values on either side, to a 4096th of the extremes.
  ObservedRange within(double percentile) const;

 private:
  ObservedRange extremes_;
  bool any_ = false;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

struct CalibrationRecord {
  std::map<std::string, ObservedRange> ranges;  ///< by tensor: the input, and every output
  std::size_t images = 0;                       ///< that were used
  std::vector<DamagedImage> damaged;
  std::string preprocessing;
  std::string engine_precision;  ///< obtained
};
void to_json(nlohmann::json& json, const CalibrationRecord& record);
void from_json(const nlohmann::json& json, CalibrationRecord& record);

/// Run every picture of task.evaluation through the model and note the ranges of its input and of all its outputs, in a worker.
/// task.percentile of 100 takes the extremes, one pass; less a second pass. Throws Error as loading and running do; Error{input} when no
/// picture can be used.
CalibrationRecord calibrate_start(const StartContext& context);

}  // namespace inferometer::measure

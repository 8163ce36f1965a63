/// Keep the layer times of many runs and give their medians. Header only.
///
/// For engines that see the times of each run by themselves. Any thread may call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace inferometer::engine {

class LayerHistory {
 public:
  /// Keep one run. All runs have the same layers in the same order; should they ever change, what came before is forgotten.
  void add(std::vector<LayerTime> layers) {
    const std::lock_guard lock(mutex_);
    if (times_us_.size() != layers.size()) times_us_.assign(layers.size(), {});
    for (std::size_t i = 0; i < layers.size(); ++i) times_us_[i].push_back(layers[i].time_us);
    layers_ = std::move(layers);
  }

  void restart() {
    const std::lock_guard lock(mutex_);
    layers_.clear();
    times_us_.clear();
  }

  /// The median of every layer; empty when no run was kept.
  std::vector<LayerTime> medians() const {
    const std::lock_guard lock(mutex_);
    std::vector<LayerTime> result = layers_;
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i].time_us = median(times_us_[i]);
      result[i].executed = result[i].time_us > 0;
    }
    return result;
  }

  /// @param times  not empty
  static double median(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    const std::size_t middle = times.size() / 2;
    return times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LayerTime> layers_;              // of the last run
  std::vector<std::vector<double>> times_us_;  // by layer, of all runs
};

}  // namespace inferometer::engine

/// Predict what a network that was not run would take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "predict/model.h"
#include "predict/units.h"

namespace inferometer::predict {

/// A unit's share of a prediction.
struct UnitCost {
  std::string layer, operation, kind;
  double ms = 0;
  std::string outside;  ///< why this is a guess: a size outside what was timed; else empty
};

struct Prediction {
  std::int64_t batch = 1;
  double latency_ms = 0;                  ///< of a request
  std::optional<double> low_ms, high_ms;  ///< 90 %; null where the calibration had too few networks
  std::optional<double> peak_memory_mb, memory_low_mb, memory_high_mb;
  std::vector<UnitCost> units;  ///< in graph order; their sum is latency_ms
  std::vector<std::string>
      outside;  ///< layers with sizes beyond what was timed, the farthest first: "layer: channels 4096, timed 8 to 1152"
};

/// Between two calibrated batches the logarithms of both models' predictions are weighted by the logarithm of the batch.
/// Throws Error{unsupported} for a batch outside the calibrated ones and for a layer of a kind that was never timed, naming the layer and
/// its operator; what infer_shapes() throws.
Prediction predict_latency(const Model& model, const graph::Graph& graph, std::int64_t batch);

}  // namespace inferometer::predict

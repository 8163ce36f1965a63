/// Run a call's items through a service.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "serve/inputs.h"
#include "serve/service.h"

namespace inferometer::serve {

/// What a call's items gave. Times cover the whole call.
struct Prediction {
  std::vector<std::vector<float>>
      scores;  ///< by item: the first output's values, one a class; probabilities (softmax was taken where the network does not)
  std::chrono::nanoseconds transform{0};  ///< wall time of reading, decoding and preprocessing that no inference hid
  std::chrono::nanoseconds inference{0};  ///< of the engine, summed over the call's inferences; of a merged one the whole
};

/// Prepare and infer all items, in chunks of the worker's largest batch. Items of a chunk are decoded side by side (Service::pool()), and
/// while a chunk infers the next is prepared.
/// Throws StatusError (400/1005, 413) for an item, 500/1007 for the engine, out of memory or the time limit.
Prediction predict_items(Service& service, const std::vector<DataItem>& items, const dataset::Preprocessor& preprocessor,
                         const InputLimits& limits, std::chrono::milliseconds limit);

/// The same for inputs that are tensors already: one f32 tensor of `count` items in the network's own layout. Throws as above.
Prediction predict_tensors(Service& service, std::span<const float> elements, std::size_t count, std::chrono::milliseconds limit);

/// Every output as it is, finite or not, for inputs given tensor by tensor (v2). Element types are those of the model.
struct TensorResult {
  std::vector<std::vector<std::byte>> outputs;  ///< by output: count items
  std::chrono::nanoseconds inference{0};
};
TensorResult infer_tensors(Service& service, const std::vector<std::span<const std::byte>>& inputs, std::size_t count,
                           std::chrono::milliseconds limit);

}  // namespace inferometer::serve

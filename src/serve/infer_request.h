/// Read a v2 inference request: JSON, with tensors in it or as bytes behind it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/worker.h"

namespace inferometer::serve {

/// An output that the client wants.
struct WantedOutput {
  std::size_t index = 0;   ///< of the model's outputs
  bool is_binary = false;  ///< as bytes behind the JSON
};

struct InferRequest {
  std::optional<std::string> id;
  std::size_t count = 0;                           ///< items
  std::vector<std::span<const std::byte>> inputs;  ///< by the model's input: `count` items; views of `storage` and of the body
  std::vector<WantedOutput> outputs;               ///< in the order of the answer
  std::vector<std::vector<std::byte>> storage;
};

/// @param header_length  of the header Inference-Header-Content-Length: bytes of JSON at the body's start; none: all of it. With 0 the body
/// is the model's only input, and every output comes back as bytes.
/// @param most_items  beyond: 413
/// Throws StatusError 400 naming the tensor, and what the model takes: not JSON, a member of the wrong type, an input missing, unknown or
/// given twice, another element type or shape, a wrong number of elements or bytes, NaN or an infinity, an unknown output.
InferRequest read_infer_request(std::string_view body, std::optional<std::string_view> header_length, const WorkerModel& model,
                                std::size_t most_items);

/// A tensor's shape for `count` items, which are its first dimension.
Shape shape_of(const engine::TensorInfo& tensor, std::int64_t count);

}  // namespace inferometer::serve

#include "zoo/families.h"

#include <fmt/format.h>

#include "base/error.h"

namespace inferometer::zoo {

graph::TensorId image_input(graph::Builder& builder, const BuildOptions& options, std::int64_t own_size, std::int64_t channels) {
  if (options.classes < 1) throw Error(ErrorCode::usage, fmt::format("{} classes: there must be at least 1", options.classes));
  if (options.height < 0 || options.width < 0) {
    throw Error(ErrorCode::usage, fmt::format("input {}x{}: a size cannot be negative", options.height, options.width));
  }
  const std::int64_t height = options.height == 0 ? own_size : options.height;
  const std::int64_t width = options.width == 0 ? own_size : options.width;
  return builder.input("input", {graph::kBatch, channels, height, width});
}

}  // namespace inferometer::zoo

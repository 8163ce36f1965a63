#include "formats/checkpoint_tensor.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::formats {

Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  if (element_count(shape) == 0) return strides;  // nothing has a place
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void require_whole(std::string_view name, const graph::Array& array, const std::filesystem::path& path) {
  if (!is_valid_utf8(name)) fail_checkpoint(path, fmt::format("the name of tensor {} is no UTF-8", to_utf8(name)));
  const std::int64_t bytes = element_count(array.shape) * static_cast<std::int64_t>(size_of(array.type));
  if (static_cast<std::int64_t>(array.bytes.size()) != bytes) {
    fail_checkpoint(path,
                    fmt::format("{} has {} bytes for {} of {}", name, array.bytes.size(), name_of(array.type), to_string(array.shape)));
  }
}

void fail_checkpoint(const std::filesystem::path& path, std::string_view message, std::string_view hint) {
  throw Error(ErrorCode::input, one_line(fmt::format("{}: {}", path.string(), message)), std::string(hint));
}

void fail_checkpoint_unsupported(const std::filesystem::path& path, std::string_view message, std::string_view hint) {
  throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: {}", path.string(), message)), std::string(hint));
}

}  // namespace inferometer::formats

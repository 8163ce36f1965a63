#include "formats/onnx_tensor.h"

#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "formats/to_f32.h"

namespace inferometer::formats {

namespace {

using onnx::TensorProto;

constexpr std::array kTypes{
    std::pair{TensorProto::FLOAT, ElementType::f32},     std::pair{TensorProto::FLOAT16, ElementType::f16},
    std::pair{TensorProto::BFLOAT16, ElementType::bf16}, std::pair{TensorProto::DOUBLE, ElementType::f64},
    std::pair{TensorProto::UINT8, ElementType::u8},      std::pair{TensorProto::INT8, ElementType::i8},
    std::pair{TensorProto::INT32, ElementType::i32},     std::pair{TensorProto::INT64, ElementType::i64},
    std::pair{TensorProto::BOOL, ElementType::boolean},
};

/// Append the typed field of the message as little-endian bytes of `type`.
template <typename Stored, typename Field>
std::vector<std::byte> packed(const Field& field) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(field.size()) * sizeof(Stored));
  for (int i = 0; i < field.size(); ++i) {
    const auto value = static_cast<Stored>(field.Get(i));
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(Stored), &value, sizeof(Stored));
  }
  return bytes;
}

std::vector<std::byte> bytes_of(const TensorProto& tensor, ElementType type, const std::optional<ByteRange>& range) {
  if (range) return read_range(*range);
  if (tensor.has_raw_data()) {
    const auto* begin = reinterpret_cast<const std::byte*>(tensor.raw_data().data());
    return {begin, begin + tensor.raw_data().size()};
  }
  switch (type) {
    case ElementType::f32: return packed<float>(tensor.float_data());
    case ElementType::f64: return packed<double>(tensor.double_data());
    case ElementType::i64: return packed<std::int64_t>(tensor.int64_data());
    case ElementType::i32: return packed<std::int32_t>(tensor.int32_data());
    case ElementType::f16:
    case ElementType::bf16: return packed<std::uint16_t>(tensor.int32_data());
    case ElementType::u8:
    case ElementType::i8:
    case ElementType::boolean: return packed<std::uint8_t>(tensor.int32_data());
  }
  return {};
}

}  // namespace

std::optional<ElementType> element_type_of(std::int32_t onnx_type) {
  for (const auto& [theirs, ours] : kTypes) {
    if (theirs == onnx_type) return ours;
  }
  return std::nullopt;
}

bool holds_reals(const TensorProto& tensor) {
  const auto type = element_type_of(tensor.data_type());
  return type && is_real(*type);
}

std::int32_t onnx_type_of(ElementType type) {
  for (const auto& [theirs, ours] : kTypes) {
    if (ours == type) return theirs;
  }
  return TensorProto::UNDEFINED;
}

Shape shape_of(const std::filesystem::path& path, const TensorProto& tensor) {
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  try {
    (void)element_count(shape);
  } catch (const Error&) {
    fail_onnx(path, fmt::format("tensor {} has an impossible shape {}", tensor.name(), fmt::join(shape, "x")));
  }
  return shape;
}

graph::Array to_array(const std::filesystem::path& path, const TensorProto& tensor, const std::optional<ByteRange>& range) {
  const auto type = element_type_of(tensor.data_type());
  if (!type) fail_onnx_unsupported(path, fmt::format("tensor {} has ONNX element type {}", tensor.name(), tensor.data_type()));
  graph::Array array{*type, shape_of(path, tensor), {}};
  const std::int64_t wanted = element_count(array.shape);
  // Compared before reading, so that a small message that points at a large file cannot make us read it for nothing.
  const auto element_bytes = static_cast<std::int64_t>(size_of(*type));
  if (range && (range->length % element_bytes != 0 || range->length / element_bytes != wanted)) {
    fail_onnx(path, fmt::format("tensor {} of shape {} has {} bytes of data", tensor.name(), to_string(array.shape), range->length));
  }
  array.bytes = bytes_of(tensor, *type, range);
  const auto have = static_cast<std::int64_t>(array.bytes.size());
  if (have % element_bytes != 0 || have / element_bytes != wanted) {
    fail_onnx(path, fmt::format("tensor {} of shape {} has {} bytes of data", tensor.name(), to_string(array.shape), have));
  }
  if (is_real(*type)) {
    array.bytes = to_f32(std::move(array.bytes), *type);
    array.type = ElementType::f32;
  }
  return array;
}

std::vector<std::int64_t> integers_of(const graph::Array& array) {
  const std::size_t width = size_of(array.type);
  std::vector<std::int64_t> values(array.bytes.size() / width);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::byte* from = array.bytes.data() + i * width;
    std::int32_t narrow = 0;
    switch (array.type) {
      case ElementType::i64: std::memcpy(&values[i], from, sizeof(std::int64_t)); break;
      case ElementType::i32:
        std::memcpy(&narrow, from, sizeof narrow);
        values[i] = narrow;
        break;
      case ElementType::i8: values[i] = static_cast<std::int8_t>(*from); break;
      default: values[i] = static_cast<std::int64_t>(std::to_integer<std::uint8_t>(*from)); break;
    }
  }
  return values;
}

}  // namespace inferometer::formats

#include "formats/onnx_tensor.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

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

float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;  // zero and subnormals, exact in f32
  return sign != 0 ? -magnitude : magnitude;
}

float from_bfloat(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

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

template <typename Stored, typename Convert>
std::vector<std::byte> widened(const std::vector<std::byte>& bytes, Convert convert) {
  const std::size_t count = bytes.size() / sizeof(Stored);
  std::vector<std::byte> floats(count * sizeof(float));
  for (std::size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    const float value = convert(stored);
    std::memcpy(floats.data() + i * sizeof(float), &value, sizeof(float));
  }
  return floats;
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
  return type && (*type == ElementType::f32 || *type == ElementType::f16 || *type == ElementType::bf16 || *type == ElementType::f64);
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
  if (*type == ElementType::f16) array.bytes = widened<std::uint16_t>(array.bytes, from_half);
  if (*type == ElementType::bf16) array.bytes = widened<std::uint16_t>(array.bytes, from_bfloat);
  if (*type == ElementType::f64) array.bytes = widened<double>(array.bytes, [](double value) { return static_cast<float>(value); });
  if (*type == ElementType::f16 || *type == ElementType::bf16 || *type == ElementType::f64) array.type = ElementType::f32;
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

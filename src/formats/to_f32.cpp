#include "formats/to_f32.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace inferometer::formats {
namespace {

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

template <typename Stored, typename Convert>
std::vector<std::byte> converted(const std::vector<std::byte>& bytes, Convert convert) {
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

std::vector<std::byte> to_f32(std::vector<std::byte> bytes, ElementType type) {
  if (type == ElementType::f16) return converted<std::uint16_t>(bytes, from_half);
  if (type == ElementType::bf16) return converted<std::uint16_t>(bytes, from_bfloat);
  if (type == ElementType::f64) return converted<double>(bytes, [](double value) { return static_cast<float>(value); });
  return bytes;
}

}  // namespace inferometer::formats

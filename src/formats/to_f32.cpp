#include "formats/to_f32.h"

#include <cstdint>
#include <cstring>

#include "base/half_float.h"

namespace inferometer::formats {
namespace {

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
  if (type == ElementType::bf16) return converted<std::uint16_t>(bytes, from_bfloat16);
  if (type == ElementType::f64) return converted<double>(bytes, [](double value) { return static_cast<float>(value); });
  return bytes;
}

}  // namespace inferometer::formats

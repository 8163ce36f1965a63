#include "contract.h"

namespace inferometer::contract {

std::vector<float> noise(std::int64_t elements, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(elements));
  std::uint64_t state = seed * 0x9E3779B97F4A7C15u + 0x1234567u;
  for (float& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(static_cast<std::int64_t>(state >> 40) - (1 << 23)) / static_cast<float>(1 << 23);
  }
  return values;
}

}  // namespace inferometer::contract

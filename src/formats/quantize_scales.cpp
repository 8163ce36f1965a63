#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "formats/quantize.h"

namespace inferometer::formats {

namespace {
constexpr float kMost = 255;
}

UnsignedScale unsigned_scale(ActivationRange range) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high)
    throw Error(ErrorCode::input, fmt::format("{} to {} is no range", range.low, range.high));
  const double low = std::min(range.low, 0.0F), width = std::max(range.high, 0.0F) - low;
  const float scale = static_cast<float>(width / kMost);
  if (scale < std::numeric_limits<float>::min()) return {};
  return {scale, static_cast<std::uint8_t>(std::clamp<double>(std::nearbyint(-low / width * kMost), 0, kMost))};
}

std::uint8_t quantize(float value, const UnsignedScale& how) {
  return static_cast<std::uint8_t>(std::clamp(std::nearbyint(value / how.scale) + static_cast<float>(how.zero), 0.0F, kMost));
}

float dequantize(std::uint8_t value, const UnsignedScale& how) {
  return static_cast<float>(static_cast<int>(value) - static_cast<int>(how.zero)) * how.scale;
}

float signed_scale(float largest, int steps) {
  const float scale = largest / static_cast<float>(steps);
  return scale < std::numeric_limits<float>::min() ? 1.0F : scale;
}

}  // namespace inferometer::formats

#include "measure/images.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "base/half_float.h"
#include "measure/pictures.h"

namespace inferometer::measure {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): a counter in, well mixed bits out.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Uniform in [0, 1) from a seed, an image and a counter.
double unit(std::uint64_t seed, std::uint64_t index, std::uint64_t counter) {
  return static_cast<double>(mix(mix(mix(seed) ^ index) ^ counter) >> 11) * 0x1p-53;
}

struct Wave {
  std::vector<double> down, across;  // factors per row and per column
};

/// amplitude x sin(phase + turns y) x sin(phase' + turns' x)
Wave make_wave(std::uint64_t seed, std::uint64_t index, std::uint64_t which, std::int64_t height, std::int64_t width) {
  constexpr double kTau = 6.283185307179586;
  const std::uint64_t base = which * 8;
  const double amplitude = 0.5 + 0.5 * unit(seed, index, base);
  const auto fill = [&](std::uint64_t counter, std::int64_t size, double scale) {
    const double turns = 0.5 + 3.5 * unit(seed, index, counter);
    const double phase = kTau * unit(seed, index, counter + 1);
    std::vector<double> factors(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < factors.size(); ++i) {
      factors[i] = scale * std::sin(phase + kTau * turns * static_cast<double>(i) / static_cast<double>(size));
    }
    return factors;
  };
  return {fill(base + 1, height, amplitude), fill(base + 3, width, 1.0)};
}

void store(ElementType type, float value, std::byte* where) {
  switch (type) {
    case ElementType::f32: std::memcpy(where, &value, sizeof value); return;
    case ElementType::f64: {
      const double wide = value;
      std::memcpy(where, &wide, sizeof wide);
      return;
    }
    case ElementType::f16: {
      const std::uint16_t half = to_half(value);
      std::memcpy(where, &half, sizeof half);
      return;
    }
    case ElementType::bf16: {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      const auto rounded = static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
      std::memcpy(where, &rounded, sizeof rounded);
      return;
    }
    // Pixels: the pattern's -2..2 spread over the bytes.
    case ElementType::u8: *where = static_cast<std::byte>(std::clamp(std::lround(127.5f + 60.0f * value), 0l, 255l)); return;
    case ElementType::i8: *where = static_cast<std::byte>(std::clamp(std::lround(60.0f * value), -128l, 127l)); return;
    default: return;
  }
}

struct Layout {
  std::int64_t channels = 1, height = 1, width = 1;
};

/// How one image of this input is laid out; any rank but 4 is one long row of one channel.
Layout image_layout(const engine::TensorInfo& input, std::int64_t batch) {
  if (input.shape.size() == 4) return {input.shape[1], input.shape[2], input.shape[3]};
  return {1, 1, element_count(input.shape) / batch};
}

}  // namespace

void smooth_pattern(std::uint64_t seed, std::uint64_t index, std::int64_t channels, std::int64_t height, std::int64_t width,
                    std::span<float> elements) {
  constexpr std::uint64_t kWaves = 3;
  const auto rows = static_cast<std::size_t>(height), columns = static_cast<std::size_t>(width);
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel) {
    const double level = unit(seed, index, 1'000'000 + channel) - 0.5;
    std::array<Wave, kWaves> waves;
    for (std::uint64_t w = 0; w < kWaves; ++w) waves[w] = make_wave(seed, index, channel * kWaves + w, height, width);
    float* pixel = elements.data() + channel * rows * columns;
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        double value = level;
        for (const Wave& wave : waves) value += wave.down[y] * wave.across[x];
        *pixel++ = static_cast<float>(value);
      }
    }
  }
}

InputBuffers::InputBuffers(const std::vector<engine::TensorInfo>& inputs, std::int64_t batch, std::uint64_t seed,
                           const std::vector<std::uint64_t>& image_of_position, const Pictures* pictures)
    : inputs_(inputs), batch_(batch), pictures_(pictures) {
  for (const engine::TensorInfo& input : inputs_) {
    if (input.type == ElementType::i32 || input.type == ElementType::i64 || input.type == ElementType::boolean) {
      throw Error(ErrorCode::unsupported, fmt::format("input {} holds {}, not pictures", input.name, name_of(input.type)),
                  "inferometer measures image classification networks");
    }
    if (input.shape.empty() || input.shape.front() != batch) {
      throw Error(ErrorCode::unsupported, fmt::format("input {} has shape {}, whose first dimension is not the batch {}", input.name,
                                                      to_string(input.shape), batch));
    }
    constexpr std::size_t kLine = 64;
    const std::size_t bytes = static_cast<std::size_t>(element_count(input.shape)) * size_of(input.type);
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(kLine, (bytes + kLine - 1) / kLine * kLine));
    if (memory == nullptr) throw std::bad_alloc();
    buffers_.push_back({{memory, std::free}, bytes});
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    views_.push_back({inputs_[i].type, inputs_[i].shape, buffers_[i].data.get(), buffers_[i].bytes});
  }
  fill(seed, image_of_position);
}

void InputBuffers::fill(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position) {
  fill(seed, image_of_position, pictures_);
}

void InputBuffers::fill_patterns(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position) {
  fill(seed, image_of_position, nullptr);
}

void InputBuffers::fill(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position, const Pictures* pictures) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Layout layout = image_layout(inputs_[i], batch_);
    const auto count = static_cast<std::size_t>(layout.channels * layout.height * layout.width);
    const std::size_t element_bytes = size_of(inputs_[i].type);
    std::vector<float> image(count);
    for (std::size_t position = 0; position < image_of_position.size(); ++position) {
      if (pictures != nullptr) {
        pictures->fill(image_of_position[position], image);
      } else {
        smooth_pattern(seed + i, image_of_position[position], layout.channels, layout.height, layout.width, image);
      }
      std::byte* where = buffers_[i].data.get() + position * count * element_bytes;
      if (inputs_[i].type == ElementType::f32) {
        std::memcpy(where, image.data(), count * sizeof(float));
        continue;
      }
      for (std::size_t e = 0; e < count; ++e) store(inputs_[i].type, image[e], where + e * element_bytes);
    }
  }
}

std::size_t InputBuffers::bytes() const {
  std::size_t total = 0;
  for (const auto& buffer : buffers_) total += buffer.bytes;
  return total;
}

std::size_t input_bytes(const std::vector<engine::TensorInfo>& inputs) {
  std::size_t total = 0;
  for (const auto& input : inputs) total += static_cast<std::size_t>(element_count(input.shape)) * size_of(input.type);
  return total;
}

std::size_t pool_size(std::size_t request_bytes) {
  constexpr std::size_t kMost = 4, kLeast = 2, kBudget = std::size_t{256} << 20;
  if (request_bytes == 0) return kMost;
  return std::clamp(kBudget / request_bytes, kLeast, kMost);
}

std::vector<float> to_floats(const engine::TensorView& view) {
  const std::size_t count = view.bytes / size_of(view.type);
  std::vector<float> values(count);
  const auto convert = [&]<class T>(T, auto&& to_float) {
    const auto* bytes = static_cast<const std::byte*>(view.data);
    for (std::size_t i = 0; i < count; ++i) {
      T value;
      std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
      values[i] = to_float(value);
    }
  };
  const auto plain = [](auto value) { return static_cast<float>(value); };
  switch (view.type) {
    case ElementType::f32: convert(float{}, plain); break;
    case ElementType::f64: convert(double{}, plain); break;
    case ElementType::f16: convert(std::uint16_t{}, from_half); break;
    case ElementType::bf16: convert(std::uint16_t{}, from_bfloat16); break;
    case ElementType::u8: convert(std::uint8_t{}, plain); break;
    case ElementType::i8: convert(std::int8_t{}, plain); break;
    case ElementType::i32: convert(std::int32_t{}, plain); break;
    case ElementType::i64: convert(std::int64_t{}, plain); break;
    case ElementType::boolean: convert(std::uint8_t{}, plain); break;
  }
  return values;
}

}  // namespace inferometer::measure

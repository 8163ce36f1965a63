/// Make seeded smooth pictures and lay them out as an engine's inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace inferometer::measure {

class Pictures;

/// Fill one image: `elements` is channels x height x width, values about -2..2, a few low waves per channel.
/// Image (seed, index) is the same for every engine, batch and process.
void smooth_pattern(std::uint64_t seed, std::uint64_t index, std::int64_t channels, std::int64_t height, std::int64_t width,
                    std::span<float> elements);

/// The inputs of one request, owned: one buffer per model input.
class InputBuffers {
 public:
  /// Images `image_of(position)` at every batch position of inputs shaped as the session says (batch first; NCHW, or any
  /// other rank, which is treated as one channel). Throws Error{unsupported} for inputs that are no images (integers of 32 bits and more).
  /// @param pictures  that take the patterns' place, by the same numbers; null: none. Outlives this.
  InputBuffers(const std::vector<engine::TensorInfo>& inputs, std::int64_t batch, std::uint64_t seed,
               const std::vector<std::uint64_t>& image_of_position, const Pictures* pictures = nullptr);
  /// Replace what is in the buffers by other images.
  void fill(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position);
  /// The same with patterns, whatever there is: as many different ones as one likes.
  void fill_patterns(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position);
  std::span<const engine::TensorView> views() const { return views_; }
  std::size_t bytes() const;

 private:
  void fill(std::uint64_t seed, const std::vector<std::uint64_t>& image_of_position, const Pictures* pictures);

  std::vector<engine::TensorInfo> inputs_;
  std::int64_t batch_ = 1;
  const Pictures* pictures_ = nullptr;
  /// Aligned to a cache line, as frameworks align tensors of their own: none should copy for that reason.
  struct Buffer {
    std::unique_ptr<std::byte, void (*)(void*)> data;
    std::size_t bytes = 0;
  };
  std::vector<Buffer> buffers_;
  std::vector<engine::TensorView> views_;
};

/// Bytes of one request's inputs.
std::size_t input_bytes(const std::vector<engine::TensorInfo>& inputs);

/// How many different requests the timed loop rotates over: four, reduced to fit 256 MiB, never below two.
std::size_t pool_size(std::size_t request_bytes);

/// Elements of a view as floats. Throws Error{unsupported} for types that are no numbers we know.
std::vector<float> to_floats(const engine::TensorView& view);

}  // namespace inferometer::measure

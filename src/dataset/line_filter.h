/// Apply fixed-point weights to the lines of a picture: the part of a resize that takes the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace inferometer::dataset {

inline constexpr int kFractionBits = 22;  // 32 - 8 bits of a pixel - 2 for sign and overshoot

/// How one line of pixels becomes another: every target is a weighted sum of a run of sources.
struct LineFilter {
  struct Run {
    std::int64_t first = 0;  ///< source
    std::size_t count = 0;
    const std::int32_t* weights = nullptr;
  };
  std::vector<std::int64_t> first;
  std::vector<std::size_t> count;
  std::size_t stride = 0;             ///< weights kept for each target
  std::vector<std::int32_t> weights;  ///< fixed point
  Run run(std::size_t target) const { return {first[target], count[target], weights.data() + target * stride}; }
};

/// Which instructions do it; the results are the same to the last bit.
enum class Arithmetic : std::uint8_t { portable, avx2 };
/// The fastest that this processor has. Threads: safe.
Arithmetic best_arithmetic();

/// Rows of pixels in memory, one after the other.
struct Rows {
  const std::uint8_t* pixels = nullptr;
  std::size_t count = 0;
  std::size_t bytes = 0;  ///< of one
};

/// Filter each row along its length.
/// @param channels  3 or 1, interleaved
/// @param out       rows.count rows of filter.first.size() pixels
void filter_along_rows(Arithmetic arithmetic, const Rows& rows, const LineFilter& filter, std::size_t channels, std::uint8_t* out);

/// Sum whole rows.
/// @param run        its `first` is the number of a row, counted as `first_row` counts the first of `rows`
/// @param out        one row
void sum_rows(Arithmetic arithmetic, const Rows& rows, const LineFilter::Run& run, std::int64_t first_row, std::uint8_t* out);

}  // namespace inferometer::dataset

/// Count values into fixed ranges, as Prometheus shows them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace inferometer::serve {

/// Upper ends of ranges, ascending; one further range has none. A value at an end belongs below it. One thread at a time.
template <std::size_t kEnds>
struct Histogram {
  std::array<double, kEnds> ends;
  std::array<std::uint64_t, kEnds + 1> counts{};  ///< by range, not cumulative
  double sum = 0;

  void add(double value) {
    const auto end = std::lower_bound(ends.begin(), ends.end(), value);
    ++counts[static_cast<std::size_t>(end - ends.begin())];
    sum += value;
  }
};

/// Seconds of a call: 0.5 ms to 10 s.
struct DurationHistogram : Histogram<14> {
  DurationHistogram() : Histogram{{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}} {}
};

/// Pictures of a call, or items of an inference.
struct BatchHistogram : Histogram<9> {
  BatchHistogram() : Histogram{{1, 2, 4, 8, 16, 32, 64, 128, 256}} {}
};

}  // namespace inferometer::serve

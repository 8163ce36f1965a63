/// What requests in flight side by side amount to: pure arithmetic on their times.
///
/// A lane is one of the R requests in flight: its flights follow each other and never overlap. Times are nanoseconds of any one origin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace inferometer::measure {

/// One request, from its call to its return.
struct Flight {
  std::int64_t begin_ns = 0, end_ns = 0;
};
/// The first flight of every lane began in the ramp; the window's own follow it.
using Lanes = std::vector<std::span<const Flight>>;

/// Blocks of equal time that a window is cut into, to judge how settled its rate is.
inline constexpr std::size_t kBlocks = 20;

/// A stretch of time in which every lane had a request in flight or between two calls.
struct Window {
  std::int64_t begin_ns = 0;  ///< the first start after the ramp
  std::int64_t end_ns = 0;    ///< a completion: the last one before any lane ended, or the one that makes `exact`
};
/// @param exact  end with this many completions; 0: with the last that every lane saw
/// nullopt while a lane has fewer than two flights, or the lanes have no time in common yet, or there are fewer than `exact` completions.
std::optional<Window> window_of(const Lanes& lanes, std::int64_t exact = 0);

/// Work done in a window, in requests: each counts by the share of its time that lies inside. So neither those cut by the window's ends nor
/// their order at its ends bias the rate, as whole numbers would by up to R - 1 requests; with steady requests the sum is exact.
double requests_in(const Lanes& lanes, const Window& window);

/// Requests a second in each of kBlocks equal parts of the window, counted the same way.
std::array<double, kBlocks> block_rates(const Lanes& lanes, const Window& window);

/// Share of the window's time with fewer requests in flight than lanes.
double below_full_flight_ratio(const Lanes& lanes, const Window& window);

/// Times of the requests that ended in the window (begin excluded, end included), in the order of their ends.
std::vector<std::int64_t> completed_in(const Lanes& lanes, const Window& window);

/// Half width of the mean rate's 95 % interval over that mean, by batch means (Law, Simulation Modeling and Analysis, 9.5.3): blocks long
/// beside a request are nearly independent, and Student's t holds for their mean. Infinite where nothing was done.
double rate_half_width_ratio(const std::array<double, kBlocks>& rates);

}  // namespace inferometer::measure

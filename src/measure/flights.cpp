#include "measure/flights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/sample.h"

namespace inferometer::measure {
namespace {

/// Share of a flight that lies in (begin, end]; one that took no time lies where it ended.
double share_inside(const Flight& flight, std::int64_t begin_ns, std::int64_t end_ns) {
  if (flight.end_ns == flight.begin_ns) return flight.end_ns > begin_ns && flight.end_ns <= end_ns ? 1 : 0;
  const std::int64_t inside = std::min(flight.end_ns, end_ns) - std::max(flight.begin_ns, begin_ns);
  return inside <= 0 ? 0 : static_cast<double>(inside) / static_cast<double>(flight.end_ns - flight.begin_ns);
}

bool ended_inside(const Flight& flight, const Window& window) { return flight.end_ns > window.begin_ns && flight.end_ns <= window.end_ns; }

}  // namespace

std::optional<Window> window_of(const Lanes& lanes, std::int64_t exact) {
  if (lanes.empty()) return std::nullopt;
  Window window{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
  for (const std::span<const Flight> lane : lanes) {
    if (lane.size() < 2) return std::nullopt;
    window.begin_ns = std::min(window.begin_ns, lane[1].begin_ns);
    window.end_ns = std::min(window.end_ns, lane.back().end_ns);
  }
  if (window.end_ns <= window.begin_ns) return std::nullopt;
  if (exact == 0) return window;
  std::vector<std::int64_t> ends;
  for (const std::span<const Flight> lane : lanes) {
    for (const Flight& flight : lane) {
      if (ended_inside(flight, window)) ends.push_back(flight.end_ns);
    }
  }
  if (static_cast<std::int64_t>(ends.size()) < exact) return std::nullopt;
  const auto last = ends.begin() + (exact - 1);
  std::nth_element(ends.begin(), last, ends.end());
  window.end_ns = *last;
  return window;
}

double requests_in(const Lanes& lanes, const Window& window) {
  double sum = 0;
  for (const std::span<const Flight> lane : lanes) {
    for (const Flight& flight : lane) sum += share_inside(flight, window.begin_ns, window.end_ns);
  }
  return sum;
}

std::array<double, kBlocks> block_rates(const Lanes& lanes, const Window& window) {
  std::array<std::int64_t, kBlocks + 1> edges{};
  const std::int64_t length = window.end_ns - window.begin_ns;
  for (std::size_t i = 0; i <= kBlocks; ++i) {
    edges[i] = window.begin_ns + static_cast<std::int64_t>(static_cast<double>(length) * static_cast<double>(i) / kBlocks);
  }
  edges[kBlocks] = window.end_ns;
  std::array<double, kBlocks> rates{};
  for (const std::span<const Flight> lane : lanes) {
    std::size_t block = 0;
    for (const Flight& flight : lane) {
      while (block < kBlocks && edges[block + 1] < flight.begin_ns) ++block;
      for (std::size_t i = block; i < kBlocks && edges[i] <= flight.end_ns; ++i) rates[i] += share_inside(flight, edges[i], edges[i + 1]);
    }
  }
  for (std::size_t i = 0; i < kBlocks; ++i) {
    const std::int64_t block_ns = edges[i + 1] - edges[i];
    rates[i] = block_ns > 0 ? rates[i] / (static_cast<double>(block_ns) * 1e-9) : 0;
  }
  return rates;
}

double below_full_flight_ratio(const Lanes& lanes, const Window& window) {
  // Gaps between two flights of a lane; the union of all lanes' gaps is the time below full flight.
  std::vector<Flight> gaps;
  for (const std::span<const Flight> lane : lanes) {
    for (std::size_t i = 1; i < lane.size(); ++i) {
      const Flight gap{std::max(lane[i - 1].end_ns, window.begin_ns), std::min(lane[i].begin_ns, window.end_ns)};
      if (gap.end_ns > gap.begin_ns) gaps.push_back(gap);
    }
  }
  std::sort(gaps.begin(), gaps.end(), [](const Flight& a, const Flight& b) { return a.begin_ns < b.begin_ns; });
  std::int64_t below = 0, covered = window.begin_ns;
  for (const Flight& gap : gaps) {
    below += std::max<std::int64_t>(0, gap.end_ns - std::max(gap.begin_ns, covered));
    covered = std::max(covered, gap.end_ns);
  }
  return static_cast<double>(below) / static_cast<double>(window.end_ns - window.begin_ns);
}

std::vector<std::int64_t> completed_in(const Lanes& lanes, const Window& window) {
  std::vector<Flight> completed;
  for (const std::span<const Flight> lane : lanes) {
    for (const Flight& flight : lane) {
      if (ended_inside(flight, window)) completed.push_back(flight);
    }
  }
  std::stable_sort(completed.begin(), completed.end(), [](const Flight& a, const Flight& b) { return a.end_ns < b.end_ns; });
  std::vector<std::int64_t> times;
  times.reserve(completed.size());
  for (const Flight& flight : completed) times.push_back(flight.end_ns - flight.begin_ns);
  return times;
}

double rate_half_width_ratio(const std::array<double, kBlocks>& rates) {
  constexpr double kStudent = 2.0930;  // t at 0.975 with 19 degrees of freedom
  static_assert(kBlocks == 20);
  const double mean = *stats::mean(rates);
  if (mean <= 0) return std::numeric_limits<double>::infinity();
  return kStudent * *stats::sample_stddev(rates) / std::sqrt(static_cast<double>(kBlocks)) / mean;
}

}  // namespace inferometer::measure

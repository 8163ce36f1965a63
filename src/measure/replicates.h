/// Turn replicates of a paired comparison into a ratio with its interval.
///
/// A replicate is a fresh start of both sides whose blocks of requests alternate. Within it both sides see the same minute of the machine;
/// between replicates lies what a start does to a figure. So the replicate is the unit of the statistics: one ratio each, the median of
/// them, and the interval of the sign test, which asks nothing of their distribution. Pure; threads: safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/block.h"
#include "measure/core_distance.h"
#include "measure/start.h"
#include "stats/random.h"

namespace inferometer::measure {

/// What is compared. Smaller is better, always.
enum class Metric : std::uint8_t {
  per_image_ms,      ///< median time of a request / batch
  per_image_p90_ms,  ///< its 90th percentile (type 7); needs 44 samples a side and replicate
  load_ms,           ///< of each start
  model_memory_mb,   ///< of each start: after the first inference - baseline
};
std::string_view name_of(Metric metric);
std::optional<Metric> metric(std::string_view name);

inline constexpr std::size_t kSides = 2;  ///< 0 is a, 1 is b
inline constexpr std::array<std::string_view, kSides> kSideNames{"a", "b"};

struct ReplicateSide {
  StartRecord start;  ///< without samples: these are in the blocks
  std::vector<Block> blocks;
};
struct Replicate {
  std::array<ReplicateSide, kSides> sides;
  int repeated_pairs = 0;  ///< pairs of blocks that were measured because others were in another core state
};

/// Which side comes first, again and again: by a coin whose throws the seed and the replicate's number decide.
class PairOrder {
 public:
  PairOrder(std::uint64_t seed, std::size_t replicate) : random_(seed, replicate) {}
  std::array<std::size_t, kSides> next();

 private:
  stats::CounterRandom random_;
};

/// The blocks of a replicate that may be compared: those of one core state, the nearest that is there. Blocks without a reading (one
/// thread) go with any state. Nothing is used when a side would have no block.
struct UsedBlocks {
  CoreState state = CoreState::unknown;
  std::array<std::vector<bool>, kSides> used;
  bool any = false;
};
UsedBlocks used_blocks(const Replicate& replicate, std::span<const double> known_roundtrips);
/// Blocks whose cores were not far apart, of the side that has fewer of them.
std::size_t near_blocks(const Replicate& replicate, std::span<const double> known_roundtrips);
/// Replicates that count: those with blocks to compare, of one core state, the nearest that is there.
std::vector<bool> counted_replicates(std::span<const Replicate> replicates, std::span<const double> known_roundtrips);

/// What b's figure says against a's.
enum class Difference : std::uint8_t { not_shown, smaller, larger };

struct ReplicateFigure {
  std::size_t replicate = 0;  ///< its index
  std::array<std::optional<double>, kSides> values;
  std::optional<double> ratio;  ///< b / a; null: not counted, or a value is missing
};
struct MetricComparison {
  Metric metric = Metric::per_image_ms;
  std::array<std::optional<double>, kSides> values;    ///< medians over the replicates that count
  std::optional<double> ratio, ratio_low, ratio_high;  ///< b / a: exp of the median of log ratios, and of its sign-test interval
  double confidence = 0.95;                            ///< of this interval
  std::size_t replicates = 0;                          ///< with a ratio
  Difference difference = Difference::not_shown;       ///< shown when the interval excludes 1
  std::vector<ReplicateFigure> each;                   ///< of every replicate
};

/// @param batches  of both sides, by which request times are divided
/// @param confidence  that all intervals together hold: each has 1 - (1 - confidence) / metrics (Bonferroni)
std::vector<MetricComparison> compare_replicates(std::span<const Replicate> replicates, std::array<std::int64_t, kSides> batches,
                                                 std::span<const Metric> metrics, std::span<const double> known_roundtrips,
                                                 double confidence = 0.95);

/// Fewest replicates that give an interval for so many metrics: 6 for one.
std::size_t fewest_replicates(std::size_t metrics, double confidence = 0.95);

}  // namespace inferometer::measure

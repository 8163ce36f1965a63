#include "measure/replicates.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "measure/summary.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr double kP90 = 0.9, kNsPerMs = 1e6, kBytesPerMb = 1e6;

constexpr std::array<std::pair<Metric, std::string_view>, 4> kMetrics{{{Metric::per_image_ms, "per_image_ms"},
                                                                       {Metric::per_image_p90_ms, "per_image_p90_ms"},
                                                                       {Metric::load_ms, "load_ms"},
                                                                       {Metric::model_memory_mb, "model_memory_mb"}}};

bool has_readings(const Block& block) {
  return block.surroundings.core_roundtrip_before_ns.has_value() && block.surroundings.core_roundtrip_after_ns.has_value();
}

std::vector<double> samples_of(const ReplicateSide& side, const std::vector<bool>& used) {
  std::vector<double> samples;
  for (std::size_t i = 0; i < side.blocks.size(); ++i) {
    if (used[i]) samples.insert(samples.end(), side.blocks[i].samples_ns.begin(), side.blocks[i].samples_ns.end());
  }
  return samples;
}

std::optional<double> value_of(Metric metric, const ReplicateSide& side, const std::vector<bool>& used, std::int64_t batch) {
  const double per_image = kNsPerMs * static_cast<double>(batch);
  const auto divided = [&](std::optional<double> ns) { return ns ? std::optional(*ns / per_image) : std::nullopt; };
  switch (metric) {
    case Metric::per_image_ms: return divided(stats::median(samples_of(side, used)));
    case Metric::per_image_p90_ms: {
      const std::vector<double> samples = samples_of(side, used);
      if (static_cast<std::int64_t>(samples.size()) < stats::samples_needed_for_quantile(kP90)) return std::nullopt;
      return divided(stats::quantile_type7(samples, kP90));
    }
    case Metric::load_ms: return side.start.load_ms;
    case Metric::model_memory_mb: {
      const Memory& memory = side.start.memory;
      if (memory.baseline <= 0 || memory.after_first <= memory.baseline) return std::nullopt;
      return static_cast<double>(memory.after_first - memory.baseline) / kBytesPerMb;
    }
  }
  return std::nullopt;
}

double each_confidence(double confidence, std::size_t metrics) {
  return 1 - (1 - confidence) / static_cast<double>(std::max<std::size_t>(1, metrics));
}

MetricComparison compare_one(Metric metric, std::span<const Replicate> replicates, const std::vector<UsedBlocks>& used,
                             const std::vector<bool>& counted, std::array<std::int64_t, kSides> batches, double confidence) {
  MetricComparison result;
  result.metric = metric;
  result.confidence = confidence;
  std::array<std::vector<double>, kSides> values;
  std::vector<double> logs;
  for (std::size_t i = 0; i < replicates.size(); ++i) {
    ReplicateFigure figure;
    figure.replicate = i;
    for (std::size_t side = 0; side < kSides; ++side) {
      if (used[i].any) figure.values[side] = value_of(metric, replicates[i].sides[side], used[i].used[side], batches[side]);
    }
    const auto& [a, b] = figure.values;
    if (counted[i] && a && b && *a > 0 && *b > 0) {
      figure.ratio = *b / *a;
      logs.push_back(std::log(*figure.ratio));
      values[0].push_back(*a);
      values[1].push_back(*b);
    }
    result.each.push_back(figure);
  }
  result.replicates = logs.size();
  for (std::size_t side = 0; side < kSides; ++side) result.values[side] = stats::median(values[side]);
  if (const auto centre = stats::median(logs)) result.ratio = std::exp(*centre);
  if (const auto interval = stats::median_interval(logs, confidence)) {
    result.ratio_low = std::exp(interval->low);
    result.ratio_high = std::exp(interval->high);
    if (interval->low > 0) result.difference = Difference::larger;
    if (interval->high < 0) result.difference = Difference::smaller;
  }
  return result;
}

}  // namespace

std::string_view name_of(Metric metric) {
  for (const auto& [value, name] : kMetrics) {
    if (value == metric) return name;
  }
  return "per_image_ms";
}

std::optional<Metric> metric(std::string_view name) {
  for (const auto& [value, text] : kMetrics) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::array<std::size_t, kSides> PairOrder::next() {
  if (random_.below(2) == 0) return {0, 1};
  return {1, 0};
}

UsedBlocks used_blocks(const Replicate& replicate, std::span<const double> known_roundtrips) {
  std::vector<CoreState> states;  // of blocks with readings, a's and then b's
  for (const ReplicateSide& side : replicate.sides) {
    for (const Block& block : side.blocks) {
      if (has_readings(block)) states.push_back(state_of(block.surroundings, known_roundtrips));
    }
  }
  const std::vector<bool> pooled = poolable(states);
  UsedBlocks result;
  result.any = true;
  std::size_t next = 0;
  for (std::size_t s = 0; s < kSides; ++s) {
    for (const Block& block : replicate.sides[s].blocks) {
      const bool read = has_readings(block);
      // A block in whose course the state changed has no state to share with others.
      const bool used = !read || (pooled[next] && states[next] != CoreState::changed);
      if (read && used) result.state = states[next];
      next += read ? 1 : 0;
      result.used[s].push_back(used);
    }
    result.any = result.any && std::find(result.used[s].begin(), result.used[s].end(), true) != result.used[s].end();
  }
  return result;
}

std::size_t near_blocks(const Replicate& replicate, std::span<const double> known_roundtrips) {
  std::size_t fewest = replicate.sides[0].blocks.size();
  for (const ReplicateSide& side : replicate.sides) {
    const auto near = std::count_if(side.blocks.begin(), side.blocks.end(), [&](const Block& block) {
      const CoreState state = state_of(block.surroundings, known_roundtrips);
      return state == CoreState::near || state == CoreState::unknown;
    });
    fewest = std::min(fewest, static_cast<std::size_t>(near));
  }
  return fewest;
}

std::vector<bool> counted_replicates(std::span<const Replicate> replicates, std::span<const double> known_roundtrips) {
  std::vector<UsedBlocks> used;
  std::vector<CoreState> states;  // of replicates with blocks to compare
  for (const Replicate& replicate : replicates) {
    used.push_back(used_blocks(replicate, known_roundtrips));
    if (used.back().any) states.push_back(used.back().state);
  }
  const std::vector<bool> pooled = poolable(states);
  std::vector<bool> result;
  std::size_t next = 0;
  for (const UsedBlocks& blocks : used) result.push_back(blocks.any && pooled[next++]);
  return result;
}

std::vector<MetricComparison> compare_replicates(std::span<const Replicate> replicates, std::array<std::int64_t, kSides> batches,
                                                 std::span<const Metric> metrics, std::span<const double> known_roundtrips,
                                                 double confidence) {
  std::vector<UsedBlocks> used;
  for (const Replicate& replicate : replicates) used.push_back(used_blocks(replicate, known_roundtrips));
  const std::vector<bool> counted = counted_replicates(replicates, known_roundtrips);
  std::vector<MetricComparison> result;
  for (const Metric metric : metrics) {
    result.push_back(compare_one(metric, replicates, used, counted, batches, each_confidence(confidence, metrics.size())));
  }
  return result;
}

std::size_t fewest_replicates(std::size_t metrics, double confidence) {
  std::size_t n = 1;
  while (!stats::median_interval_low_rank(n, each_confidence(confidence, metrics))) ++n;
  return n;
}

}  // namespace inferometer::measure

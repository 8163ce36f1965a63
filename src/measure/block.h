/// Measure blocks of requests in a worker that stays alive between them, for paired comparisons.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "measure/measure_start.h"
#include "measure/start.h"

namespace inferometer::measure {

/// Requests one after the other, after the first ones were dropped: the caches are another worker's then.
struct Block {
  std::vector<std::int64_t> samples_ns;
  Surroundings surroundings;
};
void to_json(nlohmann::json& json, const Block& block);
void from_json(const nlohmann::json& json, Block& block);

inline constexpr std::int64_t kDroppedOfBlock = 2;
inline constexpr std::int64_t kLeastOfBlock = 3;

/// Load, check agreement if the task asks for it, and warm up (as long as a block lasts, at most as long as a start does).
/// Inside the worker. Throws Error.
LoadedStart begin_blocks(const StartContext& context);

/// Run requests for task.block_s and at least kLeastOfBlock of them. Inside the worker. Throws Error.
Block measure_block(const StartContext& context, LoadedStart& start);

}  // namespace inferometer::measure

/// Time the layers of what `run` measured, and show them.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/context.h"
#include "measure/engines_here.h"
#include "measure/layer_row.h"
#include "measure/plan.h"
#include "measure/platform.h"
#include "store/store.h"

namespace inferometer::cli {

/// Layers of every entry that passed, from the store or timed now.
struct LayerTimes {
  std::vector<measure::LayerRow> rows;
  bool failed = false;  ///< some profiled start ended badly, which was said; one that cannot be is no failure
};

/// @param again  time them even where the store has them
/// Throws Error{interrupted}, Error{io}: what was timed is kept.
LayerTimes time_layers(const std::vector<measure::PlannedEntry>& plan, bool again, const measure::EngineCatalog& catalog,
                       const measure::Platform& platform, std::int64_t platform_id, store::Store& store, const Context& context);

/// All layers, and for people the times by operator below them.
void print_layers(const LayerTimes& layers, const Context& context);

}  // namespace inferometer::cli

/// Turn an entry's starts into its row.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "measure/core_distance.h"
#include "measure/entry.h"
#include "measure/models.h"
#include "measure/row.h"
#include "measure/start.h"

namespace inferometer::measure {

/// State of the cores round one loop: changed when its two readings are in different states, or, where no states are known, more than
/// kChangeRatio apart; unknown with one thread.
CoreState state_of(const Surroundings& around, std::span<const double> known_roundtrips);

/// Which starts' samples may be pooled: starts of one state only. The nearest state present wins.
std::vector<bool> poolable(std::span<const CoreState> states);

/// The row of an entry whose starts have ended. Every figure's definition: docs/columns.md.
/// `known_roundtrips` are all readings on this machine. A start that did not pass decides the status.
Row summarize(const Entry& entry, const std::vector<StartRecord>& starts, const ModelFacts& facts, std::span<const double> known_roundtrips,
              const std::string& platform_name);

/// A row without figures, for an entry that never started.
Row settled_row(const Entry& entry, Status status, const std::string& reason, const ModelFacts& facts, const std::string& platform_name);

}  // namespace inferometer::measure

/// Go wrong on purpose.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "settings.h"

namespace inferometer::fake {

using Block = std::unique_ptr<std::byte[]>;

/// Memory that is really there: every page is written. Throws Error{out_of_memory}.
Block take_memory(std::size_t bytes);

/// Do what a fault of the load does; return when it has none.
void fail_load(Fault fault);

/// Do what a fault of a run does, where it ends or delays the run; return for faults of the outputs.
/// @param leaked  holds what fault=leak keeps
void fail_run(Fault fault, std::vector<Block>& leaked);

}  // namespace inferometer::fake

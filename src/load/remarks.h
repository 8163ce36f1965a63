/// Say what the figures of a load are worth, and what hides in them.
#pragma once

#include "load/load.h"
#include "store/load_row.h"

namespace inferometer::load {

/// Fill in status, verdict, reasons and notes of a row whose figures are there. Pure.
/// Status: failed without one good answer, else passed. Verdict of what passed: invalid where the client was the bottleneck, unstable where
/// the rate was not kept or not steady, else valid.
void add_remarks(const LoadRun& run, const LoadOptions& options, store::LoadRow& row);

/// A client whose own lag is more than this share of the latency, of its 99th percentile or of its mean, or whose thread is busier than
/// that, makes a load invalid: the figures are its own.
inline constexpr double kMostLag = 0.1, kMostCpuShare = 0.9;
/// An open loop that obtains less than this share of its rate has met an overloaded server.
inline constexpr double kKeptShare = 0.95;
/// Half the rate's interval over the rate.
inline constexpr double kSteadyShare = 0.1;

}  // namespace inferometer::load

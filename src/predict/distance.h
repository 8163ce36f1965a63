/// Say how far a network's units lie outside what was timed.
#pragma once

#include <string>
#include <vector>

#include "predict/model.h"
#include "predict/units.h"

namespace inferometer::predict {

void extend(Ranges& ranges, const NetworkUnits& network);

/// |log| of how far the unit's sizes lie beyond the ranges of its kind, the worst of them; 0 inside. Infinite for a kind that was never
/// timed.
double distance_of(const Unit& unit, const Ranges& ranges);
/// Which size of it: "channels 4096, timed 8 to 1152"; empty inside.
std::string outside_text(const Unit& unit, const Ranges& ranges);

/// Weighted by each unit's share of the predicted time. Units without any amount do not count.
double distance_of(const NetworkUnits& network, const std::map<std::string, double>& coefficients, const Ranges& ranges);

}  // namespace inferometer::predict

/// Name charts and their parts in reports without their area: figures are made of them on every line.
#pragma once

#include "charts/chart.h"

namespace inferometer::report {

using namespace charts;

}  // namespace inferometer::report

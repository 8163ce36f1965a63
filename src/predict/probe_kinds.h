/// Build one probe of each kind.
///
/// Internal to predict.
#pragma once

#include <span>

#include "graph/graph.h"
#include "predict/probe_maker.h"

namespace inferometer::predict {

struct ProbeKind {
  const char* name;
  int share;                                                    ///< of kDefaultProbes
  graph::Graph (*build)(ProbeMaker& make, std::size_t number);  ///< number: of this kind, from 0
};

std::span<const ProbeKind> layer_probes();  ///< chains of equal layers
std::span<const ProbeKind> block_probes();  ///< blocks as networks have them

}  // namespace inferometer::predict

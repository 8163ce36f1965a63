#include "measure/weights.h"

#include <fmt/format.h>

#include "formats/weights.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::measure {

std::string to_string(const WeightsChoice& choice) { return choice.path.empty() ? fmt::format("random:{}", choice.seed) : choice.path; }

graph::Weights weights_of(const zoo::Network& network, const graph::Graph& graph, const WeightsChoice& choice) {
  if (choice.path.empty()) return zoo::synthetic_weights(graph, choice.seed);
  return formats::read_weights(choice.path, graph, network.training_only);
}

}  // namespace inferometer::measure

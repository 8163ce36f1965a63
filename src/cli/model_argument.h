/// Find the networks that a MODEL argument means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/cost.h"
#include "graph/graph.h"
#include "zoo/zoo.h"

namespace inferometer::cli {

/// One network: of the zoo, or a file of the user's.
struct ModelArgument {
  std::string name;                       ///< zoo name, or the path as given
  const zoo::Network* network = nullptr;  ///< nullptr for a file
};

/// Zoo names, patterns over them and paths, in the order given, without duplicates.
/// Throws Error{usage} for an unknown network (nearest names) and a pattern that nothing matches, Error{input} for a file that
/// cannot be read or is of another kind.
std::vector<ModelArgument> resolve_models(const std::vector<std::string>& arguments);

/// The network as a graph. options are for zoo networks and throw Error{usage} for a file; so does with_auxiliary for a network
/// that has no heads which only train. Throws what building or reading throws; the message names the network.
graph::Graph graph_of(const ModelArgument& model, const zoo::BuildOptions& options);

/// The cost of graph_of(). Of heads that only train it counts the parameters and nothing else: they do not run.
graph::CostTable cost_of(const ModelArgument& model, const graph::Graph& network, graph::Convention convention = graph::Convention::macs);

/// Of the first image input (NCHW); zeros where there is none.
struct InputSize {
  std::int64_t channels = 0, height = 0, width = 0;
};
InputSize input_size(const graph::Graph& graph);

}  // namespace inferometer::cli

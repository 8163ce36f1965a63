#include "report/network_facts.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "graph/cost.h"
#include "zoo/zoo.h"

namespace inferometer::report {
namespace {

std::optional<NetworkFacts> facts_of(const zoo::Network& network, std::int64_t input) {
  NetworkFacts facts;
  try {
    const graph::CostTable cost = graph::compute_cost(network.build({.height = input, .width = input}));
    facts.parameters = cost.total.parameters;
    facts.macs = cost.total.macs;
    facts.activations = cost.total.activations;
    facts.operators = static_cast<std::int64_t>(cost.layers.size());
    facts.weight_layers =
        std::count_if(cost.layers.begin(), cost.layers.end(), [](const graph::LayerCost& layer) { return layer.cost.activations > 0; });
  } catch (const Error& error) {
    // Nothing is left of so small an input in some layer: the network does not exist at it.
    if (error.code() == ErrorCode::input) return std::nullopt;
    throw;
  }
  facts.family = network.family;
  facts.year = network.year;
  facts.input = input > 0 ? input : network.input_size;
  if (network.published) {
    facts.top1 = network.published->top1;
    facts.top5 = network.published->top5;
    facts.accuracy_source = network.published->source;
  }
  return facts;
}

}  // namespace

const NetworkFacts* NetworkCatalog::find(const std::string& name, std::int64_t input) {
  const zoo::Network* network = zoo::find(name);
  if (network == nullptr) return nullptr;
  const auto [place, is_new] = known_.try_emplace({name, input});
  if (is_new) place->second = facts_of(*network, input);
  return place->second ? &*place->second : nullptr;
}

void NetworkCatalog::complete(measure::Row& row, const std::string& inputs, Accuracies accuracies) {
  const bool square = row.input_height == row.input_width;
  if (!square) return;
  const NetworkFacts* facts = find(row.model, row.input_height.value_or(0));
  if (facts == nullptr) return;
  const bool is_own_input = !row.input_height || *row.input_height == zoo::find(row.model)->input_size;
  const bool as_published = is_own_input && row.parameters.value_or(facts->parameters) == facts->parameters;
  if (!row.parameters) row.parameters = facts->parameters;
  const std::vector<std::string> sizes = split(inputs, ' ');
  const bool is_known = row.input_height || std::find(sizes.begin(), sizes.end(), std::to_string(facts->input)) != sizes.end();
  if (!row.macs && is_known) row.macs = facts->macs;
  if (!row.gmacs && row.macs) row.gmacs = static_cast<double>(*row.macs) / 1e9;
  if (accuracies == Accuracies::of_same_network && !as_published) return;
  if (!row.top1) row.top1 = facts->top1;
  if (!row.top5) row.top5 = facts->top5;
}

}  // namespace inferometer::report

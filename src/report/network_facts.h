/// Look up what a zoo network costs and what accuracy was published for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "measure/row.h"

namespace inferometer::report {

struct NetworkFacts {
  std::string family;
  int year = 0;
  std::int64_t parameters = 0, macs = 0, activations = 0, input = 0;
  std::int64_t operators = 0, weight_layers = 0;  ///< nodes of the graph; of these convolutions and linear layers
  std::optional<double> top1, top5;               ///< percent, on ImageNet
  std::string accuracy_source;
};

/// Which rows a network's published accuracies are given to.
enum class Accuracies {
  of_same_network,  ///< not where the input size is another than the published network's, or the number of parameters (classes)
  of_any,           ///< as studies pair them: Model-Test sets times of 32 x 32 passes against accuracies on ImageNet
};

/// Remembers what it has built. One thread.
class NetworkCatalog {
 public:
  /// @param input  height and width; 0: the network's own. nullptr for a name that is no zoo network, and for an input that is too small
  /// for it. Valid as long as the catalog.
  const NetworkFacts* find(const std::string& name, std::int64_t input);

  /// Fill in a row's parameters, macs, gmacs, top1 and top5 where they are null and the network is in the zoo: cost at the row's own input.
  /// @param inputs  what is known of a row without an input size, such as "224 or 227": where it names the network's own size, that is
  /// meant; else the operations stay unknown.
  /// @param accuracies  of which rows
  void complete(measure::Row& row, const std::string& inputs, Accuracies accuracies);

 private:
  std::map<std::pair<std::string, std::int64_t>, std::optional<NetworkFacts>> known_;
};

}  // namespace inferometer::report

/// Build networks by name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "zoo/preprocessing.h"

namespace inferometer::zoo {

/// What may vary of a network.
struct BuildOptions {
  std::int64_t height = 0;  ///< of the input; 0: the network's own
  std::int64_t width = 0;
  std::int64_t classes = 0;     ///< 0: the network's own
  bool with_auxiliary = false;  ///< with the heads that only train, where the network has them (inception_v3, googlenet)
};

/// Published accuracy in percent and where it stands.
struct Published {
  double top1 = 0;
  std::optional<double> top5;  ///< where the source gives it
  std::string source;          ///< e.g. "torchvision IMAGENET1K_V1"
};

struct Network {
  std::string name;
  std::string family;
  int year = 0;                      ///< of the paper
  std::string paper;                 ///< authors, title, venue
  std::int64_t input_size = 224;     ///< the network's own height and width
  std::int64_t classes = 1000;       ///< the network's own
  Preprocessing preprocessing = {};  ///< what its published weights expect of a picture
  /// Prefixes of a checkpoint's tensors that belong to heads which only train ("aux1."): known, and not loaded.
  std::vector<std::string> training_only = {};
  std::optional<Published> published;
  /// Throws Error{input} naming the layer that has nothing left when the input is too small.
  std::function<graph::Graph(const BuildOptions&)> build;
};

/// All networks, sorted by family, then by size as their paper lists them.
const std::vector<Network>& networks();

/// nullptr when unknown.
const Network* find(std::string_view name);

/// Names that match a glob (`resnet*`), in networks() order.
std::vector<std::string> match(std::string_view glob);

/// At most `most` known names nearest to a misspelt one (edit distance), best first.
std::vector<std::string> nearest(std::string_view name, std::size_t most = 3);

}  // namespace inferometer::zoo

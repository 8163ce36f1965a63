/// Read what others say of their networks, and hold the zoo against it.
///
/// The files' form is described in tests/peers/torchvision_names.py.
#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "graph/cost.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {

/// One network as its authors build it.
struct Listing {
  std::string name;
  bool auxiliary = false;
  std::optional<std::int64_t> macs, activations;
  std::map<std::string, Shape> tensors;  ///< the state dict
};

inline void add_layer(Listing& listing, const std::string& kind, const std::string& layer, const Shape& shape) {
  if (kind == "t") {
    listing.tensors[layer] = shape;
    return;
  }
  listing.tensors[layer + ".weight"] = shape;
  if (kind == "w") return;
  listing.tensors[layer + ".bias"] = {shape.at(0)};
  if (kind == "b") return;
  ASSERT_EQ(kind, "n") << layer;
  listing.tensors[layer + ".running_mean"] = listing.tensors[layer + ".running_var"] = shape;
  listing.tensors[layer + ".num_batches_tracked"] = {};
}

/// @param file  in tests/unit/zoo
inline std::vector<Listing> read_listings(const std::string& file_name) {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/" + file_name);
  std::vector<Listing> listings;
  std::string previous;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    const auto words = split(line, ' ');
    if (words.at(0) == "net") {
      const bool auxiliary = words.at(1).ends_with("+auxiliary");
      listings.push_back({words[1].substr(0, words[1].find('+')), auxiliary, parse_integer(words.at(3)), parse_integer(words.at(4)), {}});
      previous.clear();
      continue;
    }
    const auto shared = static_cast<std::size_t>(parse_integer(words.at(1)).value());
    const std::string layer = previous.substr(0, shared) + words.at(2);
    Shape shape;
    for (std::size_t i = 3; i < words.size(); ++i) shape.push_back(parse_integer(words[i]).value());
    add_layer(listings.back(), words[0], layer, shape);
    previous = layer;
  }
  return listings;
}

inline graph::Graph build(const Listing& listing) { return find(listing.name)->build({.with_auxiliary = listing.auxiliary}); }

/// Expect the tensors of the state dict, no other ones, and the counted cost.
inline void expect_same(const Listing& listing) {
  SCOPED_TRACE(listing.name + (listing.auxiliary ? " with its auxiliary heads" : ""));
  ASSERT_NE(find(listing.name), nullptr);
  const graph::Graph graph = build(listing);
  if (listing.macs) {
    const graph::Cost cost = graph::compute_cost(graph).total;
    EXPECT_EQ(cost.macs, *listing.macs);
    EXPECT_EQ(cost.activations, listing.activations);
  }
  std::map<std::string, Shape> stored;
  for (const graph::Tensor& tensor : graph.tensors) {
    if (tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer) stored[tensor.name] = tensor.shape;
  }
  for (const graph::Node& node : graph.nodes) {
    if (std::holds_alternative<graph::BatchNorm>(node.op)) stored[node.name + ".num_batches_tracked"] = {};
  }
  for (const auto& [name, shape] : listing.tensors) {
    const auto found = stored.find(name);
    if (found == stored.end()) {
      ADD_FAILURE() << "missing: " << name << " " << to_string(shape);
      continue;
    }
    EXPECT_EQ(found->second, shape) << name;
    stored.erase(found);
  }
  for (const auto& [name, shape] : stored) ADD_FAILURE() << "not the authors': " << name << " " << to_string(shape);
}

}  // namespace inferometer::zoo

// What torchvision has, the zoo has exactly: costs, published figures, names and shapes of parameters and buffers.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/cost.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {
namespace {

/// Networks of the two tables below that the zoo does not build yet.
const std::array<std::string, 5> kAwaited{"efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_v2_s", "regnet_y_400mf"};

bool awaited(const std::string& name) {
  return std::find(kAwaited.begin(), kAwaited.end(), name) != kAwaited.end() && find(name) == nullptr;
}

/// A row of torchvision_facts.csv.
struct Facts {
  std::string name;
  std::int64_t parameters = 0;
  double gmacs = 0, top1 = 0, top5 = 0;
  std::optional<std::int64_t> macs_224, activations_224, macs_32, activations_32;
  std::int64_t resize = 0, crop = 0;
  std::string interpolation;
};

std::vector<Facts> read_facts() {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/torchvision_facts.csv");
  std::vector<Facts> facts;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    const auto cells = split(line, ',');
    facts.push_back({cells.at(0), parse_integer(cells.at(1)).value(), parse_number(cells.at(2)).value(), parse_number(cells.at(3)).value(),
                     parse_number(cells.at(4)).value(), parse_integer(cells.at(5)), parse_integer(cells.at(6)), parse_integer(cells.at(7)),
                     parse_integer(cells.at(8)), parse_integer(cells.at(9)).value(), parse_integer(cells.at(10)).value(), cells.at(11)});
    if (awaited(facts.back().name)) facts.pop_back();
  }
  return facts;
}

/// A network of torchvision_names.txt (tests/peers/torchvision_names.py says how it is written).
struct Listing {
  std::string name;
  bool auxiliary = false;
  std::optional<std::int64_t> macs, activations;
  std::map<std::string, Shape> tensors;  ///< the state dict
};

void add_layer(Listing& listing, const std::string& kind, const std::string& layer, const Shape& shape) {
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

std::vector<Listing> read_listings() {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/torchvision_names.txt");
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
  std::erase_if(listings, [](const Listing& listing) { return awaited(listing.name); });
  return listings;
}

graph::Graph build(const Listing& listing) { return find(listing.name)->build({.with_auxiliary = listing.auxiliary}); }

TEST(Torchvision, CostsEqualThePublishedOnes) {
  const std::vector<Facts> facts = read_facts();
  ASSERT_GE(facts.size(), 37u);
  for (const Facts& fact : facts) {
    SCOPED_TRACE(fact.name);
    const Network* network = find(fact.name);
    ASSERT_NE(network, nullptr);
    const graph::Cost cost = graph::compute_cost(network->build({})).total;
    const bool auxiliary = fact.name == "inception_v3";  // its published parameters count the head that only trains
    EXPECT_EQ(auxiliary ? graph::compute_cost(network->build({.with_auxiliary = true})).total.parameters : cost.parameters,
              fact.parameters);
    // Whole millions, rounded as published: 3 decimals of a billion.
    EXPECT_EQ((cost.macs + 500'000) / 1'000'000, std::llround(fact.gmacs * 1000));
    const graph::Cost at_224 = graph::compute_cost(network->build({.height = 224, .width = 224})).total;
    EXPECT_EQ(at_224.macs, fact.macs_224.value_or(at_224.macs));
    EXPECT_EQ(at_224.activations, fact.activations_224.value_or(at_224.activations));
  }
  EXPECT_EQ(graph::compute_cost(find("inception_v3")->build({})).total.parameters, 23'834'568);
}

TEST(Torchvision, CostsAt32EqualThePublishedOnes) {
  int compared = 0;
  for (const Facts& fact : read_facts()) {
    if (!fact.macs_32) continue;
    SCOPED_TRACE(fact.name);
    const graph::Cost cost = graph::compute_cost(find(fact.name)->build({.height = 32, .width = 32})).total;
    EXPECT_EQ(cost.macs, *fact.macs_32);
    EXPECT_EQ(cost.activations, *fact.activations_32);
    ++compared;
  }
  EXPECT_EQ(compared, 29);
}

TEST(Torchvision, PublishedFiguresAndPreprocessing) {
  const std::map<Interpolation, std::string> interpolations{
      {Interpolation::nearest, "nearest"}, {Interpolation::bilinear, "bilinear"}, {Interpolation::bicubic, "bicubic"}};
  for (const Facts& fact : read_facts()) {
    SCOPED_TRACE(fact.name);
    const Network& network = *find(fact.name);
    ASSERT_TRUE(network.published.has_value());
    EXPECT_EQ(network.published->top1, fact.top1);
    EXPECT_EQ(network.published->top5, fact.top5);
    EXPECT_EQ(network.published->source, "torchvision IMAGENET1K_V1");
    EXPECT_EQ(network.input_size, fact.crop);
    const Preprocessing& preprocessing = network.preprocessing;
    EXPECT_EQ(preprocessing.resize, ResizeRule::short_side);
    EXPECT_EQ(preprocessing.resize_to, fact.resize);
    EXPECT_EQ(preprocessing.crop, fact.crop);
    EXPECT_EQ(interpolations.at(preprocessing.interpolation), fact.interpolation);
    EXPECT_EQ(preprocessing.channels, ChannelOrder::rgb);
    EXPECT_EQ(preprocessing.scale, 1.0 / 255);
    EXPECT_EQ(preprocessing.mean, (std::array{0.485, 0.456, 0.406}));
    EXPECT_EQ(preprocessing.standard_deviation, (std::array{0.229, 0.224, 0.225}));
  }
}

TEST(Torchvision, CostsEqualItsOwnCount) {
  int compared = 0;
  for (const Listing& listing : read_listings()) {
    if (!listing.macs) continue;
    SCOPED_TRACE(listing.name);
    const graph::Cost cost = graph::compute_cost(build(listing)).total;
    EXPECT_EQ(cost.macs, *listing.macs);
    EXPECT_EQ(cost.activations, *listing.activations);
    ++compared;
  }
  EXPECT_GE(compared, 37);
}

TEST(Torchvision, NamesAndShapesOfAllTensorsAreItsOwn) {
  const std::vector<Listing> listings = read_listings();
  ASSERT_GE(listings.size(), 39u);
  for (const Listing& listing : listings) {
    SCOPED_TRACE(listing.name + (listing.auxiliary ? " with its auxiliary heads" : ""));
    std::map<std::string, Shape> stored;
    const graph::Graph graph = build(listing);
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
    for (const auto& [name, shape] : stored) ADD_FAILURE() << "torchvision has no " << name << " " << to_string(shape);
  }
}

TEST(Torchvision, TrainingOnlyNamesTheAuxiliaryHeads) {
  std::set<std::string> with_heads;
  for (const Network& network : networks()) {
    SCOPED_TRACE(network.name);
    const auto count = [&network](bool auxiliary) {
      const graph::Graph graph = network.build({.with_auxiliary = auxiliary});
      std::array<std::size_t, 2> counts{};  // tensors of the heads, and others
      for (const graph::Tensor& tensor : graph.tensors) {
        if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
        ++counts[std::none_of(network.training_only.begin(), network.training_only.end(),
                              [&tensor](const std::string& prefix) { return tensor.name.starts_with(prefix); })];
      }
      return counts;
    };
    const auto without = count(false), with = count(true);
    EXPECT_EQ(without[0], 0u);
    EXPECT_EQ(with[1], without[1]);
    if (with[0] > 0) with_heads.insert(network.name);
  }
  EXPECT_EQ(with_heads, (std::set<std::string>{"googlenet", "inception_v3"}));
}

}  // namespace
}  // namespace inferometer::zoo

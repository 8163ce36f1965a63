// What torchvision has, the zoo has exactly: costs, published figures, names and shapes of parameters and buffers.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "listings.h"

namespace inferometer::zoo {
namespace {

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
  }
  return facts;
}

TEST(Torchvision, CostsEqualThePublishedOnes) {
  const std::vector<Facts> facts = read_facts();
  ASSERT_EQ(facts.size(), 45u);
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

TEST(Torchvision, NamesShapesAndCountedCostsAreItsOwn) {
  const std::vector<Listing> listings = read_listings("torchvision_names.txt");
  ASSERT_EQ(listings.size(), 47u);
  for (const Listing& listing : listings) expect_same(listing);
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

// What the authors of HarDNet and DPN publish and build, the zoo has exactly.
#include <array>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "listings.h"

namespace inferometer::zoo {
namespace {

TEST(HardnetDpn, CostsAndAccuraciesEqualThePublishedOnes) {
  std::ifstream file(INFEROMETER_SOURCE_DIR "/tests/unit/zoo/hardnet_dpn_facts.csv");
  int compared = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    const auto cells = split(line, ',');
    SCOPED_TRACE(cells.at(0));
    const Network* network = find(cells[0]);
    ASSERT_NE(network, nullptr);
    const graph::Cost cost = graph::compute_cost(network->build({})).total;
    EXPECT_EQ(cost.parameters, parse_integer(cells.at(1)));
    EXPECT_EQ(cost.macs, parse_integer(cells.at(4)));
    EXPECT_EQ(cost.activations, parse_integer(cells.at(5)));
    const graph::Cost small = graph::compute_cost(network->build({.height = 32, .width = 32})).total;
    EXPECT_EQ(small.macs, parse_integer(cells.at(6)));
    EXPECT_EQ(small.activations, parse_integer(cells.at(7)));
    ASSERT_TRUE(network->published.has_value());
    EXPECT_EQ(network->published->top1, parse_number(cells.at(2)));
    EXPECT_EQ(network->published->top5, parse_number(cells.at(3)));
    ++compared;
  }
  EXPECT_EQ(compared, 9);
}

TEST(HardnetDpn, NamesShapesAndCountedCostsAreTheAuthors) {
  const std::vector<Listing> listings = read_listings("hardnet_dpn_names.txt");
  ASSERT_EQ(listings.size(), 9u);
  for (const Listing& listing : listings) expect_same(listing);
}

TEST(HardnetDpn, Preprocessing) {
  for (const std::string& name : match("hardnet*")) {
    const Preprocessing& preprocessing = find(name)->preprocessing;
    EXPECT_EQ(preprocessing.resize_to, 256) << name;
    EXPECT_EQ(preprocessing.interpolation, Interpolation::bilinear) << name;
    EXPECT_EQ(preprocessing.mean, (std::array{0.485, 0.456, 0.406})) << name;
  }
  for (const std::string& name : match("dpn*")) {
    const Preprocessing& preprocessing = find(name)->preprocessing;
    EXPECT_EQ(preprocessing.resize, ResizeRule::short_side) << name;
    EXPECT_EQ(preprocessing.resize_to, 256) << name;  // 224 is seven eighths of it
    EXPECT_EQ(preprocessing.crop, 224) << name;
    EXPECT_EQ(preprocessing.interpolation, Interpolation::bicubic) << name;
    EXPECT_DOUBLE_EQ(preprocessing.mean[0] * 255, 124) << name;
    EXPECT_DOUBLE_EQ(preprocessing.mean[1] * 255, 117) << name;
    EXPECT_DOUBLE_EQ(preprocessing.mean[2] * 255, 104) << name;
    for (const double deviation : preprocessing.standard_deviation) EXPECT_NEAR(deviation, 0.2348, 5e-5) << name;
  }
}

}  // namespace
}  // namespace inferometer::zoo

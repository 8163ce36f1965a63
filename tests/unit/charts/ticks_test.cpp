#include "charts/ticks.h"

#include <cmath>

#include <gtest/gtest.h>

namespace inferometer::charts {
namespace {

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> all;
  for (const Tick& tick : ticks) all.push_back(tick.label);
  return all;
}

TEST(Ticks, Cases) {
  struct Case {
    const char* what;
    Scale scale;
    double low, high, most;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"whole numbers", Scale::linear, -1, 21, 5, {"0", "5", "10", "15", "20"}},
      {"tenths", Scale::linear, 0.05, 0.62, 6, {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6"}},
      {"below zero", Scale::linear, -1, 1, 4, {"\u22121.0", "\u22120.5", "0", "0.5", "1.0"}},
      {"large", Scale::linear, 0, 150e6, 3, {"0", "5×10⁷", "1.0×10⁸", "1.5×10⁸"}},
      {"ends that are not round carry nothing", Scale::linear, 3, 97, 2, {"50"}},
      {"decades", Scale::log10, -2.2, 3.1, 8, {"0.01", "0.1", "1", "10", "100", "1000"}},
      {"with two and five", Scale::log10, 0.1, 2.2, 9, {"2", "5", "10", "20", "50", "100"}},
      {"every third decade", Scale::log10, -6, 6, 4, {"10⁻⁶", "0.001", "1", "1000", "10⁶"}},
      {"less than a decade", Scale::log10, std::log10(40), std::log10(90), 5, {"40", "50", "60", "70", "80", "90"}},
      {"about a decade and little room", Scale::log10, 0, 1, 1.8, {"1", "3", "10"}},
  };
  for (const Case& one : cases) EXPECT_EQ(labels(ticks(one.scale, one.low, one.high, one.most)), one.expected) << one.what;
}

TEST(Ticks, BetweenWholeNumbersNoneIsLabelledWhereThereAreNoOthers) {
  EXPECT_EQ(labels(ticks(Scale::linear, 0.93, 2.07, 8)), (std::vector<std::string>{"1.0", "1.2", "1.4", "1.6", "1.8", "2.0"}));
  EXPECT_EQ(labels(ticks(Scale::linear, 0.93, 2.07, 8, true)), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(labels(ticks(Scale::linear, 0.9, 1.1, 8, true)), (std::vector<std::string>{"1"}));
  EXPECT_EQ(labels(ticks(Scale::linear, -1, 21, 5, true)), (std::vector<std::string>{"0", "5", "10", "15", "20"}));
  // Limits that the figure's maker set may leave none.
  EXPECT_FALSE(ticks(Scale::linear, 0.2, 0.8, 5, true).empty());
}

TEST(Ticks, EveryLabelIsTheValueOfItsPlace) {
  for (const double low : {-7.3, -2.0, 0.0, 1.7}) {
    for (const double span : {0.2, 0.6, 1.0, 2.4, 5.0}) {
      for (const Tick& tick : ticks(Scale::log10, low, low + span, 8)) {
        EXPECT_GE(tick.at, low - 1e-6);
        EXPECT_LE(tick.at, low + span + 1e-6);
        if (tick.label.find("×") == std::string::npos && tick.label.find("⁻") == std::string::npos && tick.label.substr(0, 2) != "10") {
          EXPECT_NEAR(std::log10(std::stod(tick.label)), tick.at, 1e-9) << tick.label;
        }
      }
    }
  }
}

TEST(Ticks, AlwaysAtLeastOne) {
  for (const double low : {-3.21, 0.001, 17.3}) {
    for (const double span : {1e-6, 0.01, 0.3, 1.1, 40.0}) {
      EXPECT_FALSE(ticks(Scale::linear, low, low + span, 5).empty()) << low << " + " << span;
      EXPECT_FALSE(span >= 0.01 && ticks(Scale::log10, low, low + span, 5).empty()) << low << " + " << span;
    }
  }
}

}  // namespace
}  // namespace inferometer::charts

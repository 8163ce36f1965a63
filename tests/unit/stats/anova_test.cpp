#include "stats/anova.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

struct Sample {
  std::vector<double> values;
  std::vector<std::size_t> codes;
  std::size_t groups = 0;

  Grouped view() const { return {values, codes, groups}; }
};

Sample sample(const std::vector<std::vector<double>>& groups) {
  Sample made;
  for (const auto& group : groups) {
    for (const double value : group) {
      made.values.push_back(value);
      made.codes.push_back(made.groups);
    }
    ++made.groups;
  }
  return made;
}

/// Equal to so many significant digits.
void expect_digits(double expected, double actual, int digits) {
  EXPECT_NEAR(actual, expected, 0.5 * std::pow(10.0, 1 - digits) * std::fabs(expected));
}

/// ln ms of Model-Test's table, grouped by batch or by model.
Sample model_test(const std::string& factor) {
  const CsvTable table = read_csv(INFEROMETER_SOURCE_DIR "/published/modeltest_colab_latency.csv");
  const std::size_t at = *table.column(factor), ms = *table.column("ms_per_image");
  std::vector<std::string> names;
  Sample made;
  for (const auto& row : table.rows) {
    const auto found = std::find(names.begin(), names.end(), row[at]);
    made.codes.push_back(static_cast<std::size_t>(found - names.begin()));
    if (found == names.end()) names.push_back(row[at]);
    made.values.push_back(std::log(*parse_number(row[ms])));
  }
  made.groups = names.size();
  return made;
}

// Certified values of NIST's Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd.
struct Certified {
  double ss_between, ss_within, f, r_squared;
};

void expect_certified(const Sample& data, const Certified& certified, int digits) {
  const OneWay result = one_way(data.view());
  expect_digits(certified.ss_between, result.ss_between, digits);
  expect_digits(certified.ss_within, result.ss_within, digits);
  expect_digits(certified.f, *result.f, digits);
  expect_digits(certified.r_squared, *result.eta_squared, digits);
}

const std::vector<double> kSiRstv{196.3052, 196.1240, 196.1890, 196.2569, 196.3403, 196.3042, 196.3825, 196.1669, 196.3257,
                                  196.0422, 196.1303, 196.2005, 196.2889, 196.0343, 196.1811, 196.2795, 196.1748, 196.1494,
                                  196.1485, 195.9885, 196.2119, 196.1051, 196.1850, 196.0052, 196.2090};
const std::vector<double> kAtmWtAg{107.8681568, 107.8681465, 107.8681572, 107.8681785, 107.8681446, 107.8681903, 107.8681526, 107.8681494,
                                   107.8681616, 107.8681587, 107.8681519, 107.8681486, 107.8681419, 107.8681569, 107.8681508, 107.8681672,
                                   107.8681385, 107.8681518, 107.8681662, 107.8681424, 107.8681360, 107.8681333, 107.8681610, 107.8681477,
                                   107.8681079, 107.8681344, 107.8681513, 107.8681197, 107.8681604, 107.8681385, 107.8681642, 107.8681365,
                                   107.8681151, 107.8681082, 107.8681517, 107.8681448, 107.8681198, 107.8681482, 107.8681334, 107.8681609,
                                   107.8681101, 107.8681512, 107.8681469, 107.8681360, 107.8681254, 107.8681261, 107.8681450, 107.8681368};

TEST(Anova, NistObserved) {
  Sample resistance{kSiRstv, {}, 5}, silver{kAtmWtAg, {}, 2};
  for (std::size_t i = 0; i < 25; ++i) resistance.codes.push_back(i / 5);
  for (std::size_t i = 0; i < 48; ++i) silver.codes.push_back(i / 24);
  expect_certified(resistance, {5.11462616000000E-02, 2.16636560000000E-01, 1.18046237440255E+00, 1.90999039051129E-01}, 9);
  expect_certified(silver, {3.63834187500000E-09, 1.04951729166667E-08, 1.59467335677930E+01, 2.57426544538321E-01}, 9);
}

// Simon and Lesage: nine treatments whose values alternate round a centre; 1 to 3 on 1, 4 to 6 on 10^6, 7 to 9 on 10^12.
TEST(Anova, NistSimonLesage) {
  const std::size_t replicates[] = {21, 201, 2001};
  const Certified certified[] = {
      {1.68, 1.8, 21, 4.82758620689655E-01}, {16.08, 18, 201, 4.71830985915493E-01}, {160.08, 180, 2001, 4.70712773465067E-01}};
  const double tenths[] = {4, 3, 5, 3, 5, 3, 5, 3, 5};
  const struct {
    double offset;
    int digits;
  } levels[] = {{1, 13}, {1e6, 8}, {1e12, 4}};
  for (const auto& level : levels) {
    for (int size = 0; size < 3; ++size) {
      Sample data;
      data.groups = 9;
      for (std::size_t treatment = 0; treatment < 9; ++treatment) {
        for (std::size_t i = 0; i < replicates[size]; ++i) {
          const double tenth = tenths[treatment] + (i == 0 ? 0 : i % 2 == 1 ? -1 : 1);
          // The decimal text 1000000.4 as a double: the nearest to a quotient of whole numbers.
          data.values.push_back((level.offset * 10 + tenth) / 10);
          data.codes.push_back(treatment);
        }
      }
      expect_certified(data, certified[size], level.digits);
    }
  }
}

// From the file with 50 digits.
TEST(Anova, ModelTestByBatch) {
  const Sample data = model_test("batch");
  const OneWay result = one_way(data.view());
  EXPECT_EQ(result.n, 273u);
  EXPECT_EQ(result.df_between, 6u);
  EXPECT_EQ(result.df_within, 266u);
  expect_digits(330.450054096925692, result.ss_between, 13);
  expect_digits(97.4114920132627, result.ss_within, 13);
  expect_digits(150.392444418185, *result.f, 13);
  expect_digits(1.80196924184e-82, *result.p, 11);
  expect_digits(0.7723294067932526, *result.eta_squared, 13);
  expect_digits(0.7665378966545786, *result.omega_squared, 13);
  const auto mean = levene(data.view(), Centre::mean), median = levene(data.view(), Centre::median);
  expect_digits(0.0413299584420435, mean->statistic, 12);
  expect_digits(0.999704476039, mean->p, 12);
  expect_digits(0.0349974182167022, median->statistic, 12);
  const auto unequal = welch(data.view());
  expect_digits(145.5143513997628, unequal->statistic, 12);
  expect_digits(118.2199540011012, unequal->df_denominator, 12);
  expect_digits(3.6865202164361e-52, unequal->p, 10);
}

TEST(Anova, ModelTestByModel) {
  const Sample data = model_test("model");
  const OneWay result = one_way(data.view());
  EXPECT_EQ(result.df_between, 38u);
  EXPECT_EQ(result.df_within, 234u);
  expect_digits(94.6511764561327, result.ss_between, 13);
  expect_digits(333.210369654056, result.ss_within, 13);
  expect_digits(1.74920120865464, *result.f, 13);
  expect_digits(0.00681209942896813, *result.p, 11);
  expect_digits(0.09443619387005506, *result.omega_squared, 12);
  expect_digits(0.107231588850250, levene(data.view(), Centre::mean)->statistic, 12);
  expect_digits(0.104993917351441, levene(data.view(), Centre::median)->statistic, 12);
  const auto unequal = welch(data.view());
  expect_digits(1.382481246038814, unequal->statistic, 12);
  expect_digits(0.11175738356654, unequal->p, 11);
}

TEST(Anova, GroupsAreDescribed) {
  const Sample data = sample({{1, 2, 6}, {5}});
  const auto groups = summarize_groups(data.view());
  EXPECT_EQ(groups[0].n, 3u);
  EXPECT_DOUBLE_EQ(groups[0].mean, 3);
  EXPECT_DOUBLE_EQ(*groups[0].sample_stddev, std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(*groups[0].standard_error, std::sqrt(7.0 / 3));
  EXPECT_NEAR(groups[0].interval->high - 3, 0.95 / std::sqrt(0.04875) * std::sqrt(7.0 / 3), 1e-12);
  EXPECT_EQ(groups[0].minimum, 1);
  EXPECT_EQ(groups[0].maximum, 6);
  EXPECT_EQ(groups[1].mean, 5);
  EXPECT_EQ(groups[1].minimum, 5);
  EXPECT_FALSE(groups[1].sample_stddev || groups[1].standard_error || groups[1].interval);
}

TEST(Anova, WhatIsNotDefinedIsNothing) {
  const Sample single = sample({{1}, {2}, {4}});
  EXPECT_EQ(one_way(single.view()).df_within, 0u);
  EXPECT_FALSE(one_way(single.view()).ms_within || one_way(single.view()).f || one_way(single.view()).p);
  EXPECT_FALSE(levene(single.view(), Centre::mean) || welch(single.view()));

  const Sample constant = sample({{0.1, 0.1, 0.1}, {0.1, 0.1}});
  EXPECT_EQ(one_way(constant.view()).ss_within, 0);
  EXPECT_FALSE(one_way(constant.view()).f || one_way(constant.view()).eta_squared || one_way(constant.view()).omega_squared);

  const Sample exact = sample({{0.1, 0.1, 0.1}, {0.7, 0.7}});
  EXPECT_EQ(one_way(exact.view()).ss_within, 0);
  EXPECT_FALSE(one_way(exact.view()).f);
  EXPECT_EQ(one_way(exact.view()).eta_squared, 1);
  EXPECT_FALSE(levene(exact.view(), Centre::median) || welch(exact.view()));
}

// Two values lie equally far from their mean: rounding must not make an F of it.
TEST(Anova, PairsHaveNoLevene) {
  CounterRandom random(4);
  std::vector<std::vector<double>> groups;
  for (int i = 0; i < 200; ++i) groups.push_back({random.normal() * 1e3, random.normal()});
  const Sample pairs = sample(groups);
  EXPECT_FALSE(levene(pairs.view(), Centre::mean));
  EXPECT_FALSE(levene(pairs.view(), Centre::median));
  EXPECT_TRUE(welch(pairs.view()));
}

TEST(Anova, WelchOfTwoGroupsIsWelchsT) {
  const Sample data = sample({{27.5, 21.0, 19.0, 23.6, 17.0, 17.9}, {27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8}});
  const auto result = welch(data.view());
  const auto groups = summarize_groups(data.view());
  const double a = *groups[0].sample_stddev * *groups[0].sample_stddev / 6, b = *groups[1].sample_stddev * *groups[1].sample_stddev / 9;
  const double t = (groups[0].mean - groups[1].mean) / std::sqrt(a + b);
  EXPECT_NEAR(result->statistic, t * t, 1e-12);
  EXPECT_NEAR(result->df_denominator, (a + b) * (a + b) / (a * a / 5 + b * b / 8), 1e-10);
}

TEST(Anova, ResidualsSumToNothing) {
  const Sample data = sample({{1, 2, 6}, {5, 9}});
  EXPECT_EQ(residuals(data.view()), (std::vector<double>{-2, -1, 3, -2, 2}));
}

TEST(Anova, RefusesWhatIsNone) {
  const std::vector<double> values{1, 2}, bad{1, std::numeric_limits<double>::infinity()};
  const std::vector<std::size_t> codes{0, 1}, same{0, 0};
  EXPECT_THROW(one_way({values, same, 1}), Error);
  EXPECT_THROW(one_way({values, same, 2}), Error);
  EXPECT_THROW(one_way({values, codes, 1}), Error);
  EXPECT_THROW(one_way({bad, codes, 2}), Error);
  EXPECT_THROW(one_way({values, {codes.data(), 1}, 2}), Error);
}

}  // namespace
}  // namespace inferometer::stats

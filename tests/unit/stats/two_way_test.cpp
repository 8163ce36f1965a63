#include "stats/two_way.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

struct Crossed {
  std::vector<double> values;
  std::vector<std::size_t> a, b;
  std::size_t levels_a = 0, levels_b = 0;

  void add(std::size_t level_a, std::size_t level_b, double value) {
    a.push_back(level_a);
    b.push_back(level_b);
    values.push_back(value);
    levels_a = std::max(levels_a, level_a + 1);
    levels_b = std::max(levels_b, level_b + 1);
  }
  CrossedData view() const { return {values, a, b, levels_a, levels_b}; }
};

/// ln ms by model and batch; lines without a number are passed over.
Crossed published(const std::string& file, const std::string& first, const std::string& second) {
  const CsvTable table = read_csv(std::string(INFEROMETER_SOURCE_DIR "/published/") + file);
  std::vector<std::string> names_a, names_b;
  const auto code = [](std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.push_back(name);
    return names.size() - 1;
  };
  Crossed data;
  for (const auto& row : table.rows) {
    const auto number = parse_number(row[*table.column("ms_per_image")]);
    if (!number) continue;
    data.add(code(names_a, row[*table.column(first)]), code(names_b, row[*table.column(second)]), std::log(*number));
  }
  return data;
}

void expect_relative(double expected, double actual, double tolerance) { EXPECT_NEAR(actual / expected, 1, tolerance) << actual; }

// By 40 digits from the file.
TEST(TwoWay, ModelTest) {
  const TwoWay result = two_way(published("modeltest_colab_latency.csv", "batch", "model").view(), false);
  EXPECT_EQ(result.n, 273u);
  EXPECT_EQ(result.empty_cells, 0u);
  EXPECT_EQ(result.residual_df, 228u);
  expect_relative(2.76031555713003144, result.residual_ss, 1e-12);
  expect_relative(0.9935485776129572, *result.r_squared, 1e-13);
  for (const auto* tests : {&result.type_1, &result.type_2, &result.type_3}) {
    ASSERT_EQ(tests->size(), 2u);
    expect_relative(330.450054096925692, (*tests)[0].ss, 1e-13);
    expect_relative(94.6511764561326547, (*tests)[1].ss, 1e-13);
    expect_relative(4549.154542583931, *(*tests)[0].f, 1e-12);
    expect_relative(205.739904363421, *(*tests)[1].f, 1e-12);
    expect_relative(3.1358059670807e-234, *(*tests)[0].p, 1e-10);
    expect_relative(1.5197070143691e-155, *(*tests)[1].p, 1e-10);
    expect_relative(94.6511764561326547 / (94.6511764561326547 + 2.76031555713003144), *(*tests)[1].partial_eta_squared, 1e-12);
  }
  // Balanced: the adjusted mean is the mean, and a difference of batches has 39 values on both sides.
  EXPECT_EQ(result.pairs_a.size(), 21u);
  EXPECT_EQ(result.pairs_b.size(), 741u);
  expect_relative(std::sqrt(2.76031555713003144 / 228 * 2 / 39), *result.pairs_a[0].standard_error, 1e-11);
}

/// Three by three with one to two values in a cell; the last combination left out on demand.
Crossed unbalanced(bool with_empty_cell = false) {
  const std::string a = "xxxxyyyyyzzzz", b = "pqrppqqrrpqrr";
  const double y[] = {4.1, 5.2, 6.9, 3.8, 2.0, 3.5, 3.1, 7.7, 7.2, 5.5, 6.4, 8.8, 9.1};
  Crossed data;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (with_empty_cell && a[i] == 'z' && b[i] == 'p') continue;
    data.add(static_cast<std::size_t>(a[i] - 'x'), static_cast<std::size_t>(b[i] - 'p'), y[i]);
  }
  return data;
}

void expect_test(const TermTest& test, double ss, std::size_t df, double f, double p) {
  expect_relative(ss, test.ss, 1e-11);
  EXPECT_EQ(test.df, df);
  expect_relative(f, *test.f, 1e-11);
  expect_relative(p, *test.p, 1e-10);
}

// Sums of squares of the three types by statsmodels 0.14.
TEST(TwoWay, UnbalancedWithInteraction) {
  const TwoWay result = two_way(unbalanced().view(), true);
  EXPECT_EQ(result.residual_df, 4u);
  expect_relative(0.295, result.residual_ss, 1e-12);
  expect_relative(0.9951679560517098, *result.r_squared, 1e-12);
  ASSERT_EQ(result.type_1.size(), 3u);
  expect_test(result.type_1[0], 19.160769230769205, 2, 129.90352020860496, 0.00022990436622171966);
  expect_test(result.type_1[1], 38.41031460674156, 2, 260.4089125880787, 5.809019418252628e-05);
  expect_test(result.type_1[2], 3.1846853932584225, 4, 10.795543705960803, 0.020343173653019745);
  expect_test(result.type_2[0], 13.552314606741534, 2, 91.88009902875629, 0.00045385059929069563);
  expect_test(result.type_2[1], 38.410314606742496, 2, 260.40891258808506, 5.809019418252346e-05);
  expect_test(result.type_2[2], 3.1846853932584225, 4, 10.795543705960803, 0.020343173653019745);
  expect_test(result.type_3[0], 14.604923076923138, 2, 99.016427640157, 0.00039199089483096756);
  expect_test(result.type_3[1], 33.92376923077005, 2, 229.99165580183117, 7.43216361937991e-05);
  expect_test(result.type_3[2], 3.1846853932585226, 4, 10.795543705961109, 0.020343173653018715);
  EXPECT_TRUE(result.adjusted_a.empty());
}

TEST(TwoWay, UnbalancedAdditive) {
  const TwoWay result = two_way(unbalanced().view(), false);
  EXPECT_EQ(result.residual_df, 8u);
  expect_relative(3.4796853932584266, result.residual_ss, 1e-12);
  expect_test(result.type_1[0], 19.160769230769205, 2, 22.025863910445985, 0.0005579809181979857);
  expect_test(result.type_2[0], 13.552314606741561, 2, 15.578781499037742, 0.00174219726138419);
  expect_test(result.type_2[1], 38.41031460674153, 2, 44.15377859292454, 4.761222518992472e-05);
  // By the normal equations in another program.
  expect_relative(5.416104868913858, *result.adjusted_a[0].mean, 1e-12);
  expect_relative(0.3368851608621017, *result.adjusted_a[0].standard_error, 1e-12);
  expect_relative(6.858352059925096, *result.adjusted_a[2].mean, 1e-12);
  expect_relative(0.33591663419804896, *result.adjusted_a[2].standard_error, 1e-12);
  expect_relative(-1.4422471910112384, result.pairs_a[1].difference, 1e-12);
  expect_relative(0.48028717790604386, *result.pairs_a[1].standard_error, 1e-12);
  expect_relative(0.016996787048723507, *result.pairs_a[1].p_lsd, 1e-10);
  expect_relative(0.04039368671200039, *result.pairs_a[1].p_tukey, 1e-9);
  EXPECT_EQ(result.adjusted_a[1].n, 5u);
  const double expected[] = {0.34831461, 0.48606742, -0.88269663, 0.04831461, -0.70269663, -0.16494382, -0.56494382,
                             0.96629213, 0.46629213, 0.30606742,  0.24382022, -0.42494382, -0.12494382};
  for (std::size_t i = 0; i < 13; ++i) EXPECT_NEAR(result.residuals[i], expected[i], 1e-8) << i;
}

TEST(TwoWay, EmptyCells) {
  const TwoWay result = two_way(unbalanced(true).view(), true);
  EXPECT_EQ(result.empty_cells, 1u);
  EXPECT_EQ(result.type_2[2].df, 3u);
  EXPECT_TRUE(result.type_3.empty());
  EXPECT_NE(result.type_3_refused.find("1 of them"), std::string::npos);
  const TwoWay additive = two_way(unbalanced(true).view(), false);
  EXPECT_EQ(additive.type_3.size(), 2u);
  EXPECT_TRUE(additive.type_3_refused.empty());
  EXPECT_EQ(additive.pairs_a.size(), 3u);
}

// Residuals and F by numpy's least squares on dummies. Of 4 platforms x 13 nets x 8 batches 222 have a figure.
TEST(TwoWay, PublishedTableWithHoles) {
  const TwoWay by_batch = two_way(published("dd_performances_latency.csv", "model", "batch").view(), false);
  EXPECT_EQ(by_batch.n, 222u);
  EXPECT_EQ(by_batch.residual_df, 202u);
  expect_relative(601.5127474811483, by_batch.residual_ss, 1e-11);
  expect_relative(0.8239328422668817, *by_batch.type_2[0].f, 1e-10);
  expect_relative(8.712413530076363, *by_batch.type_2[1].f, 1e-10);
  expect_relative(0.2721986752278186, *by_batch.r_squared, 1e-11);
  const TwoWay by_platform = two_way(published("dd_performances_latency.csv", "platform", "model").view(), false);
  EXPECT_EQ(by_platform.residual_df, 206u);
  expect_relative(52.68814762319863, by_platform.residual_ss, 1e-11);
  expect_relative(951.9451882543367, *by_platform.type_2[0].f, 1e-10);
  expect_relative(37.168089080276424, *by_platform.type_2[1].f, 1e-10);
  EXPECT_EQ(by_platform.pairs_b.size(), 78u);
}

// The additive model's other side: what type II gives must be the difference of two residuals.
TEST(TwoWay, OrderAndUnitsDoNotMatter) {
  CounterRandom random(3);
  Crossed data, turned;
  for (int i = 0; i < 80; ++i) {
    const std::size_t a = i < 5 ? static_cast<std::size_t>(i) : random.below(5), b = i < 4 ? static_cast<std::size_t>(i) : random.below(4);
    const double value = 1e6 + static_cast<double>(a * a) + 0.5 * static_cast<double>(b) + random.normal();
    data.add(a, b, value);
    turned.add(b, a, value * 1000);
  }
  const TwoWay first = two_way(data.view(), false), second = two_way(turned.view(), false);
  expect_relative(*first.type_2[0].f, *second.type_2[1].f, 1e-8);
  expect_relative(*first.type_2[1].f, *second.type_2[0].f, 1e-8);
  EXPECT_NE(first.type_1[0].ss, first.type_2[0].ss);
  expect_relative(first.residual_ss * 1e6, second.residual_ss, 1e-8);
}

TEST(TwoWay, PerfectSumsHaveNoF) {
  Crossed data;
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 3; ++b) data.add(a, b, 0.1 * static_cast<double>(a) + 0.7 * static_cast<double>(b));
  }
  const TwoWay result = two_way(data.view(), false);
  EXPECT_EQ(result.residual_ss, 0);
  EXPECT_FALSE(result.type_2[0].f || result.type_2[0].p);
  EXPECT_EQ(result.type_2[0].partial_eta_squared, 1);
  EXPECT_TRUE(result.pairs_a.empty());
  for (double& value : data.values) value = 3;
  EXPECT_FALSE(two_way(data.view(), false).r_squared);
}

TEST(TwoWay, Errors) {
  const auto message = [](const Crossed& data, bool interaction) -> std::string {
    try {
      two_way(data.view(), interaction);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return error.what();
    }
    return "";
  };
  Crossed single;
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 2; ++b) single.add(a, b, static_cast<double>(a * b));
  }
  EXPECT_NE(message(single, true).find("no combination"), std::string::npos);
  Crossed nested;
  for (std::size_t i = 0; i < 8; ++i) nested.add(i / 2 / 2, i / 2, static_cast<double>(i * i));
  EXPECT_NE(message(nested, false).find("says nothing beyond the other"), std::string::npos);
  Crossed small;
  small.add(0, 0, 1);
  small.add(0, 1, 2);
  small.add(1, 0, 3);
  EXPECT_NE(message(small, false).find("no degree of freedom"), std::string::npos);
  Crossed flat;
  flat.add(0, 0, 1);
  flat.add(0, 1, 2);
  EXPECT_THROW(two_way(flat.view(), false), Error);
}

}  // namespace
}  // namespace inferometer::stats

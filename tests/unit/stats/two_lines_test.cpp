#include "stats/two_lines.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "stats/curve_fit.h"
#include "stats/random.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;

TEST(TwoLines, FindsThemExactly) {
  std::vector<double> x, y;
  for (int i = 0; i < 7; ++i) {
    x.insert(x.end(), {i * 1.0, i + 0.5});
    y.insert(y.end(), {10 + 2.0 * i, 4 - 0.5 * (i + 0.5)});
  }
  const TwoLines found = fit_two_lines(x, y);
  EXPECT_NEAR(found.first.slope, 2, 1e-12);
  EXPECT_NEAR(found.first.intercept, 10, 1e-12);
  EXPECT_NEAR(found.second.slope, -0.5, 1e-12);
  EXPECT_NEAR(found.second.intercept, 4, 1e-12);
  EXPECT_EQ(found.first.n, 7u);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(found.line[i], i % 2) << i;
  EXPECT_NEAR(found.residual_ss, 0, 1e-20);
  EXPECT_GT(found.single_residual_ss, 100);
}

TEST(TwoLines, FindTheLinesThatThePointsWereDrawnFrom) {
  CounterRandom random(12);
  Values x, y;
  for (int i = 0; i < 60; ++i) {
    x.push_back(10 * random.uniform());
    y.push_back(i % 3 == 0 ? 20 + 3 * x.back() + 0.1 * random.normal() : 5 + x.back() + 0.1 * random.normal());
  }
  const TwoLines found = fit_two_lines(x, y);
  EXPECT_EQ(found.first.n, 20u);
  EXPECT_EQ(found.second.n, 40u);
  EXPECT_NEAR(found.first.slope, 3, 0.05);
  EXPECT_NEAR(found.first.intercept, 20, 0.2);
  EXPECT_NEAR(found.second.slope, 1, 0.05);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(found.line[i], i % 3 == 0 ? 0 : 1);
  // Each line is the least squares line of its own points, standard errors included.
  Values own_x, own_y;
  for (std::size_t i = 0; i < x.size(); i += 3) {
    own_x.push_back(x[i]);
    own_y.push_back(y[i]);
  }
  const CurveFit own = fit_curve(CurveModel::linear, own_x, own_y);
  EXPECT_NEAR(found.first.slope, own.parameters[1].value, 1e-12);
  EXPECT_NEAR(found.first.intercept, own.parameters[0].value, 1e-12);
  EXPECT_NEAR(found.first.slope_standard_error, own.parameters[1].standard_error, 1e-12);
  EXPECT_NEAR(found.first.intercept_standard_error, own.parameters[0].standard_error, 1e-12);
  EXPECT_GT(found.single_residual_ss, 100 * found.residual_ss);
}

/// Models-Comparison, Figure 7: memory against parameter bytes. The study names two slopes, 1.71 and 0.91, for 16 of its 21 points and
/// leaves out the nets that lie off both lines.
TEST(TwoLines, PublishedSlopesOfMemory) {
  const CsvTable table = read_csv(std::string(INFEROMETER_SOURCE_DIR) + "/published/modelscomparison_memory_digitised.csv");
  const std::size_t size = *table.column("params_mib_plotted"), memory = *table.column("gpu_memory_mb"), line = *table.column("line");
  Values x, y;
  std::vector<std::string> published;
  for (const auto& row : table.rows) {
    if (row[line] == "off_line") continue;
    x.push_back(*parse_number(row[size]));
    y.push_back(*parse_number(row[memory]));
    published.push_back(row[line]);
  }
  ASSERT_EQ(x.size(), 16u);
  const TwoLines found = fit_two_lines(x, y);
  // Of the points as they can be read off the figure, its small networks being one point; with AlexNet, which the figure leaves off both
  // lines, the flatter slope would be 0.89.
  EXPECT_NEAR(found.first.slope, 1.71, 0.05);
  EXPECT_NEAR(found.second.slope, 0.91, 0.1);
  // numpy's polyfit of the points of each line.
  EXPECT_NEAR(found.first.slope, 1.73003262, 1e-8);
  EXPECT_NEAR(found.first.slope_standard_error, 0.11905051, 1e-8);
  EXPECT_NEAR(found.second.slope, 0.99094683, 1e-8);
  EXPECT_NEAR(found.second.slope_standard_error, 0.03167392, 1e-8);
  EXPECT_NEAR(found.second.intercept, 555.80835874, 1e-6);
  EXPECT_NEAR(found.second.intercept_standard_error, 4.67900074, 1e-6);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(published[i], found.line[i] == 0 ? "slope1.71" : "slope0.91") << i;
}

TEST(TwoLines, Errors) {
  const std::vector<double> five{1, 2, 3, 4, 5}, six{1, 2, 3, 1, 2, 3};
  EXPECT_THROW(fit_two_lines(five, five), Error);
  EXPECT_THROW(fit_two_lines(six, six), Error);  // three different x
  const std::vector<double> bad{1, 2, 3, 4, 5, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(fit_two_lines(bad, bad), Error);
  // One line only: no split leaves two lines of three points each.
  const std::vector<double> line{1, 2, 3, 4, 5, 6};
  try {
    fit_two_lines(line, line);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
  }
}

}  // namespace
}  // namespace inferometer::stats

#include "stats/studentized_range.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/distributions.h"

namespace inferometer::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double upper_p(double q, std::size_t means, double degrees) { return studentized_range_upper_p(std::vector<double>{q}, means, degrees)[0]; }

// Upper 5 % and 1 % points as tables print them (Pearson & Hartley, Biometrika Tables 1, table 29).
TEST(StudentizedRange, PublishedTables) {
  const struct {
    std::size_t means;
    double degrees, q05, q01;
  } lines[] = {{3, 10, 3.88, 5.27},   {10, 20, 5.01, 6.09}, {2, 5, 3.64, 5.70},          {5, 60, 3.98, 4.82},
               {20, 120, 5.13, 5.83}, {4, 30, 3.85, 4.80},  {10, kInfinity, 4.47, 5.16}, {3, 2, 8.33, 19.02}};
  for (const auto& line : lines) {
    // The tables round q to two decimals.
    const auto inside = [&](double q, double p) {
      EXPECT_LT(upper_p(q + 0.0051, line.means, line.degrees), p) << line.means << " " << line.degrees;
      EXPECT_GT(upper_p(q - 0.0051, line.means, line.degrees), p) << line.means << " " << line.degrees;
    };
    inside(line.q05, 0.05);
    inside(line.q01, 0.01);
  }
}

// Computed with 22 digits from the double integral (mpmath).
TEST(StudentizedRange, TenDigits) {
  const struct {
    double q;
    std::size_t means;
    double degrees, p;
  } cases[] = {{3.877, 3, 10, 0.04998708875325441},      {5.008, 10, 20, 0.04999159141638399}, {3.5, 2, 1, 0.2444634852716645},
               {7, 200, 40, 0.0650230060567865},         {25, 39, 12, 1.57442647716308e-7},    {6, 39, 234, 0.01659995507474991},
               {20, 5, 30, 8.176435824811404e-14},       {0.5, 4, 8, 0.9837564608372352},      {3.314, 3, kInfinity, 0.05004414040611022},
               {10, 7, kInfinity, 3.228132956853576e-11}};
  for (const auto& each : cases) EXPECT_NEAR(upper_p(each.q, each.means, each.degrees) / each.p, 1, 1e-10) << each.q << " " << each.means;
}

// The range of two means is a difference: Student's t.
TEST(StudentizedRange, TwoMeansAreStudents) {
  for (const double degrees : {1.0, 2.0, 5.0, 30.0, 228.0, 10000.0}) {
    for (const double q : {1e-6, 0.01, 0.5, 2.0, 6.0, 20.0, 60.0}) {
      const double expected = t_two_sided_p(q / std::sqrt(2.0), degrees);
      if (expected < 1e-30) continue;
      EXPECT_NEAR(upper_p(q, 2, degrees) / expected, 1, 1e-9) << q << " " << degrees;
    }
  }
  EXPECT_NEAR(upper_p(4, 2, kInfinity) / normal_two_sided_p(4 / std::sqrt(2.0)), 1, 1e-11);
}

TEST(StudentizedRange, FallsWithQAndRisesWithMeans) {
  const std::vector<double> q{0, 0.1, 1, 2, 3, 5, 8, 13, 40};
  std::vector<double> fewer;
  for (const std::size_t means : {2u, 3u, 7u, 39u, 200u}) {
    const std::vector<double> p = studentized_range_upper_p(q, means, 12);
    EXPECT_EQ(p[0], 1);
    for (std::size_t i = 1; i < p.size(); ++i) {
      EXPECT_LE(p[i], p[i - 1] + 1e-13);
      EXPECT_GT(p[i], 0);
      if (!fewer.empty()) {
        EXPECT_GE(p[i], fewer[i] - 1e-13);
      }
    }
    fewer = p;
  }
}

TEST(StudentizedRange, ABatchIsItsParts) {
  const std::vector<double> q{0.3, 4.4, 2.2, kInfinity};
  const std::vector<double> p = studentized_range_upper_p(q, 6, 20);
  for (std::size_t i = 0; i < q.size(); ++i) EXPECT_EQ(p[i], upper_p(q[i], 6, 20));
  EXPECT_EQ(p[3], 0);
}

TEST(StudentizedRange, RefusesWhatIsNone) {
  EXPECT_THROW(upper_p(-1, 3, 3), Error);
  EXPECT_THROW(upper_p(std::numeric_limits<double>::quiet_NaN(), 3, 3), Error);
  EXPECT_THROW(upper_p(1, 1, 3), Error);
  EXPECT_THROW(upper_p(1, 3, 0.5), Error);
}

}  // namespace
}  // namespace inferometer::stats

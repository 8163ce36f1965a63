#include "stats/post_hoc.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

TEST(PostHoc, Holm) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005}, expected{0.03, 0.06, 0.06, 0.02};
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_DOUBLE_EQ(corrected[i], expected[i]);
  EXPECT_EQ(holm(std::vector<double>{0.9, 0.8}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm({}).empty());
}

// Three groups of Tukey-Kramer's kind; the figures by scipy 1.17's tukey_hsd and t.
TEST(PostHoc, UnequalGroups) {
  // 24.5 23.5 26.4 27.1 29.9 | 28.4 34.2 29.5 32.2 30.1 30.0 | 26.1 28.3 24.3 26.2
  const std::vector<ComparedMean> means{{26.28, 5}, {30.733333333333334, 6}, {26.225, 4}};
  const double ss = 24.688 + 22.073333333333334 + 8.0275;
  const auto pairs = compare_pairs(means, ss / 12, 12);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[1].a, 0u);
  EXPECT_EQ(pairs[1].b, 2u);
  EXPECT_NEAR(pairs[0].difference, -4.453333333333333, 1e-12);
  EXPECT_NEAR(*pairs[0].standard_error, std::sqrt(ss / 12 * (1.0 / 5 + 1.0 / 6)), 1e-14);
  EXPECT_NEAR(*pairs[0].p_tukey, 0.012539914108825045, 1e-10);
  EXPECT_NEAR(*pairs[1].p_tukey, 0.9991886548952627, 1e-10);
  EXPECT_NEAR(*pairs[2].p_tukey, 0.017119267835162155, 1e-10);
  EXPECT_NEAR(*pairs[0].p_lsd, 0.00487763732245044, 1e-13);
  EXPECT_NEAR(*pairs[0].low, -7.272436974116118, 1e-12);
  EXPECT_NEAR(*pairs[0].high, -1.6342296925505484, 1e-12);
  EXPECT_DOUBLE_EQ(*pairs[0].p_bonferroni, 3 * *pairs[0].p_lsd);
  EXPECT_EQ(*pairs[1].p_bonferroni, 1);
}

// Tukey's p of two means is Student's.
TEST(PostHoc, TwoMeansNeedNoCorrection) {
  const auto pairs = compare_pairs(std::vector<ComparedMean>{{1, 4}, {2.5, 3}}, 0.7, 5);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_NEAR(*pairs[0].p_tukey, *pairs[0].p_lsd, 1e-12);
  EXPECT_EQ(pairs[0].p_holm, pairs[0].p_lsd);
}

TEST(PostHoc, WithoutErrorOnlyDifferences) {
  for (const auto& variance : {std::optional<double>(), std::optional<double>(0.0)}) {
    const auto pairs = compare_pairs(std::vector<ComparedMean>{{1, 1}, {2, 1}, {4, 1}}, variance, 0);
    ASSERT_EQ(pairs.size(), 3u);
    EXPECT_EQ(pairs[1].difference, -3);
    EXPECT_FALSE(pairs[1].standard_error || pairs[1].p_lsd || pairs[1].low || pairs[1].p_holm || pairs[1].p_tukey);
  }
  EXPECT_THROW(compare_pairs(std::vector<double>{1, 2}, std::vector<double>{}, 3), Error);
}

}  // namespace
}  // namespace inferometer::stats

#include "measure/ranking.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::measure {
namespace {

std::vector<std::int64_t> ranks(const std::vector<float>& scores, std::size_t most = 5) {
  std::vector<std::int64_t> result;
  for (const RankedClass& ranked : rank_classes(scores, most)) result.push_back(ranked.index);
  return result;
}

using Ranks = std::vector<std::int64_t>;

TEST(Ranking, puts_the_best_first_and_keeps_as_many_as_asked) {
  EXPECT_EQ(ranks({0.1f, 0.7f, 0.2f, 5, -3, 0.3f, 0.25f}), (Ranks{3, 1, 5, 6, 2}));
  EXPECT_EQ(ranks({1, 2}), (Ranks{1, 0}));
  EXPECT_EQ(ranks({}), Ranks{});
  EXPECT_FLOAT_EQ(rank_classes(std::vector<float>{1, 2}, 1).front().score, 2);
}

TEST(Ranking, gives_ties_to_the_lower_index) {
  EXPECT_EQ(ranks({1, 2, 2, 2, 1, 2}, 3), (Ranks{1, 2, 3}));
  EXPECT_EQ(ranks(std::vector<float>(9, 0)), (Ranks{0, 1, 2, 3, 4}));
}

TEST(Ranking, takes_infinities_and_refuses_what_is_no_number) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(ranks({-kInfinity, 0, kInfinity}), (Ranks{2, 1, 0}));
  EXPECT_THROW(ranks({0, std::nanf(""), 1}), Error);
}

TEST(ClassProbability, takes_probabilities_as_they_are_and_the_softmax_of_the_rest) {
  EXPECT_EQ(class_probability(std::vector<float>{0.25f, 0.75f}, 1), 0.75);
  // Half precision does not add up exactly.
  EXPECT_EQ(class_probability(std::vector<float>{0.25f, 0.7456f}, 1), static_cast<double>(0.7456f));
  EXPECT_NEAR(*class_probability(std::vector<float>{0, std::log(3.0f)}, 1), 0.75, 1e-7);
  // Within 0 to 1, but no probabilities: exp(1) / (exp(1) + exp(0.5)).
  EXPECT_NEAR(*class_probability(std::vector<float>{1, 0.5f}, 0), 0.6224593312018546, 1e-9);
  EXPECT_NEAR(*class_probability(std::vector<float>{1000, 1001}, 1), 0.7310585786300049, 1e-9);
  EXPECT_EQ(class_probability(std::vector<float>{-std::numeric_limits<float>::infinity(), 3}, 0), 0);
  EXPECT_EQ(class_probability(std::vector<float>{std::numeric_limits<float>::infinity(), 3}, 1), std::nullopt);
  EXPECT_THROW(class_probability(std::vector<float>{1}, 1), Error);
}

}  // namespace
}  // namespace inferometer::measure

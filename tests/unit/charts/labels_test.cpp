#include "charts/labels.h"

#include <gtest/gtest.h>

#include "chart_samples.h"

namespace inferometer::charts {
namespace {

Surroundings around(const std::vector<LabelRequest>& requests, const Box& frame) {
  Surroundings surroundings{frame, {}, {}, {}};
  for (const LabelRequest& request : requests) surroundings.marks.push_back(request.mark);
  return surroundings;
}

bool covers(const Box& box, const Disc& mark) {
  const double x = std::clamp(mark.x, box.left, box.right()), y = std::clamp(mark.y, box.top, box.bottom());
  return std::hypot(x - mark.x, y - mark.y) < mark.radius;
}

TEST(Labels, StandsToTheRightOfALoneMark) {
  const std::vector<LabelRequest> requests = {{{100, 100, 4}, 40, 14, false}};
  const auto placed = place_labels(requests, around(requests, {0, 0, 300, 200}));
  ASSERT_TRUE(placed[0]);
  EXPECT_FALSE(placed[0]->leader);
  EXPECT_NEAR(placed[0]->box.left, 106, 1e-9);
  EXPECT_NEAR(placed[0]->box.top, 93, 1e-9);
}

TEST(Labels, StandsToTheLeftAtTheRightFrame) {
  const std::vector<LabelRequest> requests = {{{290, 100, 4}, 40, 14, false}};
  const auto placed = place_labels(requests, around(requests, {0, 0, 300, 200}));
  ASSERT_TRUE(placed[0]);
  EXPECT_LE(placed[0]->box.right(), 288);
}

TEST(Labels, CallOutsStandApartWithALine) {
  const std::vector<LabelRequest> requests = {{{100, 100, 4}, 40, 14, true}};
  const auto placed = place_labels(requests, around(requests, {0, 0, 300, 200}));
  ASSERT_TRUE(placed[0] && placed[0]->leader);
  const Segment& leader = *placed[0]->leader;
  EXPECT_NEAR(std::hypot(leader.x1 - 100, leader.y1 - 100), 4, 1e-9) << "it begins at the edge of the mark";
  EXPECT_GE(std::hypot(leader.x2 - 100, leader.y2 - 100), 20);
}

TEST(Labels, FortyRandomBubblesNeverOverlapNorLeaveTheFrame) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    samples::Dice dice(seed);
    const Box frame{50, 30, 650, 400};
    std::vector<LabelRequest> requests;
    for (int i = 0; i < 40; ++i) {
      const double radius = 3 + 24 * dice() * dice();
      requests.push_back({{70 + 600 * dice(), 50 + 350 * dice(), radius}, 40 + 80 * dice(), 14, false});
    }
    const auto placed = place_labels(requests, around(requests, frame));
    for (std::size_t i = 0; i < placed.size(); ++i) {
      ASSERT_TRUE(placed[i]) << "seed " << seed << ", label " << i;
      const Box& box = placed[i]->box;
      EXPECT_TRUE(box.left >= frame.left && box.right() <= frame.right() && box.top >= frame.top && box.bottom() <= frame.bottom());
      for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(box, placed[j]->box)) << "seed " << seed << ": " << j << " and " << i;
      for (const LabelRequest& other : requests) {
        // A label may lie over the body of a large bubble, never over a small mark.
        EXPECT_FALSE(other.mark.radius <= 10 && covers(box, other.mark)) << "seed " << seed << ", label " << i;
      }
    }
  }
}

TEST(Labels, KeepsOffBoxes) {
  const std::vector<LabelRequest> requests = {{{100, 100, 4}, 40, 14, false}};
  Surroundings surroundings = around(requests, {0, 0, 300, 200});
  surroundings.boxes.push_back({104, 60, 100, 80});
  const auto placed = place_labels(requests, surroundings);
  ASSERT_TRUE(placed[0]);
  EXPECT_FALSE(overlap(placed[0]->box, surroundings.boxes[0]));
}

TEST(Labels, SaysWhereThereIsNoRoom) {
  std::vector<LabelRequest> requests(30, LabelRequest{{50, 25, 4}, 40, 14, false});
  const auto placed = place_labels(requests, around(requests, {0, 0, 100, 50}));
  std::size_t standing = 0;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (!placed[i]) continue;
    ++standing;
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(placed[j] && overlap(placed[i]->box, placed[j]->box));
  }
  EXPECT_GE(standing, 2U);
  EXPECT_LE(standing, 6U) << "a frame of 100 by 50 holds six such boxes at most";
}

TEST(Labels, NoneForNone) { EXPECT_TRUE(place_labels({}, {}).empty()); }

}  // namespace
}  // namespace inferometer::charts

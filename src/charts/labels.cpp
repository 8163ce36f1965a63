#include "charts/labels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace inferometer::charts {
namespace {

constexpr double kMargin = 1.5;       // between a label and whatever it keeps off
constexpr double kLeaderFrom = 7;     // a label nearer to its mark than this needs no leader line
constexpr double kSmallMark = 10;     // radius; over the pale body of a larger bubble a label can be read
constexpr double kMarkCovered = 400;  // costs, on a scale where one pixel of distance costs 1
constexpr double kBubbleCovered = 130;
constexpr double kMistakable = 40;  // another mark is as near as its own, and no leader line tells whose it is
constexpr double kLineCovered = 5;
constexpr double kLinesCovered = 20;  // at most
constexpr double kLeaderCrossesMark = 24;
constexpr double kLeaderCrossesLeader = 60;
constexpr double kLeaderCrossesLabel = 90;
constexpr std::array<double, 18> kDistances = {2, 5, 9, 14, 19, 25, 32, 40, 49, 59, 70, 82, 96, 112, 130, 150, 175, 200};
constexpr std::size_t kDirections = 24;
constexpr int kRounds = 8;

struct Candidate {
  PlacedLabel label;
  double cost = 0;
};

Box grown(const Box& box, double margin) { return {box.left - margin, box.top - margin, box.width + 2 * margin, box.height + 2 * margin}; }

bool inside(const Box& inner, const Box& outer) {
  return inner.left >= outer.left && inner.right() <= outer.right() && inner.top >= outer.top && inner.bottom() <= outer.bottom();
}

bool overlap(const Box& box, const Disc& disc, double margin) {
  const double dx = disc.x - std::clamp(disc.x, box.left, box.right());
  const double dy = disc.y - std::clamp(disc.y, box.top, box.bottom());
  const double reach = disc.radius + margin;
  return dx * dx + dy * dy < reach * reach;
}

double cross(double ax, double ay, double bx, double by) { return ax * by - ay * bx; }

bool intersect(const Segment& a, const Segment& b) {
  const double ax = a.x2 - a.x1, ay = a.y2 - a.y1, bx = b.x2 - b.x1, by = b.y2 - b.y1;
  const double from_b = cross(bx, by, a.x1 - b.x1, a.y1 - b.y1) * cross(bx, by, a.x2 - b.x1, a.y2 - b.y1);
  const double from_a = cross(ax, ay, b.x1 - a.x1, b.y1 - a.y1) * cross(ax, ay, b.x2 - a.x1, b.y2 - a.y1);
  return from_a < 0 && from_b < 0;
}

bool intersect(const Segment& line, const Disc& disc) {
  const double dx = line.x2 - line.x1, dy = line.y2 - line.y1, length = dx * dx + dy * dy;
  const double along = length > 0 ? std::clamp(((disc.x - line.x1) * dx + (disc.y - line.y1) * dy) / length, 0.0, 1.0) : 0;
  const double x = line.x1 + along * dx - disc.x, y = line.y1 + along * dy - disc.y;
  return x * x + y * y < disc.radius * disc.radius;
}

bool same(const Disc& a, const Disc& b) { return a.x == b.x && a.y == b.y && a.radius == b.radius; }

/// The shortest line from the mark's edge to the box.
Segment leader_to(const Disc& mark, const Box& box) {
  const double x = std::clamp(mark.x, box.left, box.right()), y = std::clamp(mark.y, box.top, box.bottom());
  const double length = std::hypot(x - mark.x, y - mark.y);
  const double share = length > 0 ? std::min(1.0, mark.radius / length) : 0;
  return {mark.x + share * (x - mark.x), mark.y + share * (y - mark.y), x, y};
}

/// From the mark's edge to the box, in pixels; negative where they overlap.
double gap(const Disc& mark, const Box& box) {
  const double x = std::clamp(mark.x, box.left, box.right()), y = std::clamp(mark.y, box.top, box.bottom());
  return std::hypot(x - mark.x, y - mark.y) - mark.radius;
}

/// Cost of a place as far as other labels do not matter; nullopt where it must not be.
std::optional<double> cost_of(const PlacedLabel& label, const LabelRequest& request, const Surroundings& around, bool over_marks) {
  if (!inside(label.box, around.frame)) return std::nullopt;
  double cost = 0;
  for (const Box& box : around.boxes) {
    if (overlap(label.box, box, kMargin)) return std::nullopt;
    if (label.leader && overlap(box, *label.leader)) cost += kLeaderCrossesMark;
  }
  for (const Disc& mark : around.marks) {
    const bool small = mark.radius <= kSmallMark;
    if (overlap(label.box, mark, small ? kMargin : 0)) {
      if (small && !over_marks) return std::nullopt;
      cost += small ? kMarkCovered : kBubbleCovered;
    }
    if (same(mark, request.mark)) continue;
    if (label.leader && intersect(*label.leader, mark)) cost += kLeaderCrossesMark;
    if (!label.leader && gap(mark, label.box) < gap(request.mark, label.box) + kMargin) cost += kMistakable;
  }
  double lines = 0;
  for (const Segment& line : around.lines) lines += overlap(label.box, line) ? kLineCovered : 0;
  cost += std::min(lines, kLinesCovered);
  return cost;
}

std::vector<Candidate> candidates(const LabelRequest& request, const Surroundings& around, bool over_marks) {
  std::vector<Candidate> found;
  const auto consider = [&](const PlacedLabel& label, double taste) {
    if (const std::optional<double> cost = cost_of(label, request, around, over_marks)) found.push_back({label, *cost + taste});
  };
  // In its own bubble, where that is wide enough.
  if (!request.apart && request.mark.radius * 1.85 > request.width) {
    consider({{request.mark.x - request.width / 2, request.mark.y - request.height / 2, request.width, request.height}, std::nullopt},
             -kBubbleCovered);
  }
  for (const double distance : kDistances) {
    if (request.apart && distance < 20) continue;
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
      const double angle = 2 * std::acos(-1.0) * static_cast<double>(direction) / kDirections;
      const double ux = std::cos(angle), uy = -std::sin(angle);
      const double reach = request.mark.radius + distance;
      const double x = request.mark.x + ux * reach + std::clamp(1.4 * ux, -1.0, 1.0) * request.width / 2;
      const double y = request.mark.y + uy * reach + std::clamp(1.4 * uy, -1.0, 1.0) * request.height / 2;
      PlacedLabel label{{x - request.width / 2, y - request.height / 2, request.width, request.height}, std::nullopt};
      if (distance >= kLeaderFrom) label.leader = leader_to(request.mark, label.box);
      // To the right reads best, then above and below, then to the left; between the eight main directions only at need.
      const double taste = 1.5 * (1 - ux) + (direction % 3 != 0 ? 1.5 : 0) + (direction % 6 == 3 ? 0.5 : 0);
      consider(label, distance + taste + (label.leader ? 6 : 0));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
  return found;
}

/// What a candidate costs beside one label that stands already; infinite where they overlap.
double cost_beside(const PlacedLabel& label, const PlacedLabel& other) {
  if (overlap(label.box, other.box, kMargin)) return std::numeric_limits<double>::infinity();
  double cost = 0;
  if (label.leader && overlap(grown(other.box, kMargin), *label.leader)) cost += kLeaderCrossesLabel;
  if (other.leader && overlap(grown(label.box, kMargin), *other.leader)) cost += kLeaderCrossesLabel;
  if (label.leader && other.leader && intersect(*label.leader, *other.leader)) cost += kLeaderCrossesLeader;
  return cost;
}

/// The cheapest candidate (they are in order of their own cost) beside all labels that stand; nullopt when every one overlaps some.
std::optional<Candidate> cheapest(const std::vector<Candidate>& choices, const std::vector<std::optional<Candidate>>& standing,
                                  std::size_t own) {
  std::optional<Candidate> best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const Candidate& choice : choices) {
    if (choice.cost >= best_cost) break;
    double cost = choice.cost;
    for (std::size_t i = 0; i < standing.size() && cost < best_cost; ++i) {
      if (i != own && standing[i]) cost += cost_beside(choice.label, standing[i]->label);
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = choice;
    }
  }
  return best;
}

using Choices = std::vector<std::vector<Candidate>>;
using Standing = std::vector<std::optional<Candidate>>;

/// All choose in this order; then all choose again, a few times, knowing where the others stand.
Standing settle(const Choices& choices, const std::vector<std::size_t>& order) {
  Standing standing(choices.size());
  for (int round = 0; round < kRounds; ++round) {
    for (const std::size_t own : order) {
      if (auto place = cheapest(choices[own], standing, own)) standing[own] = place;
    }
  }
  return standing;
}

double cost_of(const Standing& standing) {
  constexpr double kNoPlace = 1e4;
  double cost = 0;
  for (std::size_t i = 0; i < standing.size(); ++i) {
    cost += standing[i] ? standing[i]->cost : kNoPlace;
    for (std::size_t j = 0; j < i; ++j) cost += standing[i] && standing[j] ? cost_beside(standing[i]->label, standing[j]->label) : 0;
  }
  return cost;
}

}  // namespace

bool overlap(const Box& a, const Box& b, double margin) {
  return a.left < b.right() + margin && b.left < a.right() + margin && a.top < b.bottom() + margin && b.top < a.bottom() + margin;
}

bool overlap(const Box& box, const Segment& line) {
  if (std::max(line.x1, line.x2) < box.left || std::min(line.x1, line.x2) > box.right() || std::max(line.y1, line.y2) < box.top ||
      std::min(line.y1, line.y2) > box.bottom()) {
    return false;
  }
  const auto within = [&](double x, double y) { return x >= box.left && x <= box.right() && y >= box.top && y <= box.bottom(); };
  return within(line.x1, line.y1) || within(line.x2, line.y2) || intersect(line, Segment{box.left, box.top, box.right(), box.bottom()}) ||
         intersect(line, Segment{box.left, box.bottom(), box.right(), box.top});
}

std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<LabelRequest>& requests, const Surroundings& surroundings) {
  Choices choices;
  for (const LabelRequest& request : requests) {
    choices.push_back(candidates(request, surroundings, false));
    if (choices.back().empty()) choices.back() = candidates(request, surroundings, true);
  }
  // Which order serves best is not known beforehand: those with the fewest places first, from the left, from the right, from above.
  const std::array<std::function<double(std::size_t)>, 4> keys = {{
      [&](std::size_t i) { return static_cast<double>(choices[i].size()); },
      [&](std::size_t i) { return requests[i].mark.x; },
      [&](std::size_t i) { return -requests[i].mark.x; },
      [&](std::size_t i) { return requests[i].mark.y; },
  }};
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Standing best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const auto& key : keys) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    Standing standing = settle(choices, order);
    const double cost = cost_of(standing);
    if (cost < best_cost || best.size() != standing.size()) {
      best_cost = cost;
      best = std::move(standing);
    }
  }
  std::vector<std::optional<PlacedLabel>> placed;
  for (std::size_t own = 0; own < best.size(); ++own) {
    // A label that found all its places taken may still stand over a mark.
    if (!best[own]) best[own] = cheapest(candidates(requests[own], surroundings, true), best, own);
    placed.push_back(best[own] ? std::optional(best[own]->label) : std::nullopt);
  }
  return placed;
}

}  // namespace inferometer::charts

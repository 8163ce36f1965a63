#include "report/labels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace inferometer::report {
namespace {

constexpr double kMargin = 1.5;       // between a label and whatever it keeps off
constexpr double kLeaderFrom = 7;     // a label nearer to its mark than this needs no leader line
constexpr double kMarkCovered = 400;  // costs, on a scale where one pixel of distance costs 1
constexpr double kLineCovered = 9;
constexpr double kLeaderCrossesMark = 14;
constexpr double kLeaderCrossesLeader = 60;
constexpr double kLeaderCrossesLabel = 90;
constexpr std::array<double, 14> kDistances = {2, 5, 9, 15, 22, 30, 40, 52, 66, 82, 102, 126, 156, 200};
constexpr std::size_t kDirections = 16;
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

bool intersect(const Segment& line, const Box& box) {
  if (std::max(line.x1, line.x2) < box.left || std::min(line.x1, line.x2) > box.right() || std::max(line.y1, line.y2) < box.top ||
      std::min(line.y1, line.y2) > box.bottom()) {
    return false;
  }
  const auto within = [&](double x, double y) { return x >= box.left && x <= box.right() && y >= box.top && y <= box.bottom(); };
  return within(line.x1, line.y1) || within(line.x2, line.y2) || intersect(line, Segment{box.left, box.top, box.right(), box.bottom()}) ||
         intersect(line, Segment{box.left, box.bottom(), box.right(), box.top});
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

/// Cost of a place as far as other labels do not matter; nullopt where it must not be.
std::optional<double> cost_of(const PlacedLabel& label, const LabelRequest& request, const Surroundings& around, bool over_marks) {
  if (!inside(label.box, around.frame)) return std::nullopt;
  double cost = 0;
  for (const Box& box : around.boxes) {
    if (overlap(label.box, box, kMargin)) return std::nullopt;
  }
  for (const Disc& mark : around.marks) {
    if (overlap(label.box, mark, kMargin)) {
      if (!over_marks) return std::nullopt;
      cost += kMarkCovered;
    }
    if (label.leader && !same(mark, request.mark) && intersect(*label.leader, mark)) cost += kLeaderCrossesMark;
  }
  for (const Segment& line : around.lines) {
    if (intersect(line, label.box)) cost += kLineCovered;
  }
  return cost;
}

std::vector<Candidate> candidates(const LabelRequest& request, const Surroundings& around, bool over_marks) {
  std::vector<Candidate> found;
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
      const std::optional<double> cost = cost_of(label, request, around, over_marks);
      // To the right reads best, then above and below, then to the left; between the eight main directions only at need.
      const double taste = 1.5 * (1 - ux) + (direction % 2 == 1 ? 1.5 : 0) + (direction % 4 == 2 ? 0.5 : 0);
      if (cost) found.push_back({label, *cost + distance + taste + (label.leader ? 6 : 0)});
    }
  }
  return found;
}

/// What a candidate costs beside one label that stands already; infinite where they overlap.
double cost_beside(const PlacedLabel& label, const PlacedLabel& other) {
  if (overlap(label.box, other.box, kMargin)) return std::numeric_limits<double>::infinity();
  double cost = 0;
  if (label.leader && intersect(*label.leader, grown(other.box, kMargin))) cost += kLeaderCrossesLabel;
  if (other.leader && intersect(*other.leader, grown(label.box, kMargin))) cost += kLeaderCrossesLabel;
  if (label.leader && other.leader && intersect(*label.leader, *other.leader)) cost += kLeaderCrossesLeader;
  return cost;
}

/// The cheapest candidate beside all labels that stand; nullopt when every one overlaps some.
std::optional<PlacedLabel> cheapest(const std::vector<Candidate>& choices, const std::vector<std::optional<PlacedLabel>>& standing,
                                    std::size_t own) {
  std::optional<PlacedLabel> best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const Candidate& choice : choices) {
    double cost = choice.cost;
    for (std::size_t i = 0; i < standing.size() && cost < best_cost; ++i) {
      if (i != own && standing[i]) cost += cost_beside(choice.label, *standing[i]);
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = choice.label;
    }
  }
  return best;
}

}  // namespace

bool overlap(const Box& a, const Box& b, double margin) {
  return a.left < b.right() + margin && b.left < a.right() + margin && a.top < b.bottom() + margin && b.top < a.bottom() + margin;
}

std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<LabelRequest>& requests, const Surroundings& surroundings) {
  std::vector<std::vector<Candidate>> choices;
  for (const LabelRequest& request : requests) {
    choices.push_back(candidates(request, surroundings, false));
    if (choices.back().empty()) choices.back() = candidates(request, surroundings, true);
  }
  // Those with the fewest places choose first; then all choose again, a few times, knowing where the others stand.
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return choices[a].size() < choices[b].size(); });
  std::vector<std::optional<PlacedLabel>> standing(requests.size());
  for (int round = 0; round < kRounds; ++round) {
    for (const std::size_t own : order) {
      if (auto place = cheapest(choices[own], standing, own)) standing[own] = place;
    }
  }
  // A label that found all its places taken may still stand over a mark.
  for (const std::size_t own : order) {
    if (!standing[own]) standing[own] = cheapest(candidates(requests[own], surroundings, true), standing, own);
  }
  return standing;
}

}  // namespace inferometer::report

#include "measure/search.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/error.h"

namespace inferometer::measure {
namespace {

constexpr std::size_t kAxes = 4;
/// Index of each setting's value: streams, batch, requests, threads, in the order in which they are moved: what matters most comes first.
using Place = std::array<int, kAxes>;
constexpr std::size_t kStreams = 0, kBatch = 1, kRequests = 2, kThreads = 3;

std::vector<int> requests_of(const SearchSpace& space, int streams) {
  return space.requests.empty() ? std::vector<int>{streams, 2 * streams} : space.requests;
}

Place extent_of(const SearchSpace& space) {
  return {static_cast<int>(space.streams.size()), static_cast<int>(space.batches.size()), static_cast<int>(requests_of(space, 1).size()),
          static_cast<int>(space.threads.size())};
}

/// nullopt where the settings exclude each other, or the place is outside.
std::optional<SearchPoint> point_at(const SearchSpace& space, const Place& place) {
  const Place extent = extent_of(space);
  for (std::size_t axis = 0; axis < kAxes; ++axis) {
    if (place[axis] < 0 || place[axis] >= extent[axis]) return std::nullopt;
  }
  const auto at = [&](std::size_t axis) { return static_cast<std::size_t>(place[axis]); };
  SearchPoint point;
  point.threads = space.threads[at(kThreads)];
  point.streams = space.streams[at(kStreams)];
  point.requests = requests_of(space, point.streams)[at(kRequests)];
  point.batch = space.batches[at(kBatch)];
  const bool possible = point.threads % point.streams == 0 && point.requests >= point.streams;
  return possible ? std::optional(point) : std::nullopt;
}

template <class Visit>
void for_each_place(const SearchSpace& space, Visit&& visit) {
  const Place extent = extent_of(space);
  Place place{};
  for (place[kThreads] = 0; place[kThreads] < extent[kThreads]; ++place[kThreads]) {
    for (place[kStreams] = 0; place[kStreams] < extent[kStreams]; ++place[kStreams]) {
      for (place[kRequests] = 0; place[kRequests] < extent[kRequests]; ++place[kRequests]) {
        for (place[kBatch] = 0; place[kBatch] < extent[kBatch]; ++place[kBatch]) visit(place);
      }
    }
  }
}

/// The possible place with most threads, then most streams, fewest requests, nearest to the middle batch.
Place start_of(const SearchSpace& space) {
  std::optional<Place> best;
  const int middle = (extent_of(space)[kBatch] - 1) / 2;
  const auto merit = [&](const Place& p) { return std::array{p[kThreads], p[kStreams], -p[kRequests], -std::abs(p[kBatch] - middle)}; };
  for_each_place(space, [&](const Place& place) {
    if (point_at(space, place) && (!best || merit(place) > merit(*best))) best = place;
  });
  if (!best) {
    throw Error(ErrorCode::usage, "--search-throughput: no combination of these threads, streams and requests is possible",
                "threads must divide into streams, and every stream needs a request");
  }
  return *best;
}

class Search {
 public:
  Search(const SearchSpace& space, const std::function<std::optional<double>(const SearchPoint&)>& images_per_s)
      : space_(space), images_per_s_(images_per_s) {
    result_.space_size = points_of(space).size();
    budget_ = search_budget(result_.space_size);
  }

  SearchResult run() {
    best_ = start_of(space_);
    best_rate_ = rate_at(best_).value_or(0);
    do {
      for (bool moved = true; moved && has_budget();) {
        moved = false;
        for (std::size_t axis = 0; axis < kAxes; ++axis) moved = climb(axis) || moved;
      }
    } while (leap());
    return std::move(result_);
  }

 private:
  bool has_budget() const { return result_.tried.size() < budget_; }

  /// Move along one axis while that helps; the other way only where the first step of the one did not.
  bool climb(std::size_t axis) {
    // Fewer requests and threads than the start has are below; more of a batch usually helps, so up is tried first.
    for (const int direction : {+1, -1}) {
      bool moved = false;
      while (step(axis, direction)) moved = true;
      if (moved) return true;
    }
    return false;
  }

  /// What is left of the budget goes to the nearest places untried, until one is better: a reading that was low by chance, or two settings
  /// that help only together, ends the climbing too early.
  bool leap() {
    // How far, along how many settings, and the larger batch first, which usually helps.
    using Nearness = std::array<int, 3>;
    std::vector<std::pair<Nearness, Place>> places;
    for_each_place(space_, [&](const Place& place) {
      Nearness nearness{0, 0, -place[kBatch]};
      for (std::size_t axis = 0; axis < kAxes; ++axis) {
        nearness[0] += std::abs(place[axis] - best_[axis]);
        nearness[1] += place[axis] != best_[axis];
      }
      if (nearness[0] > 0 && point_at(space_, place)) places.emplace_back(nearness, place);
    });
    std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [nearness, place] : places) {
      if (!has_budget()) return false;
      if (improves(place)) return true;
    }
    return false;
  }

  bool step(std::size_t axis, int direction) {
    Place place = best_;
    // Over places that the other settings exclude, such as 3 streams of 4 threads.
    do {
      place[axis] += direction;
    } while (place[axis] >= 0 && place[axis] < extent_of(space_)[axis] && !point_at(space_, place));
    return improves(place);
  }

  bool improves(const Place& place) {
    const std::optional<double> rate = rate_at(place);
    if (!rate || *rate <= best_rate_) return false;
    best_ = place;
    best_rate_ = *rate;
    return true;
  }

  /// nullopt outside the space, when the budget is spent, or where it cannot be measured.
  std::optional<double> rate_at(const Place& place) {
    const std::optional<SearchPoint> point = point_at(space_, place);
    if (!point) return std::nullopt;
    for (const Tried& tried : result_.tried) {
      if (tried.point == *point) return tried.images_per_s;
    }
    if (!has_budget()) return std::nullopt;
    return result_.tried.emplace_back(Tried{*point, images_per_s_(*point)}).images_per_s;
  }

  const SearchSpace& space_;
  const std::function<std::optional<double>(const SearchPoint&)>& images_per_s_;
  SearchResult result_;
  std::size_t budget_ = 0;
  Place best_{};
  double best_rate_ = 0;
};

}  // namespace

std::vector<SearchPoint> points_of(const SearchSpace& space) {
  std::set<SearchPoint> points;
  for_each_place(space, [&](const Place& place) {
    if (const auto point = point_at(space, place)) points.insert(*point);
  });
  return {points.begin(), points.end()};
}

SearchSpace default_space(int cores) {
  SearchSpace space;
  for (int value = 1; value < cores; value *= 2) space.threads.push_back(value);
  space.threads.push_back(cores);
  space.streams = space.threads;
  space.batches = {1, 2, 4, 8, 16, 32};
  return space;
}

std::size_t search_budget(std::size_t space_size) { return std::max<std::size_t>(3, space_size / 5); }

SearchResult search_throughput(const SearchSpace& space, const std::function<std::optional<double>(const SearchPoint&)>& images_per_s) {
  return Search(space, images_per_s).run();
}

std::vector<Tried> fastest(const SearchResult& result, std::size_t count) {
  std::vector<Tried> sorted;
  for (const Tried& tried : result.tried) {
    if (tried.images_per_s) sorted.push_back(tried);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Tried& a, const Tried& b) { return *a.images_per_s > *b.images_per_s; });
  if (sorted.size() > count) sorted.resize(count);
  return sorted;
}

}  // namespace inferometer::measure

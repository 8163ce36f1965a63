/// Find the settings of most images a second in few measurements.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace inferometer::measure {

struct SearchPoint {
  int threads = 1, streams = 1, requests = 1;
  std::int64_t batch = 1;
  auto operator<=>(const SearchPoint&) const = default;
};

/// Values to choose from, each list ascending and not empty. A point is possible when its threads divide into its streams and
/// no stream lacks a request.
struct SearchSpace {
  std::vector<int> threads, streams;
  std::vector<int> requests;  ///< empty: as many as streams, and twice as many
  std::vector<std::int64_t> batches;
};
std::vector<SearchPoint> points_of(const SearchSpace& space);

/// Powers of two up to the cores, with the cores themselves, for threads and streams; batches of 1 to 32.
SearchSpace default_space(int cores);

struct Tried {
  SearchPoint point;
  std::optional<double> images_per_s;  ///< nullopt: it could not be measured
};

struct SearchResult {
  std::vector<Tried> tried;    ///< in order, each point once
  std::size_t space_size = 0;  ///< possible points
};

/// Most points that a search tries: a fifth of the space, yet three.
std::size_t search_budget(std::size_t space_size);

/// Coordinate ascent: from as many threads and streams as there are and the middle batch, one setting after another (streams, batch,
/// requests, threads) is moved to its neighbours as long as that helps; again from the best until nothing helps. What is then left of the
/// budget goes to the nearest points untried, and the climbing begins again from one that is better.
/// Deterministic but for what `images_per_s` returns. Throws what that throws, Error{usage} where no point is possible.
SearchResult search_throughput(const SearchSpace& space, const std::function<std::optional<double>(const SearchPoint&)>& images_per_s);

/// Those that were measured, the fastest first, at most `count`.
std::vector<Tried> fastest(const SearchResult& result, std::size_t count);

}  // namespace inferometer::measure

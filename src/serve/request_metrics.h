/// Count what clients asked and what they got.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

#include "serve/histogram.h"

namespace inferometer::serve {

/// What a request is for; `other` is every path that is none of these.
enum class Route : std::uint8_t { info, services, predict, kserve, metrics, health, other };
constexpr std::size_t kRoutes = 7;

/// "/info", "/services", "/predict", "/v2", "/metrics", "/health", "other".
std::string_view name_of(Route route);
/// By the first segment of a path.
Route route_of(std::string_view first_segment);

/// Members: any thread.
class RequestMetrics {
 public:
  struct Counts {
    std::map<int, std::uint64_t> answers;  ///< by HTTP status; refusals of the server itself too
    DurationHistogram duration;            ///< from a request's last byte to its answer; of answers, not of the server's refusals
  };
  void count_answer(Route route, int status, std::chrono::nanoseconds duration);
  void count_refusal(Route route, int status);
  Counts counts(Route route) const;

 private:
  mutable std::array<std::mutex, kRoutes> mutexes_;
  std::array<Counts, kRoutes> counts_;
};

}  // namespace inferometer::serve

#include "serve/request_metrics.h"

namespace inferometer::serve {
namespace {

constexpr std::array<std::string_view, kRoutes> kNames{"/info", "/services", "/predict", "/v2", "/metrics", "/health", "other"};

}  // namespace

std::string_view name_of(Route route) { return kNames[static_cast<std::size_t>(route)]; }

Route route_of(std::string_view first_segment) {
  for (std::size_t index = 0; index + 1 < kRoutes; ++index) {
    if (kNames[index].substr(1) == first_segment) return static_cast<Route>(index);
  }
  return Route::other;
}

void RequestMetrics::count_answer(Route route, int status, std::chrono::nanoseconds duration) {
  const auto index = static_cast<std::size_t>(route);
  const std::lock_guard lock(mutexes_[index]);
  ++counts_[index].answers[status];
  counts_[index].duration.add(std::chrono::duration<double>(duration).count());
}

void RequestMetrics::count_refusal(Route route, int status) {
  const auto index = static_cast<std::size_t>(route);
  const std::lock_guard lock(mutexes_[index]);
  ++counts_[index].answers[status];
}

RequestMetrics::Counts RequestMetrics::counts(Route route) const {
  const auto index = static_cast<std::size_t>(route);
  const std::lock_guard lock(mutexes_[index]);
  return counts_[index];
}

}  // namespace inferometer::serve

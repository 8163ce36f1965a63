/// Tell the time, for intervals and for people.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace inferometer {

/// A source of time that tests replace by a manual one. Nanoseconds of an arbitrary monotonic origin.
using Nanoseconds = std::chrono::nanoseconds;
using Clock = std::function<Nanoseconds()>;

/// std::chrono::steady_clock.
Nanoseconds steady_now();

/// UTC now as "2026-01-31T12:34:56Z".
std::string utc_timestamp();

}  // namespace inferometer

/// Put load on an HTTP server and tell its latency honestly.
///
/// Closed loop: so many clients, each sends when its last answer is there; it measures throughput. A server that stalls gets fewer
/// requests meanwhile, so its percentiles look better than what users would see.
/// Open loop: requests have intended times, constant or Poisson, whatever the server does. Latency counts from the intended time, so a late
/// send is latency too (Tene's "coordinated omission" cannot happen).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "load/target.h"

namespace inferometer::load {

enum class Loop : std::uint8_t { closed, constant, poisson };

struct LoadOptions {
  Loop loop = Loop::closed;
  int concurrency = 1;        ///< closed: clients; open: connections at most
  double rate = 0;            ///< open: requests/s
  double seconds = 10;        ///< of measuring
  double warmup_seconds = 1;  ///< before it, not counted
  double timeout_s = 60;      ///< of one request
  std::uint64_t seed = 1;     ///< of the Poisson arrivals
};

enum class Outcome : std::uint8_t { ok, refused_connection, closed_connection, timed_out, status, malformed };

std::string_view name_of(Outcome outcome);

/// One request that belongs to the measured window (by intended time).
struct Sample {
  Nanoseconds intended{0}, sent{0}, done{0};  ///< since the window's begin
  Outcome outcome = Outcome::ok;
  int status = 0;       ///< HTTP
  float server_ms = 0;  ///< what the answer says it took (DeepDetect's head.time); 0: nothing said
};

/// Runs until the window is over and every request of it has ended or timed out.
/// Throws Error{io} when no connection at all can be made, Error{interrupted}.
std::vector<Sample> run_load(const Target& target, const LoadOptions& options, const std::function<void(std::size_t done)>& progress = {});

}  // namespace inferometer::load

/// Put load on an HTTP server and tell its latency honestly.
///
/// Closed loop: so many clients, each sends when its last answer is there; it measures throughput. A server that stalls gets fewer
/// requests meanwhile, so its percentiles look better than what users would see.
/// Open loop: requests have intended times, constant or Poisson, whatever the server does. Latency counts from the intended time, so a late
/// send is latency too (Tene's "coordinated omission" cannot happen).
#pragma once

#include <array>
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

std::string_view name_of(Loop loop);

struct LoadOptions {
  Loop loop = Loop::closed;
  int concurrency = 1;                 ///< closed: clients; open: connections at most
  double rate = 0;                     ///< open: requests/s
  double seconds = 10;                 ///< of measuring
  double warmup_seconds = 1;           ///< before it, not counted
  double timeout_s = 60;               ///< of one request, from its intended time
  std::uint64_t seed = 1;              ///< of the Poisson arrivals
  bool new_connections = false;        ///< one connection a request, as DeepDetect's client does
  std::size_t most_waiting = 100'000;  ///< open: requests that wait for a connection; what comes beyond is not sent
};

enum class Outcome : std::uint8_t {
  ok,                  ///< a whole answer with a 2xx status
  refused_connection,  ///< no connection could be made
  closed_connection,   ///< the server closed before the answer was whole
  timed_out,           ///< no whole answer within timeout_s
  status,              ///< a whole answer with another status
  malformed,           ///< no HTTP answer, or not what this interface answers
  not_sent,            ///< open loop: no connection was free within timeout_s, or too many waited already
};
inline constexpr std::size_t kOutcomes = 7;

std::string_view name_of(Outcome outcome);

/// One request that belongs to the measured window (by intended time).
struct Sample {
  Nanoseconds intended{0}, sent{0},
      done{0};  ///< since the window's begin; of not_sent, sent is done; of timed_out and not_sent, done is the moment of giving up
  Outcome outcome = Outcome::ok;
  int status = 0;       ///< HTTP
  float server_ms = 0;  ///< what the answer says it took (DeepDetect's head.time); 0: nothing said
};

/// Sums over every request of a run that was answered well, the warm-up's among them: what the server's own counters are compared with.
struct WholeRun {
  std::size_t requests = 0, ok = 0;  ///< sent at all; answered well
  double wait_ms = 0;                ///< intended to sent
  double connect_ms = 0;             ///< sent to connected; 0 on a connection that was open
  double answer_ms = 0;              ///< sent to done
  double server_ms = 0;              ///< as the answers say
};

/// Parts of a window; how much they differ tells how steady it was.
inline constexpr std::size_t kBlocks = 20;

struct LoadRun {
  std::vector<Sample> samples;  ///< in the order they ended
  double seconds = 0;           ///< of the window
  /// Good answers that arrived within each of kBlocks equal parts of the window, whenever they were asked for: what a rate is made of.
  std::array<std::size_t, kBlocks> completed{};
  double mean_in_flight = 0;  ///< requests sent and unanswered, over the window
  /// Open loop: of each request of the window that found a free connection, how much after its time it went out. The client's own fault.
  std::vector<double> lags_ms;
  std::size_t late_sends = 0;                        ///< of these, by more than kLateSend
  std::size_t refused_by_cap = 0;                    ///< of the window, not sent because most_waiting waited
  std::size_t connections = 0;                       ///< made over the whole run
  std::size_t repeated = 0;                          ///< sent again because an idle connection turned out closed
  std::uint64_t bytes_sent = 0, bytes_received = 0;  ///< over the whole run
  double cpu_s = 0, wall_s = 0;                      ///< of the client's thread over the whole run
  std::string first_failure;                         ///< of the window: one line on the first request that went wrong; empty: none did
  WholeRun whole;
};

/// A send later than this is the client's fault, and is counted.
inline constexpr Nanoseconds kLateSend{1'000'000};
/// A closed-loop client that got no connection rests this long, so that a dead server does not make it spin.
inline constexpr Nanoseconds kRest{10'000'000};

/// The part of the window that a time in it belongs to.
inline std::size_t block_of(Nanoseconds time, Nanoseconds window) {
  return static_cast<std::size_t>(static_cast<double>(time.count()) / static_cast<double>(window.count()) * static_cast<double>(kBlocks));
}

/// Runs until the window is over and every request of it has ended or timed out. One thread, the caller's: sockets by epoll.
/// Throws Error{usage} for options that make no sense or a target without bodies, Error{io} when no connection at all can be made or the
/// limit of open files is too low, Error{interrupted}.
LoadRun run_load(const Target& target, const LoadOptions& options, const std::function<void(std::size_t done)>& progress = {});

/// The milliseconds that a DeepDetect answer's head.time tells; nullopt: it tells none.
std::optional<double> told_ms(std::string_view body);

}  // namespace inferometer::load

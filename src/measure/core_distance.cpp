#include "measure/core_distance.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr int kRuns = 5;
constexpr int kRoundTrips = 1000;

bool pin_this_thread(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

struct alignas(128) Line {
  std::atomic<int> turn{0};
};

}  // namespace

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::optional<double> core_roundtrip_ns(int core_a, int core_b) {
  // Threads of our own on both sides: the caller's affinity stays as it is.
  Line line;
  std::atomic<int> ready{0};
  std::atomic<bool> failed{false};
  std::vector<double> runs;
  runs.reserve(kRuns);
  const auto play = [&](int core, int own_turn, bool timed) {
    if (!pin_this_thread(core)) failed = true;
    ready.fetch_add(1);
    while (ready.load() < 2) std::this_thread::yield();
    if (failed) return;
    for (int run = 0; run < kRuns; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      for (int trip = 0; trip < kRoundTrips; ++trip) {
        // Yield now and then: where both threads share one busy core, a pure spin would wait for whole time slices.
        for (int spins = 0; line.turn.load(std::memory_order_acquire) != own_turn; ++spins) {
          if (spins > 100'000) std::this_thread::yield();
        }
        line.turn.store(1 - own_turn, std::memory_order_release);
      }
      const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
      if (timed) runs.push_back(elapsed.count() / kRoundTrips);
    }
  };
  if (core_a == core_b) return std::nullopt;
  std::thread partner(play, core_b, 1, false);
  std::thread timer(play, core_a, 0, true);
  timer.join();
  partner.join();
  if (failed) return std::nullopt;
  return stats::median(runs);
}

CoreState core_state(double roundtrip_ns, std::span<const double> known) {
  std::vector<double> all(known.begin(), known.end());
  all.push_back(roundtrip_ns);
  std::sort(all.begin(), all.end());
  // A rare low reading (40 to 47 ns now and then among hundreds of 110 to 220: two virtual cores on one real one, perhaps) must
  // not turn everything else far: a state that few starts see is not one that a start can be repeated for.
  const std::size_t least =
      std::max<std::size_t>(kFewestNear, static_cast<std::size_t>(std::ceil(kNearShare * static_cast<double>(all.size()))));
  for (; all.size() > 1; all.erase(all.begin())) {
    const auto clusters = stats::two_clusters(all, kStateRatio);
    if (!clusters) return CoreState::unknown;
    const auto high = std::upper_bound(all.begin(), all.end(), clusters->boundary);
    if (static_cast<std::size_t>(high - all.begin()) < least) continue;
    if (*high < kStateGap * *(high - 1)) return CoreState::unknown;
    return roundtrip_ns <= clusters->boundary ? CoreState::near : CoreState::far;
  }
  return CoreState::unknown;
}

}  // namespace inferometer::measure

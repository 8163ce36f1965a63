// Print what the timed loop itself costs a request: its whole wall time less the samples, on the fake engine without
// delay, for growing numbers of requests. Usage: loop_cost ENGINE_FOLDER [MOST_REQUESTS]
// Exit code: 0 within the bounds, 1 above 2 us a request or growing.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <vector>

#include "base/clock.h"
#include "engine/loader.h"
#include "graph/graph.h"
#include "measure/images.h"
#include "measure/timed_loop.h"

namespace {

using namespace inferometer;

constexpr double kMost_ns = 2000;

/// Nanoseconds a request beside the samples.
double loop_cost_ns(engine::Request& request, const std::vector<measure::InputBuffers>& pool, const measure::LoopPlan& plan,
                    std::size_t& runs) {
  const Nanoseconds begin = steady_now();
  const measure::LoopResult result = measure::run_timed_loop(
      plan, steady_now, [&](std::int64_t i) { request.run(pool[static_cast<std::size_t>(i) % pool.size()].views()); });
  const auto wall = static_cast<double>((steady_now() - begin).count());
  runs = result.samples_ns.size();
  return (wall - std::accumulate(result.samples_ns.begin(), result.samples_ns.end(), 0.0)) / static_cast<double>(runs);
}

int compare(const std::string& folder, std::int64_t most) {
  const auto engine = engine::open_plugin(folder + "/fake.so");
  const auto session = engine->load({}, {});
  const auto request = session->create_request();
  std::vector<measure::InputBuffers> pool;
  for (std::uint64_t i = 0; i < 4; ++i) pool.emplace_back(session->inputs(), 1, 1, std::vector<std::uint64_t>{i});

  std::printf("%12s  %s\n", "requests", "loop's own cost, ns a request");
  bool within = true;
  for (std::int64_t n = 1000; n <= most; n *= 10) {
    measure::LoopPlan plan;
    plan.warm_up = false;
    plan.exact = n;
    std::size_t runs = 0;
    const double cost = loop_cost_ns(*request, pool, plan, runs);
    std::printf("%12zu  %.0f\n", runs, cost);
    within = within && cost <= kMost_ns;
  }
  measure::LoopPlan checking;  // with the stop rule's checks, which an impossible target keeps going
  checking.warm_up = false;
  checking.interval_target_ratio = 0;
  checking.max_time_s = 0.3;
  checking.min_time_s = 0;
  std::size_t runs = 0;
  const double cost = loop_cost_ns(*request, pool, checking, runs);
  std::printf("%12zu  %.0f   (with the stop rule's checks)\n", runs, cost);
  return within && cost <= kMost_ns ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: loop_cost ENGINE_FOLDER [MOST_REQUESTS]\n");
    return 2;
  }
  try {
    return compare(argv[1], argc > 2 ? std::atoll(argv[2]) : 1'000'000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "loop_cost: %s\n", error.what());
    return 2;
  }
}

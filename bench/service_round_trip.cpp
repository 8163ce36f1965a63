/// Print what a service's worker adds to an inference: `service_round_trip [ENGINE [MODEL [CALLS]]]`.
///
/// Time from the call to readable outputs, less what the engine took by the worker's own clock: handing the slot over and waking
/// twice. The fake engine takes nothing, so there all of it is ours.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/loader.h"
#include "measure/engines_here.h"
#include "measure/models.h"
#include "measure/worker.h"
#include "serve/worker.h"

namespace {

using namespace inferometer;
using namespace std::chrono_literals;

void print(const char* what, std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&](double share) {
    return microseconds[static_cast<std::size_t>(share * static_cast<double>(microseconds.size() - 1))];
  };
  std::cout << what << ": median " << at(0.5) << " us, p90 " << at(0.9) << " us, p99 " << at(0.99) << " us\n";
}

void measure_round_trips(const std::string& engine, const std::string& model, std::size_t calls) {
  const measure::EngineCatalog catalog = measure::ask_engines(engine::plugin_folder());
  const auto plugin = catalog.plugins.find(engine);
  if (plugin == catalog.plugins.end()) throw Error(ErrorCode::missing_engine, "no engine " + engine + " here");
  serve::WorkerOptions options;
  options.plugin = plugin->second;
  options.entry.model = measure::resolve_model(model, {});
  options.entry.engine = engine;
  options.entry.device = "cpu";
  options.model_path = measure::model_file_path(options.entry.model, catalog.find(engine)->info).string();
  serve::Worker worker(options);
  std::vector<double> whole, beyond;
  for (std::size_t i = 0; i < calls + calls / 10; ++i) {
    const Nanoseconds begin = steady_now();
    serve::Places places = worker.take(1, 60s);
    places.run(60s);
    const double took = static_cast<double>((steady_now() - begin).count()) * 1e-3;
    if (i < calls / 10) continue;  // warm-up
    whole.push_back(took);
    beyond.push_back(took - static_cast<double>(places.inference_time().count()) * 1e-3);
  }
  std::cout << engine << " " << model << ", " << calls << " calls of one item, one after the other\n";
  print("  call", whole);
  print("  beyond the inference", beyond);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "worker") return measure::worker_main();
  if (argc > 1 && std::string_view(argv[1]) == "service-worker") return serve::worker_main();
  try {
    measure_round_trips(argc > 1 ? argv[1] : "fake", argc > 2 ? argv[2] : "lenet5", argc > 3 ? std::stoul(argv[3]) : 5000);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/context.h"
#include "cli/subcommands.h"
#include "load/served_start.h"
#include "measure/worker.h"
#include "serve/worker.h"
#include "train/train_start.h"

namespace inferometer::cli {

void add_worker(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("worker", "Measure one start for a parent process");
  command->group("");  // not for people: hidden from --help
  command->callback([&context] { context.exit_code = measure::worker_main({load::served_start, train::train_start}); });
  CLI::App* service = app.add_subcommand("service-worker", "Run one service's model for a parent process");
  service->group("");
  service->callback([&context] { context.exit_code = serve::worker_main(); });
}

}  // namespace inferometer::cli

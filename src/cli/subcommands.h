/// Add each subcommand to the application; every one stands in a file of its own.
///
/// `context` outlives `app`. A handler runs when parsing has ended; it throws Error for what ends it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace inferometer::cli {

struct Context;

void add_models(CLI::App& app, Context& context);
void add_show(CLI::App& app, Context& context);
void add_cost(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_quantize(CLI::App& app, Context& context);
void add_engines(CLI::App& app, Context& context);
void add_platform(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_worker(CLI::App& app, Context& context);  ///< hidden: child processes of a measurement and of a service
void add_compare(CLI::App& app, Context& context);
void add_evaluate(CLI::App& app, Context& context);
void add_train(CLI::App& app, Context& context);
void add_load(CLI::App& app, Context& context);
void add_results(CLI::App& app, Context& context);
void add_calibrate(CLI::App& app, Context& context);
void add_predict(CLI::App& app, Context& context);
void add_analyze(CLI::App& app, Context& context);
void add_recommend(CLI::App& app, Context& context);
void add_serve(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_cache(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

/// What stands below the options in a subcommand's --help.
std::string example_footer(const std::string& example);

}  // namespace inferometer::cli

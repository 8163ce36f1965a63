#include "cli/app.h"

#include <csignal>
#include <exception>
#include <iostream>
#include <new>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/context.h"
#include "cli/parse_error.h"
#include "cli/subcommands.h"

namespace inferometer::cli {
namespace {

int report(std::ostream& messages, const Error& error) {
  messages << "inferometer: " << one_line(error.what(), 2000) << '\n';
  if (!error.hint().empty()) messages << "  hint: " << one_line(error.hint(), 2000) << '\n';
  return exit_code_of(error.code());
}

std::string known_format(const std::string& name) {
  if (report::format(name)) return {};
  return fmt::format("'{}' is none of {}", one_line(name, 40), report::kFormatNames);
}

/// Parse and let the chosen handler run.
int run_parsed(const std::vector<std::string>& arguments, Context& context) {
  CLI::App app("Measure, explain and compare how image-classification networks perform across inference engines.", "inferometer");
  build_app(app, context);
  try {
    // The parser takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForVersion& version) {
    context.out << version.what() << '\n';
  } catch (const CLI::CallForHelp&) {
    context.out << app.help();
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error);
  }
  context.out.flush();
  if (!context.out) throw Error(ErrorCode::io, "standard output: writing failed", "is the disk full?");
  return context.exit_code;
}

}  // namespace

std::string example_footer(const std::string& example) {
  return fmt::format("Example:\n  {}\n\nThe global options --db, --format and --quiet may follow too; see `inferometer --help`.", example);
}

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::input:
    case ErrorCode::unsupported:
    case ErrorCode::io: return 2;
    case ErrorCode::missing_engine: return 3;
    case ErrorCode::interrupted: return 130;
    case ErrorCode::engine_failure:
    case ErrorCode::out_of_memory:
    case ErrorCode::internal: return 1;
  }
  return 1;
}

void build_app(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", fmt::format("inferometer {}", INFEROMETER_VERSION), "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this text and exit");
  app.add_option("--db", context.database, "The store (default: inferometer.db, or INFEROMETER_DB)")
      ->envname("INFEROMETER_DB")
      ->type_name("FILE");
  app.add_option("--format", context.format_name, "How data is written to stdout (default: table)")
      ->type_name(report::kFormatNames)
      ->check(known_format);
  app.add_flag("--quiet", context.quiet, "No progress and no remarks on stderr");
  app.footer(
      "Example:\n  inferometer run --model 'resnet*' --engine onnxruntime,openvino --batch 1-8*2\n  inferometer COMMAND --help\n\n"
      "Exit codes: 0 all well; 1 something failed; 2 wrong usage or input; 3 an engine or device is missing; 130 interrupted.");
  for (const auto add : {add_models,  add_show,    add_cost,      add_export, add_quantize, add_engines, add_platform,   add_doctor,
                         add_run,     add_compare, add_evaluate,  add_train,  add_results,  add_serve,   add_load,       add_calibrate,
                         add_predict, add_analyze, add_recommend, add_report, add_import,   add_cache,   add_completion, add_worker}) {
    add(app, context);
  }
}

int run_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& messages) {
  Context context(out, messages);
  try {
    return run_parsed(arguments, context);
  } catch (const Error& error) {
    return report(messages, error);
  } catch (const std::bad_alloc&) {
    return report(messages, Error(ErrorCode::out_of_memory, "memory ran out"));
  } catch (const std::exception& error) {
    return report(messages, Error(ErrorCode::internal, fmt::format("internal error: {}", error.what()),
                                  "this is a mistake of inferometer; please report it"));
  }
}

int main(int argc, char** argv) {
  // A write beyond the limit of a file's size (ulimit -f) then fails with a cause, as on a full disk, and ends no process.
  std::signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return run_command(arguments, std::cout, std::cerr);
}

}  // namespace inferometer::cli

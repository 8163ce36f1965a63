/// Take the options of `run` from the command line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "measure/plan.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

/// What the user gave, as text, by option name ("--batch"); an option that was not given is not there. Must stay where it is
/// until parsing has ended.
struct RunOptions {
  std::map<std::string, std::vector<std::string>> given;
};

/// Add one option for every field of a RunSpec, or for those named only.
void add_run_options(CLI::App& app, RunOptions& options, const std::vector<std::string_view>& names = {});

/// Change those fields of `spec` whose option was given; lists replace lists.
/// Throws Error{usage} naming the option.
void apply_run_options(const RunOptions& options, measure::RunSpec& spec);

/// A RunSpec from the options alone. Throws as apply_run_options does.
measure::RunSpec run_spec(const RunOptions& options);

}  // namespace inferometer::cli

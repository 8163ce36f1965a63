/// Be the command line: parse, run one subcommand, report errors.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"

namespace CLI {
class App;
}

namespace inferometer::cli {

struct Context;

/// The whole application with stdout and stderr. @return the process's exit code. Never throws.
int main(int argc, char** argv);

/// The same with streams of the caller's; arguments without the program's name.
int run_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& messages);

/// Add the global options and every subcommand.
void build_app(CLI::App& app, Context& context);

/// 0 all well, 1 something failed, 2 wrong usage or input, 3 an engine is missing, 130 interrupted.
int exit_code_of(ErrorCode code);

}  // namespace inferometer::cli

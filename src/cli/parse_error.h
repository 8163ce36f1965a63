/// Say in one line what was wrong with the command line.
#pragma once

#include "base/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace inferometer::cli {

/// Error{usage} for what the parser found, with the nearest subcommand or option as its hint.
Error usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace inferometer::cli

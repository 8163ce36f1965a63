/// Carry the options that every subcommand shares.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "report/table.h"

namespace inferometer::cli {

using report::Cell;
using report::Format;
using report::Marked;
using report::Table;
using report::to_cell;

inline constexpr const char* kDefaultDatabase = "inferometer.db";

/// Lives as long as the application; handlers read it and set exit_code.
struct Context {
  Context(std::ostream& data, std::ostream& notes) : out(data), messages(notes) {}

  std::ostream& out;                        ///< data: stdout
  std::ostream& messages;                   ///< progress and messages: stderr
  std::string database = kDefaultDatabase;  ///< --db
  std::string format_name = "table";        ///< --format, checked while parsing
  bool quiet = false;                       ///< --quiet
  int exit_code = 0;

  Format format() const { return report::format(format_name).value_or(Format::table); }
  /// Write a table to `out` as --format asks.
  void write(const Table& table) const { report::write(table, format(), out); }
  /// One line on `messages`, unless --quiet.
  void say(std::string_view line) const {
    if (!quiet) messages << line << '\n';
  }
};

}  // namespace inferometer::cli

/// List every option that describes a run, once, for the command line and for study files.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "measure/plan.h"

namespace inferometer::cli {

/// What a study file may give for a key.
enum class FieldKind : std::uint8_t {
  text,      ///< a string
  integer,   ///< a whole number
  number,    ///< a whole or other number
  texts,     ///< a string, or a list of strings
  integers,  ///< a whole number, a string such as "1-4*2", or a list of these
  numbers,   ///< a number, a string such as "90,99", or a list of these
  shapes,    ///< a table of strings: { input = "1x3x224x224" }
};

struct RunField {
  std::string_view option;  ///< "--batch"
  std::string_view key;     ///< of a study's [[run]]: "batches"
  FieldKind kind;
  std::string_view value_name;   ///< "LIST", in --help
  std::string_view description;  ///< one line, with the default
  /// Set the field from text as the command line takes it; lists have commas between their parts.
  /// Throws Error{usage} that begins with `where`.
  void (*set)(measure::RunSpec& spec, std::string_view text, std::string_view where);
};

/// All of them, in the order of --help.
std::span<const RunField> run_fields();

}  // namespace inferometer::cli

/// List the keys of a study's blocks, and turn a checked block into what it asks for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/evaluation.h"
#include "report/study_blocks.h"

namespace inferometer::cli {

/// What the value of a key may be.
enum class ValueKind : std::uint8_t {
  text,
  flag,
  integer,  ///< a whole number from 0 on
  number,
  column,   ///< a column of the block's source
  columns,  ///< one or several
  numeric_column,
  condition,  ///< as --where takes it
  source,     ///< rows, networks, or a published table's name
  file,       ///< taken from the study file's folder
  fit,        ///< a model's name, or a table of it
  marks,      ///< a list of { at = 25, label = "25 fps" }
  words,      ///< a table of strings
};

struct KeyRule {
  std::string_view key;
  ValueKind kind;
  bool required = false;
};

/// A kind of block, [[name]].
struct BlockRule {
  std::string_view name;
  std::vector<KeyRule> keys;
  std::vector<std::string_view> types;  ///< values of its key `type`, when it has one
  /// nullptr for blocks that are no part of the report's order ([[published]], [[column]]).
  /// Throws Error{usage} for keys that do not go together.
  report::BlockContent (*make)(const nlohmann::ordered_json& block) = nullptr;
};

std::span<const BlockRule> block_rules();
/// Keys of `fit = { ... }` and of a mark.
std::span<const KeyRule> fit_keys();
std::span<const KeyRule> mark_keys();

/// Keys of an [[evaluate]] block that are its own, beside those of a [[run]] and of the preprocessing ...
std::span<const KeyRule> evaluation_keys();
/// ... and the keys that it shares with a [[run]].
std::vector<std::string> evaluated_run_keys();
/// Set what those own keys say. @param block  the checked keys; paths are those to open, but of weights as written
/// Throws Error{usage} for numbers that cannot be and keys that do not go together.
void set_evaluation(EvaluationRequest& request, const nlohmann::ordered_json& block);

}  // namespace inferometer::cli

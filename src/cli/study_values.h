/// Check the keys and values of a study's blocks against their rules.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/study_file.h"
#include "cli/study_keys.h"

namespace inferometer::cli {

/// What may stand in a block's `from`, and the columns that its rows have; none where they are known only once a file is read.
struct StudySource {
  std::vector<std::string> names, columns;
};

/// Throws Error{input}, the place first, with the nearest column for one that is not known.
/// @param known  empty: any column may be
void require_known(const StudyFile& file, const std::string& at, const std::string& name, const std::vector<std::string>& known);

/// The value of one key as JSON; paths are those to open. Throws Error{input}, the place first.
nlohmann::ordered_json checked_value(const StudyFile& file, const toml::key& key, const toml::node& node, ValueKind kind,
                                     const StudySource& source);

/// All keys of a block. Throws Error{input}, the place first, also for keys that no rule knows and required ones that are missing.
nlohmann::ordered_json checked_block(const StudyFile& file, const toml::table& block, std::span<const KeyRule> rules,
                                     const StudySource& source);

}  // namespace inferometer::cli

/// Bring a file's tables to the present version.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "store/sqlite.h"

namespace inferometer::store {

/// What makes an SQLite file an inferometer store: "infr".
inline constexpr std::int32_t kApplicationId = 0x696e6672;

/// One step of the schema: SQL that takes a file from `version - 1` to `version`.
struct SchemaStep {
  std::int64_t version;
  const char* sql;
};

/// All steps, oldest first; the last one's version is kSchemaVersion. docs/store.md describes the result.
std::span<const SchemaStep> schema_steps();

/// Throws Error{input} when the file is another application's or written by a newer version (both versions named).
/// Writes nothing. A file without tables is nobody's.
void require_our_file(const Database& database, std::span<const SchemaStep> steps);

/// Run the steps that the file lacks, all in one transaction. Safe against other processes that do the same.
/// @return the version that it raised, 0 for a file without tables; nullopt: there was nothing to do
std::optional<std::int64_t> bring_up_to_date(Database& database, std::span<const SchemaStep> steps);

}  // namespace inferometer::store

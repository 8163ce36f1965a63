/// Open a store's file: to write, which creates it and brings it up to date, or to read, which leaves it as it is.
///
/// Throws as Store does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "store/sqlite.h"

namespace inferometer::store {

struct OpenedToWrite {
  Database database;
  std::optional<std::int64_t> migrated_from;  ///< the older version that the file had; nullopt: it was new or had the present one
};

OpenedToWrite open_to_write(const std::filesystem::path& file);

/// The database says what the file says, in the present schema; it may lie in memory.
Database open_to_read(const std::filesystem::path& file);

}  // namespace inferometer::store

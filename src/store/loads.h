/// Keep what `load` measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/load_row.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {

/// Within the caller's transaction.
void insert_load(Database& database, const std::string& identity, std::int64_t platform_id, const LoadRow& row);

std::vector<LoadRow> read_loads(const Database& database, const LoadQuery& query);

}  // namespace inferometer::store

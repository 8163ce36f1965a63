/// Keep the layer times of profiled entries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "measure/layer_row.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {

/// Within the caller's transaction.
void insert_layers(Database& database, const std::string& identity, std::int64_t platform_id, const std::vector<measure::LayerRow>& rows);

std::vector<measure::LayerRow> read_layers(const Database& database, const LayerQuery& query);

bool has_layers(const Database& database, const std::string& identity);

}  // namespace inferometer::store

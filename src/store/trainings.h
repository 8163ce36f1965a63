/// Keep the epochs of trainings.
#pragma once

#include <cstdint>
#include <vector>

#include "store/sqlite.h"
#include "store/store.h"
#include "train/training_row.h"

namespace inferometer::store {

/// Within the caller's transaction.
void replace_epoch(Database& database, std::int64_t platform_id, const train::TrainingRow& row);

std::vector<train::TrainingRow> read_epochs(const Database& database, const TrainingQuery& query);

}  // namespace inferometer::store

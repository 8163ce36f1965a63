/// Keep evaluations, and bring their figures to the measured rows that they speak of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "measure/evaluation_row.h"
#include "measure/row.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {

/// Within the caller's transaction.
void insert_evaluation(Database& database, const std::string& identity, std::int64_t platform_id, const measure::EvaluationRow& row,
                       const std::vector<measure::PictureAnswer>& pictures);

/// See Store::answered_pictures().
std::vector<measure::AnsweredPictures> read_answered_pictures(const Database& database);

std::vector<measure::EvaluationRow> read_evaluations(const Database& database, const EvaluationQuery& query);

/// See Store::add_accuracy().
void add_accuracy(const Database& database, measure::Row& row);

/// Columns of Row that evaluations fill.
const std::vector<std::string>& accuracy_columns();

}  // namespace inferometer::store

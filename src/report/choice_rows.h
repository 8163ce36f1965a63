/// Turn rows of the store or of imported files into the frame that recommend() chooses from.
#pragma once

#include <string_view>
#include <vector>

#include "measure/row.h"
#include "report/frame.h"

namespace inferometer::report {

/// The source of rows that a model predicted: nobody measured them.
inline constexpr std::string_view kPredicted = "predicted";

/// The rows with the columns of recommend_columns() and the others that conditions may name; `origin` is measured, predicted (rows of
/// the source kPredicted) or, for imported rows, published. What the
/// zoo knows of a row's network (top1, cost) is filled in where the row does not say.
Frame choice_rows(std::vector<measure::Row> rows);

}  // namespace inferometer::report

/// Turn rows of the store or of imported files into the frame that recommend() chooses from.
#pragma once

#include <vector>

#include "measure/row.h"
#include "report/frame.h"

namespace inferometer::report {

/// The rows with the columns of recommend_columns() and the others that conditions may name; `origin` is measured or, for imported rows, published. What the
/// zoo knows of a row's network (top1, cost) is filled in where the row does not say.
Frame choice_rows(std::vector<measure::Row> rows);

}  // namespace inferometer::report

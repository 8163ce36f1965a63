/// Lay evaluations out picture by picture, as a long table.
#pragma once

#include <string>
#include <vector>

#include "measure/evaluation_row.h"
#include "report/frame.h"

namespace inferometer::report {

/// Columns of the table `pictures`: the picture's own, then those of its evaluation that say on what and how.
const std::vector<std::string>& picture_columns();

/// One line a picture and evaluation.
Frame picture_frame(const std::vector<measure::AnsweredPictures>& evaluations);

}  // namespace inferometer::report

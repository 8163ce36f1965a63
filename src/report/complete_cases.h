/// Take the rows of a frame that an analysis can use, and say which it cannot.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/chart_names.h"
#include "report/frame.h"

namespace inferometer::report {

struct CompleteCases {
  Frame frame;                         ///< only complete rows
  std::size_t left_out = 0;            ///< rows of the source that are not in `frame`
  std::vector<std::string> sentences;  ///< how many rows are left out and why; "Note: ..." where some are unstable
};

/// Rows with a number in every column of `numeric` and some text in every column of `labels`. Where the frame has a column `verdict`,
/// rows that are "invalid" there are left out as well: their figures must not be believed.
/// Throws Error{input} naming the source when a column is missing or no row remains.
CompleteCases complete_cases(const Frame& frame, const std::vector<std::string>& numeric, const std::vector<std::string>& labels);

/// Of each row, whether its column `origin` says that it is published; all false without one.
std::vector<bool> published_rows(const Frame& frame);

/// A series as one of measured points and one of published ones, which never share a mark; only those that have points.
/// @param published  of each point; as many as points
std::vector<Series> by_origin(const Series& series, const std::vector<bool>& published);

/// The numbers of a column of which every cell holds one. Throws Error{internal} for another, Error{input} for a number (0 apart) whose
/// magnitude lies outside 1e-100 ... 1e100.
std::vector<double> values(const Frame& frame, std::string_view column);

/// The same, as natural logarithms. Throws Error{input} naming the column when a number is not positive.
std::vector<double> logarithms(const Frame& frame, std::string_view column);

/// "1 row", "17 rows".
std::string counted(std::size_t count, std::string_view singular);

}  // namespace inferometer::report

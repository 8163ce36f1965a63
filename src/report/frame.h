/// Hold a long table, one line an observation, for analyses and figures.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "measure/evaluation_row.h"
#include "measure/layer_row.h"
#include "measure/row.h"
#include "train/training_row.h"

namespace inferometer::report {

/// Named columns of equal length. A cell is text as it stands in its source, and a number where that text is one. An empty cell is missing:
/// it has no number, and its text is empty. Value type; threads: as a std::vector.
class Frame {
 public:
  std::string name;  ///< of the source, for messages: a file or "the store"

  std::size_t size() const { return rows_; }
  const std::vector<std::string>& columns() const { return columns_; }
  bool has(std::string_view column) const;

  /// One text a row. Throws Error{input} with the nearest name when there is no such column, here and below.
  const std::vector<std::string>& texts(std::string_view column) const;
  /// One a row: the number that a cell holds; nullopt for an empty cell, for text and for what is not finite.
  const std::vector<std::optional<double>>& numbers(std::string_view column) const;
  /// Whether every cell that is not empty holds a number, and at least one does.
  bool is_numeric(std::string_view column) const;
  /// How many cells hold text that is no number ("x", "Out of Mem.").
  std::size_t text_cells(std::string_view column) const;

  /// Add a column, or replace the one of that name. The first decides the number of rows; another length is Error{internal}.
  void set(const std::string& column, std::vector<std::string> texts);
  void set(const std::string& column, std::vector<std::optional<double>> numbers);
  /// The rows for which keep[i], in order.
  Frame filtered(const std::vector<bool>& keep) const;

 private:
  struct Column {
    std::vector<std::string> texts;
    std::vector<std::optional<double>> numbers;
  };
  const Column& column(std::string_view name) const;

  std::size_t rows_ = 0;
  std::vector<std::string> columns_;  ///< in order of insertion
  std::map<std::string, Column, std::less<>> cells_;
};

/// Cells without the white space at their ends.
Frame frame_of(const CsvTable& table);
/// All columns of Row. Lists are joined by "; ".
Frame frame_of(const std::vector<measure::Row>& rows);
/// Only the columns of Row that are listed: others take memory and time.
Frame frame_of(const std::vector<measure::Row>& rows, const std::set<std::string>& columns);

/// All columns of TrainingRow.
Frame frame_of(const std::vector<train::TrainingRow>& rows);

/// All columns of EvaluationRow.
Frame frame_of(const std::vector<measure::EvaluationRow>& rows);

/// All columns of LayerRow.
Frame frame_of(const std::vector<measure::LayerRow>& rows);

/// Rows of `frame` with the further columns of `other`, by equal texts in all the columns that both have; cells of a row that `other` does
/// not know are empty.
/// Throws Error{input} where no column stands in both, or none else in `other`, or where `other` has two rows for one.
Frame joined(const Frame& frame, const Frame& other);

/// Distinct texts of a column among rows where it is not empty: in order as numbers where all are numbers, else in order of appearance.
std::vector<std::string> levels(const Frame& frame, std::string_view column);

}  // namespace inferometer::report

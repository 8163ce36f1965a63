/// Bring a study's rows into long tables: measured and published ones, its networks, its published tables.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "measure/evaluation_row.h"
#include "measure/layer_row.h"
#include "measure/row.h"
#include "report/frame.h"
#include "report/study_blocks.h"

namespace inferometer::report {

/// Columns that the rows of a study have beside Row's own.
const std::vector<std::string>& added_columns();
/// Columns of the table `networks`.
const std::vector<std::string>& network_columns();

/// What the blocks of a study draw from. Owns its tables.
class StudyRows {
 public:
  /// @param columns  those that the blocks use; others are not kept of the rows. Throws as study_report() does.
  StudyRows(const StudyPlan& plan, const std::vector<measure::Row>& measured, const std::set<std::string>& columns,
            const std::vector<measure::LayerRow>& layers = {}, const std::vector<measure::AnsweredPictures>& pictures = {},
            const std::vector<train::TrainingRow>& trainings = {});

  /// Measured rows first, then published ones, line by line the same as frame(kFromRows).
  const std::vector<measure::Row>& rows() const { return rows_; }
  std::size_t measured_count() const { return measured_count_; }
  /// Throws Error{internal} for a source that the plan does not have.
  const Frame& frame(const std::string& from) const;
  /// "jolibrain/dd_performances, flops and params table": what a published table is; empty for others.
  std::string about(const std::string& from) const;
  /// Whether a source is a table of published figures.
  bool is_published(const std::string& from) const { return !is_source(from); }
  /// One for each published table: its citation, what it holds and under which conditions.
  const std::vector<std::pair<std::string, std::string>>& sources() const { return sources_; }

 private:
  void read_published(const StudyPlan& plan);
  void make_row_frame(const StudyPlan& plan, const std::set<std::string>& columns);
  void make_network_frame(const StudyPlan& plan);
  void add_plan_columns(const StudyPlan& plan, Frame& frame) const;

  struct RowSource {
    std::string citation, timed, data_set;
  };
  std::vector<measure::Row> rows_;
  std::size_t measured_count_ = 0;
  std::vector<RowSource> row_sources_;  ///< of published rows, by published table
  std::vector<std::size_t> source_of_;  ///< of each published row
  std::map<std::string, Frame> frames_;
  std::map<std::string, std::string> about_;
  std::vector<std::pair<std::string, std::string>> sources_;
};

}  // namespace inferometer::report

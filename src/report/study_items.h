/// Make the items of a study's report, block by block.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "report/page.h"
#include "report/study_blocks.h"
#include "report/study_rows.h"

namespace inferometer::report {

/// What all items need to know.
struct ItemContext {
  const StudyPlan& plan;
  const StudyRows& rows;
  std::string place;  ///< "studies/x.toml:12"
};

/// Rows of a frame that agree in some columns.
struct RowPart {
  std::string title;              ///< "torch, input 32 px, measured"; empty when nothing tells parts apart
  std::vector<std::size_t> rows;  ///< indices
  bool published = false;
};
/// Rows that fulfil `where`, split by the columns of `each`, and by origin where the frame has it. In order of first appearance, measured
/// first.
/// Throws Error{input, usage} with the place.
std::vector<RowPart> parts_of(const Frame& frame, const std::string& where, const std::vector<std::string>& each, const std::string& place);

/// Of these rows those whose figures may be believed: they passed, or have no status, and are not invalid.
std::vector<std::size_t> believable_rows(const Frame& frame, const std::vector<std::size_t>& rows);

/// The same error with the place before its message, once.
Error with_place(const Error& error, const std::string& place);

/// A table of `spec` for each value of spec.each, with their titles. Rows as in StudyRows; grids are made for `format` (report/pivot.h).
std::vector<Table> tables_of(const TableSpec& spec, const std::string& from, const StudyRows& rows, const std::string& place,
                             Format format);

std::vector<ReportItem> table_items(const TableSpec& spec, const std::string& from, const ItemContext& context);
std::vector<ReportItem> figure_items(const FigureSpec& spec, const std::string& from, const ItemContext& context);
/// `takeaways` gets the sentences of those that are marked so.
std::vector<ReportItem> analysis_items(const StudyAnalysis& analysis, const std::string& from, const ItemContext& context,
                                       std::vector<std::string>& takeaways);
/// `takeaways` gets the first sentence of each choice where it is marked so.
std::vector<ReportItem> recommend_items(const StudyRecommend& choice, const std::string& from, const ItemContext& context,
                                        std::vector<std::string>& takeaways);
/// Empty when the rows give none: then `missing` says why.
std::vector<std::string> takeaway_sentences(const TakeawaySpec& spec, const std::string& from, const ItemContext& context,
                                            std::string& missing);

/// Append what an analysis found: sentences, tables, charts, each with how it was computed.
void append_result(std::vector<ReportItem>& items, AnalysisResult result, const std::string& computed, const ItemContext& context);

/// The rows of a part as a frame of their own.
Frame frame_part(const Frame& frame, const std::vector<std::size_t>& rows);
/// " Rows where CONDITIONS.", or nothing.
std::string conditions_text(const std::string& where);

/// "Published: ..." or where else a block's rows come from, for people.
std::string origin_text(const std::string& from, const ItemContext& context);
/// What an item without rows says: the reason, and the command that measures.
ReportMissing missing_item(const std::string& title, const std::string& reason, const ItemContext& context);

}  // namespace inferometer::report

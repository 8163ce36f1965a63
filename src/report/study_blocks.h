/// Say what a study's report holds: sections, tables, analyses, figures and sentences, in the order of its file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "report/analysis.h"
#include "report/figure.h"
#include "report/recommend.h"

namespace inferometer::report {

/// Where a block's rows come from: `rows` (measured and published ones together, told apart by the column origin), `networks` (one row
/// for each network of the study's runs: its cost and published accuracy), `layers` (docs/layers.md), `pictures` (one row for each picture
/// of an evaluation that kept its probabilities), `trainings` (one row an epoch, docs/training.md), or the name of a [[published]] table.
inline constexpr std::string_view kFromRows = "rows";
inline constexpr std::string_view kFromNetworks = "networks";
inline constexpr std::string_view kFromLayers = "layers";
inline constexpr std::string_view kFromPictures = "pictures";
inline constexpr std::string_view kFromTrainings = "trainings";

/// [[section]]: what follows belongs to it.
struct SectionSpec {
  std::string title, text;
};

/// [[table]]: a grid of one figure (rows, columns and value), or a list of columns (columns alone).
struct TableSpec {
  std::string title, note;
  std::vector<std::string> rows;     ///< columns whose values go down; empty: a list
  std::vector<std::string> columns;  ///< ... and across; of a list: its columns
  std::string value;                 ///< a numeric column; empty: a list
  std::vector<std::string> each;     ///< one table for each value of these columns
  std::string where;
  std::string sort;       ///< list: a column, descending where it holds numbers
  bool distinct = false;  ///< list: of lines that are alike the first alone
  std::string empty;      ///< what stands in a cell that no row has ("x"); empty: nothing
};

/// [[analysis]].
struct StudyAnalysis {
  AnalysisSpec spec;
  std::string where;
  std::vector<std::string> each;  ///< one analysis for each value of these columns
  bool takeaway = false;          ///< its sentences stand at the top of the report too
};

/// [[recommend]]: the best choice under constraints.
struct StudyRecommend {
  RecommendSpec spec;
  std::string where;
  std::vector<std::string> each;  ///< one choice for each value of these columns
  bool takeaway = false;          ///< each choice, or that there is none, stands at the top of the report too
};

/// [[takeaway]]: sentences computed from rows.
struct TakeawaySpec {
  std::string type;  ///< ratio, correlation, best
  std::string title;
  std::string value;                   ///< the figure that is compared
  std::string column;                  ///< ratio: the column whose two values are compared ...
  std::string numerator, denominator;  ///< ... and these values
  std::vector<std::string> match;      ///< ratio: columns in which the two rows of a pair agree; empty: model
  std::vector<std::string> with;       ///< correlation: columns whose ranks are correlated with those of value
  std::vector<std::string> each;       ///< one sentence for each value of these columns
  std::vector<std::string> name;       ///< best: columns that name the row; empty: model
  bool lowest = false;                 ///< best: the lowest value is
  std::string where;
};

/// [[absent]]: what the original study has and this instrument cannot make yet, and why.
struct AbsentSpec {
  std::string title, reason;
};

using BlockContent = std::variant<SectionSpec, TableSpec, StudyAnalysis, StudyRecommend, FigureSpec, TakeawaySpec, AbsentSpec>;

struct StudyBlock {
  BlockContent content;
  std::string from = std::string(kFromRows);
  std::size_t line = 0;  ///< where it begins in the file
};

/// [[published]]: a table of published figures. One that sources.csv calls a measurement joins the rows; every table can be drawn from by
/// its name.
struct PublishedSpec {
  std::filesystem::path file;  ///< opened by study_report()
  std::string name;            ///< the file's stem when the study gives none
  std::size_t line = 0;
};

/// [[column]]: a column made from another by a list of its values.
struct ColumnSpec {
  std::string name, of;
  std::map<std::string, std::string> values;
  std::string other;  ///< for values that are not listed
  std::size_t line = 0;
};

/// All that a study file says of its report.
struct StudyPlan {
  std::string file;  ///< as it was given, for messages and commands
  std::string name, title, text;
  std::vector<std::string> networks;  ///< of the runs: zoo names and patterns
  std::vector<PublishedSpec> published;
  std::vector<ColumnSpec> columns;
  std::vector<StudyBlock> blocks;  ///< in the order of the file
};

/// The sources that every study has.
inline bool is_source(std::string_view from) {
  return from == kFromRows || from == kFromNetworks || from == kFromLayers || from == kFromPictures || from == kFromTrainings;
}

/// Columns that a block may name, by source; empty when they are known only once the file is read.
std::vector<std::string> known_columns(std::string_view from);

}  // namespace inferometer::report

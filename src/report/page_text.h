/// Compose the text of a report's page. Pure: draws nothing, writes nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/page.h"

namespace inferometer::report {

/// Our style sheet and script of the page. Valid as long as the program runs.
std::string_view page_css();
std::string_view page_js();

/// A table of more lines is shown in part; its files hold all of it.
inline constexpr std::size_t kMostTableLinesInPage = 1000;

/// Make every id fit to be a file name stem and an anchor (letters, digits, - and _; other characters become -), and unlike any other
/// of its kind, also where capitals are not told apart: the second of two alike gets -2. An empty id becomes the words of the title.
Report with_distinct_ids(Report report);

/// In reading order; they live as long as the report.
std::vector<const ReportFigure*> figures_of(const Report& report);

/// What the page needs beside the report.
struct PageParts {
  std::vector<std::string> charts;  ///< chart_json() of each of figures_of()
  std::string_view echarts, chart_script;
  bool figure_files = true, table_files = true;  ///< whether they are there to be linked
};

/// The whole page, one file without any reference to another but its own figures/ and tables/ (downloads, and pictures where
/// scripts are off). `report` has distinct ids. Throws Error{internal} when `parts` has not one chart a figure.
std::string page_text(const Report& report, const PageParts& parts);

}  // namespace inferometer::report

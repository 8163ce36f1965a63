/// Write a report: one HTML page that opens offline, and its tables and figures as files.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "report/chart_names.h"
#include "report/table.h"

namespace inferometer::report {

struct ReportFigure {
  Chart chart;
  std::string computed;  ///< how it was computed: data, formula, source; a paragraph
  std::string command;   ///< what repeats it; may be empty
};

struct ReportTable {
  std::string id;  ///< file name stem and anchor
  Table table;     ///< its title and notes are the caption
  std::string computed, command;
};

/// A paragraph; `warning` for what a reader must not miss.
struct ReportText {
  std::string text;
  bool warning = false;
};

/// Something asked for that is not there, and why: no rows yet, a later version's, an engine that is missing.
struct ReportMissing {
  std::string title, reason;
};

using ReportItem = std::variant<ReportText, ReportTable, ReportFigure, ReportMissing>;

struct ReportSection {
  std::string title;
  std::vector<ReportItem> items;
};

struct Report {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> facts;     ///< platform, engines and versions, settings, dates, rows: name and value
  std::vector<std::pair<std::string, std::size_t>> verdicts;  ///< valid 120, unstable 3, ...
  std::vector<std::string> takeaways;                         ///< computed sentences
  std::vector<ReportSection> sections;
};

/// What was written.
struct ReportFiles {
  std::filesystem::path page;  ///< empty when none was asked for
  std::size_t figures = 0, tables = 0;
  std::uintmax_t page_bytes = 0;
};

struct WriteOptions {
  std::size_t threads = 1;  ///< that draw
  /// What is written. A page alone has no links to files that it does not bring.
  bool page = true, figures = true, tables = true;
  bool (*interrupted)() = nullptr;  ///< asked before each figure, until the first file is written
};

/// Throw the Error{io} that write_report() would, where the folder can be seen to be none, nor to be made: for who has much to do before.
void require_report_folder(const std::filesystem::path& folder);

/// Write DIR/index.html, DIR/figures/ID.{svg,png,pdf[,gif]} and DIR/tables/ID.{csv,md,json,tex}. The folder is made when it is missing;
/// files of the same names are replaced, each at once, the page last, so that a reader never sees a half-written one; other files stay. Ids
/// that are alike get -2, -3. Throws Error{io}; before anything is written Error{interrupted}, and Error{internal} naming the figure that
/// contradicts itself.
ReportFiles write_report(const Report& report, const std::filesystem::path& folder, const WriteOptions& options);

}  // namespace inferometer::report

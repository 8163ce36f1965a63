#include "report/page.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "report/drawing.h"
#include "report/page_text.h"

namespace inferometer::report {
namespace {

struct TableFile {
  Format format;
  const char* extension;
};
constexpr std::array<TableFile, 4> kTableFiles{
    {{Format::csv, "csv"}, {Format::markdown, "md"}, {Format::json, "json"}, {Format::latex, "tex"}}};

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure || !std::filesystem::is_directory(folder)) {
    throw Error(
        ErrorCode::io,
        fmt::format("{}: cannot be made or is no folder: {}", folder.string(), failure ? failure.message() : "a file is in the way"),
        "-o names the folder that the report is written to");
  }
}

void write_table_files(const ReportTable& table, const std::filesystem::path& folder) {
  for (const TableFile& file : kTableFiles) {
    std::ostringstream text;
    write(table.table, file.format, text);
    write_file_atomically(folder / (table.id + "." + file.extension), text.str());
  }
}

/// @return its chart_json()
std::string draw(const Chart& chart, Painter& painter, const std::filesystem::path& folder) {
  const std::string svg = painter.svg(chart);
  write_file_atomically(folder / (chart.id + ".svg"), svg);
  write_file_atomically(folder / (chart.id + ".png"), png_of_svg(svg));
  write_file_atomically(folder / (chart.id + ".pdf"), pdf_of_svg(svg));
  if (chart.animated) write_file_atomically(folder / (chart.id + ".gif"), painter.gif(chart));
  return chart_json(chart);
}

/// Draws the figures on several threads; each takes the next that is left.
class Workshop {
 public:
  Workshop(const std::vector<const ReportFigure*>& figures, const std::filesystem::path& folder)
      : figures_(figures), folder_(folder), charts_(figures.size()) {}

  std::vector<std::string> run(std::size_t threads) {
    std::vector<std::thread> helpers;
    const std::size_t count = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, figures_.size()));
    for (std::size_t i = 1; i < count; ++i) helpers.emplace_back([this] { work(); });
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(charts_);
  }

 private:
  void work() {
    try {
      std::optional<Painter> painter;
      for (std::size_t at = next_++; at < figures_.size() && !failed_; at = next_++) {
        if (!painter) painter.emplace();
        charts_[at] = draw(figures_[at]->chart, *painter, folder_);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
    }
  }

  const std::vector<const ReportFigure*>& figures_;
  const std::filesystem::path& folder_;
  std::vector<std::string> charts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;  ///< the first; guarded by mutex_
};

}  // namespace

ReportFiles write_report(const Report& asked, const std::filesystem::path& folder, std::size_t threads) {
  const Report report = with_distinct_ids(asked);
  ReportFiles files{folder / "index.html"};
  make_folder(folder);

  for (const ReportSection& section : report.sections) {
    for (const ReportItem& item : section.items) {
      const auto* table = std::get_if<ReportTable>(&item);
      if (table == nullptr) continue;
      write_table_files(*table, folder / "tables");
      ++files.tables;
    }
  }

  const std::vector<const ReportFigure*> figures = figures_of(report);
  PageParts parts;
  if (!figures.empty()) {
    parts.charts = Workshop(figures, folder / "figures").run(threads);
    parts.echarts = echarts_script();
    parts.chart_script = chart_script();
  }
  files.figures = figures.size();

  const std::string page = page_text(report, parts);
  write_file_atomically(files.page, page);
  files.page_bytes = page.size();
  return files;
}

}  // namespace inferometer::report

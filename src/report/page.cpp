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
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "charts/drawing.h"
#include "charts/layout.h"
#include "report/page_text.h"

namespace inferometer::report {
namespace {

struct TableFile {
  Format format;
  const char* extension;
};
constexpr std::array<TableFile, 4> kTableFiles{
    {{Format::csv, "csv"}, {Format::markdown, "md"}, {Format::json, "json"}, {Format::latex, "tex"}}};

Error no_folder(const std::filesystem::path& folder, const std::string& cause) {
  return {ErrorCode::io, fmt::format("{}: cannot be made or is no folder: {}", folder.string(), cause),
          "-o names the folder that the report is written to"};
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure || !std::filesystem::is_directory(folder)) throw no_folder(folder, failure ? failure.message() : "a file is in the way");
}

/// The nearest folder above that is there, or what is in its place.
std::filesystem::path nearest_there(std::filesystem::path path) {
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path.empty() ? "." : path;
}

void write_table_files(const ReportTable& table, const std::filesystem::path& folder) {
  for (const TableFile& file : kTableFiles) {
    std::ostringstream text;
    write(table.table, file.format, text);
    write_file_atomically(folder / (table.id + "." + file.extension), text.str());
  }
}

/// A file of a figure, drawn and not yet written.
struct DrawnFile {
  std::string name, content;
};

std::vector<DrawnFile> drawn_files(const Chart& chart, Painter& painter) {
  const std::string svg = painter.svg(chart);
  std::vector<DrawnFile> files{{chart.id + ".svg", svg}, {chart.id + ".png", png_of_svg(svg)}, {chart.id + ".pdf", pdf_of_svg(svg)}};
  if (chart.animated) files.push_back({chart.id + ".gif", painter.gif(chart)});
  return files;
}

void end_if(bool (*interrupted)()) {
  if (interrupted != nullptr && interrupted()) throw Error(ErrorCode::interrupted, "interrupted");
}

/// Does some work on a figure; an error of our own names it.
template <class Work>
void with_figure_named(const ReportFigure& figure, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::internal) throw;
    throw Error(error.code(), fmt::format("figure '{}': {}", figure.chart.id, error.what()), error.hint());
  }
}

void require_drawable(const ReportFigure& figure) {
  with_figure_named(figure, [&] { require_sound(figure.chart); });
}

/// Does a piece of work for every figure on several threads; each takes the next that is left. The first failure ends it.
class Workshop {
 public:
  explicit Workshop(const std::vector<const ReportFigure*>& figures) : figures_(figures) {}

  /// `make_worker` is called in each thread that finds work; what it returns is called with the numbers of figures.
  template <class MakeWorker>
  void run(std::size_t threads, const MakeWorker& make_worker) {
    std::vector<std::thread> helpers;
    const std::size_t count = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, figures_.size()));
    for (std::size_t i = 1; i < count; ++i) helpers.emplace_back([this, &make_worker] { work(make_worker); });
    work(make_worker);
    for (std::thread& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  template <class MakeWorker>
  void work(const MakeWorker& make_worker) {
    try {
      std::size_t at = next_++;
      if (at >= figures_.size()) return;
      auto worker = make_worker();
      for (; at < figures_.size() && !failed_; at = next_++) work_on(at, worker);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
    }
  }

  template <class Worker>
  void work_on(std::size_t at, Worker& worker) const {
    with_figure_named(*figures_[at], [&] { worker(at); });
  }

  const std::vector<const ReportFigure*>& figures_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;  ///< the first; guarded by mutex_
};

std::size_t write_tables(const Report& report, const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const ReportSection& section : report.sections) {
    for (const ReportItem& item : section.items) {
      const auto* table = std::get_if<ReportTable>(&item);
      if (table == nullptr) continue;
      write_table_files(*table, folder);
      ++count;
    }
  }
  return count;
}

/// Files of all figures, one list a figure.
std::vector<std::vector<DrawnFile>> draw_figures(const std::vector<const ReportFigure*>& figures, const WriteOptions& options) {
  std::vector<std::vector<DrawnFile>> drawn(figures.size());
  Workshop(figures).run(options.threads, [&] {
    return [&, painter = Painter()](std::size_t at) mutable {
      end_if(options.interrupted);
      drawn[at] = drawn_files(figures[at]->chart, painter);
    };
  });
  return drawn;
}

PageParts page_parts(const std::vector<const ReportFigure*>& figures, const WriteOptions& options) {
  PageParts parts;
  parts.figure_files = options.figures;
  parts.table_files = options.tables;
  if (figures.empty()) return parts;
  parts.echarts = echarts_script();
  parts.chart_script = chart_script();
  parts.charts.resize(figures.size());
  Workshop(figures).run(options.threads, [&] { return [&](std::size_t at) { parts.charts[at] = chart_json(figures[at]->chart); }; });
  return parts;
}

}  // namespace

void require_report_folder(const std::filesystem::path& folder) {
  const std::filesystem::path there = nearest_there(folder);
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(there, ignored);
  if (is_folder && ::access(there.c_str(), W_OK | X_OK) == 0) return;
  throw no_folder(folder, is_folder ? "permission denied" : "a file is in the way");
}

ReportFiles write_report(const Report& asked, const std::filesystem::path& folder, const WriteOptions& options) {
  const Report report = with_distinct_ids(asked);
  const std::vector<const ReportFigure*> figures = figures_of(report);
  // What can fail because of what the report holds comes before the first file.
  for (const ReportFigure* figure : figures) require_drawable(*figure);
  const std::string page = options.page ? page_text(report, page_parts(figures, options)) : std::string();
  // What takes long too, so that a report that is stopped leaves no part of it.
  std::vector<std::vector<DrawnFile>> drawn;
  if (options.figures) drawn = draw_figures(figures, options);
  end_if(options.interrupted);
  make_folder(folder);
  ReportFiles files;
  if (options.tables) files.tables = write_tables(report, folder / "tables");
  for (const std::vector<DrawnFile>& figure : drawn) {
    for (const DrawnFile& file : figure) write_file_atomically(folder / "figures" / file.name, file.content);
  }
  files.figures = drawn.size();
  if (options.page) {
    files.page = folder / "index.html";
    files.page_bytes = page.size();
    write_file_atomically(files.page, page);
  }
  return files;
}

}  // namespace inferometer::report

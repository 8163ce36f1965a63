#include "cli/load_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/field_cells.h"

namespace inferometer::cli {
namespace {

using store::LoadRow;

std::vector<Cell> cells(const LoadRow& row, const std::vector<std::string>& columns) {
  return report::field_cells(row, columns, [](auto&& visit) { store::for_each_load_field(visit); });
}

/// "a/b" where a service is named, else the address alone.
std::string target_of(const LoadRow& row) { return row.service.empty() ? row.url : row.service; }

}  // namespace

std::string load_label(const LoadRow& row) {
  if (row.loop == "closed") return fmt::format("{} client{}", row.concurrency.value_or(0), row.concurrency == 1 ? "" : "s");
  return fmt::format("{} {}/s", row.loop, rounded_text(row.rate_asked.value_or(0)));
}

Table loads_table(const std::vector<LoadRow>& rows, Format format) {
  Table table;
  if (report::is_for_people(format)) {
    table.columns = {"service",        "loop",           "concurrency",         "rate_asked",     "rate_obtained", "latency_p50_ms",
                     "latency_p90_ms", "latency_p99_ms", "latency_p99_high_ms", "latency_max_ms", "errors",        "purpose",
                     "status",         "verdict"};
  } else {
    table.columns = store::load_columns();
  }
  for (const LoadRow& row : rows) {
    table.rows.push_back(cells(row, table.columns));
    std::vector<std::string> remarks = row.reasons;
    remarks.insert(remarks.end(), row.notes.begin(), row.notes.end());
    for (const std::string& remark : remarks) table.notes.push_back(fmt::format("{} {}: {}", target_of(row), load_label(row), remark));
  }
  return table;
}

Table load_times_table(const std::vector<LoadRow>& rows) {
  Table table;
  table.title = "Where a request's time went: means in ms over the whole run, warm-up included";
  table.columns = {"load", "waiting", "connecting", "transport", "transform", "predict", "unexplained", "together"};
  bool bare = false;
  for (const LoadRow& row : rows) {
    if (!row.wait_ms) continue;
    double sum = 0;
    std::vector<Cell> line{fmt::format("{} {}", target_of(row), load_label(row))};
    for (const auto* part : {&row.wait_ms, &row.connect_ms, &row.transport_ms, &row.transform_ms, &row.predict_ms, &row.unexplained_ms}) {
      sum += part->value_or(0);
      line.push_back(to_cell(*part));
    }
    line.emplace_back(sum);
    bare = bare || !row.transport_ms;
    table.rows.push_back(std::move(line));
  }
  if (bare) table.notes.emplace_back("a server that tells no times of its own leaves all of the answer's time unexplained");
  return table;
}

}  // namespace inferometer::cli

#include "report/rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "report/field_cells.h"

namespace inferometer::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kLegend{
    {{"~", "~ unstable"}, {"?", "? unchecked (outputs not compared)"}, {"!", "! invalid"}, {"x", "x out of memory"}}};

std::vector<Cell> cells(const measure::Row& row, const std::vector<std::string>& columns) {
  return field_cells(row, columns, [](auto&& visit) { measure::for_each_row_field(visit); });
}

/// A column is worth its width for people when it says something that differs from what is usual.
bool worth_showing(const std::string& column, const std::vector<measure::Row>& rows) {
  static const std::vector<std::pair<std::string, std::string>> usual{
      {"engine_settings", ""}, {"source", "measured"}, {"protocol", "default"}};
  for (const auto& [name, text] : usual) {
    if (name != column) continue;
    return std::any_of(rows.begin(), rows.end(), [&name = name, &value = text](const measure::Row& row) {
      const Cell shown = cell(row, name);
      const std::string* content = std::get_if<std::string>(&shown);
      return content != nullptr && *content != value;
    });
  }
  return true;
}

Table people_table(const std::vector<measure::Row>& rows) {
  static const std::vector<std::string> wanted{"model",
                                               "engine",
                                               "engine_settings",
                                               "device",
                                               "precision",
                                               "threads",
                                               "batch",
                                               "protocol",
                                               "source",
                                               "latency_median_ms",
                                               "latency_median_low_ms",
                                               "latency_median_high_ms",
                                               "per_image_ms",
                                               "images_per_s",
                                               "peak_memory_mb",
                                               "status",
                                               "verdict"};
  Table table;
  for (const std::string& column : wanted) {
    if (worth_showing(column, rows)) table.columns.push_back(column);
  }
  for (const measure::Row& row : rows) {
    table.rows.push_back(cells(row, table.columns));
    const std::string why = join(row.reasons.empty() ? row.notes : row.reasons, "; ");
    if (!why.empty() && row.verdict != "valid") {
      table.notes.push_back(fmt::format("{} {} b{}: {}", row.model, row.engine, row.batch ? std::to_string(*row.batch) : "-", why));
    }
  }
  return table;
}

}  // namespace

bool is_numeric_column(std::string_view column) {
  const auto kind = measure::column_kind(column);
  return kind == measure::ColumnKind::integer || kind == measure::ColumnKind::number;
}

Cell cell(const measure::Row& row, const std::string& column) {
  if (!measure::column_kind(column)) {
    const std::vector<std::string>& all = measure::row_columns();
    std::string hint = did_you_mean(column, all);
    throw Error(ErrorCode::usage, fmt::format("a row has no column '{}'", one_line(column, 60)),
                hint.empty() ? "columns: " + join(all, ", ") : hint);
  }
  return cells(row, {column}).front();
}

Table rows_table(const std::vector<measure::Row>& rows, Format format) {
  if (is_for_people(format)) return people_table(rows);
  Table table;
  table.columns = measure::row_columns();
  for (const measure::Row& row : rows) table.rows.push_back(cells(row, table.columns));
  return table;
}

std::string mark(const measure::Row& row) {
  if (row.status == "passed") {
    if (row.verdict == "valid") return "";
    if (row.verdict == "unstable") return "~";
    if (row.verdict == "unchecked") return "?";
    if (row.verdict == "invalid") return "!";
    return "";  // an imported row has no verdict
  }
  const auto out_of_memory = [](const std::string& note) { return note.find("out of memory") != std::string::npos; };
  const bool ran_out =
      row.status == "out_of_memory" || (row.status == "skipped" && (std::any_of(row.notes.begin(), row.notes.end(), out_of_memory) ||
                                                                    std::any_of(row.reasons.begin(), row.reasons.end(), out_of_memory)));
  return ran_out ? "x" : row.status;
}

std::string mark_legend(const std::vector<std::string>& used) {
  std::vector<std::string> parts;
  for (const auto& [sign, meaning] : kLegend) {
    if (std::find(used.begin(), used.end(), sign) != used.end()) parts.emplace_back(meaning);
  }
  return join(parts, ", ");
}

}  // namespace inferometer::report

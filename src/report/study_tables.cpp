#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/frame_grid.h"
#include "report/pivot.h"
#include "report/study_items.h"

namespace inferometer::report {
namespace {

Cell cell_of(const std::string& text, const std::optional<double>& number) {
  if (text.empty()) return {};
  if (const auto integer = parse_integer(text)) return *integer;
  if (number) return *number;
  return text;
}

/// Throws Error{input} with the place for a column that is not there.
void require_columns(const Frame& frame, const std::vector<std::string>& columns, const std::string& place) {
  for (const std::string& column : columns) {
    if (frame.has(column)) continue;
    std::string hint = did_you_mean(column, frame.columns());
    throw Error(ErrorCode::input, fmt::format("{}: {} has no column '{}'", place, frame.name, one_line(column, 60)),
                hint.empty() ? "its columns: " + join(frame.columns(), ", ") : hint);
  }
}

Table list_of(const TableSpec& spec, const Frame& frame, std::vector<std::size_t> rows) {
  if (!spec.sort.empty()) {
    const bool numeric = frame.is_numeric(spec.sort);
    const auto& numbers = frame.numbers(spec.sort);
    const auto& texts = frame.texts(spec.sort);
    std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
      if (!numeric) return texts[a] < texts[b];
      return numbers[a].value_or(-INFINITY) > numbers[b].value_or(-INFINITY);
    });
  }
  Table table;
  table.columns = spec.columns;
  std::set<std::vector<std::string>> seen;
  for (const std::size_t row : rows) {
    std::vector<Cell> cells;
    std::vector<std::string> texts;
    for (const std::string& column : spec.columns) texts.push_back(frame.texts(column)[row]);
    if (spec.distinct && !seen.insert(texts).second) continue;
    for (const std::string& column : spec.columns) cells.push_back(cell_of(frame.texts(column)[row], frame.numbers(column)[row]));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// A table of the report is written for people and for programs alike: what is invalid has its mark and no figure in either.
void blank_invalid(Table& table) {
  for (auto& row : table.rows) {
    for (Cell& cell : row) {
      if (auto* marked = std::get_if<Marked>(&cell); marked != nullptr && marked->mark == "!") marked->value = std::nullopt;
    }
  }
}

Table grid_of(const TableSpec& spec, const std::vector<measure::Row>& rows, Format format) {
  Table table = pivot(rows, {spec.rows, spec.columns, spec.value, ""}, format);
  if (spec.empty.empty()) return table;
  for (auto& row : table.rows) {
    for (Cell& cell : row) {
      if (std::holds_alternative<std::monostate>(cell)) cell = Marked{std::nullopt, spec.empty};
    }
  }
  return table;
}

}  // namespace

std::vector<Table> tables_of(const TableSpec& spec, const std::string& from, const StudyRows& rows, const std::string& place,
                             Format format) {
  const Frame& frame = rows.frame(from);
  std::vector<std::string> used = spec.rows;
  used.insert(used.end(), spec.columns.begin(), spec.columns.end());
  for (const std::string& column : {spec.value, spec.sort}) {
    if (!column.empty()) used.push_back(column);
  }
  require_columns(frame, used, place);
  std::vector<Table> tables;
  for (const RowPart& part : parts_of(frame, spec.where, spec.each, place)) {
    Table table;
    if (spec.value.empty()) {
      table = list_of(spec, frame, part.rows);
    } else {
      const auto& values = frame.numbers(spec.value);
      // A published table of another figure has no value here.
      if (std::none_of(part.rows.begin(), part.rows.end(), [&](std::size_t row) { return values[row].has_value(); })) continue;
      if (from != kFromRows) {
        table = frame_grid(spec, frame, part.rows, {"data", "preprocessing"});
        table.title = part.title.empty() ? spec.title : fmt::format("{} ({})", spec.title, part.title);
        if (!spec.note.empty()) table.notes.push_back(spec.note);
        tables.push_back(std::move(table));
        continue;
      }
      std::vector<measure::Row> chosen;
      for (const std::size_t row : part.rows) chosen.push_back(rows.rows()[row]);
      table = grid_of(spec, chosen, format);
    }
    table.title = part.title.empty() ? spec.title : fmt::format("{} ({})", spec.title, part.title);
    if (!spec.note.empty()) table.notes.push_back(spec.note);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<ReportItem> table_items(const TableSpec& spec, const std::string& from, const ItemContext& context) {
  const std::string computed = origin_text(from, context) + "." + (spec.where.empty() ? "" : fmt::format(" Rows where {}.", spec.where));
  std::vector<ReportItem> items;
  for (Table& table : tables_of(spec, from, context.rows, context.place, Format::table)) {
    blank_invalid(table);
    items.emplace_back(ReportTable{"", std::move(table), computed, ""});
  }
  if (items.empty() && from == kFromPictures) {
    items.emplace_back(
        ReportMissing{spec.title,
                      "no evaluation with probabilities is kept: `inferometer evaluate MODEL --weights FILE --images DIR "
                      "--labels FILE --confidences` keeps one; synthetic weights give none, their probabilities mean nothing"});
  }
  if (items.empty()) items.emplace_back(missing_item(spec.title, "no row has these figures", context));
  return items;
}

}  // namespace inferometer::report

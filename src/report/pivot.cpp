#include "report/pivot.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/rows.h"
#include "report/settings.h"

namespace inferometer::report {
namespace {

/// A value as a label: numbers in full.
std::string label(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&cell)) return exact_text(*number);
  if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) return join(*list, "; ");
  return "-";
}

using Labels = std::vector<std::string>;

Labels labels(const measure::Row& row, const std::vector<std::string>& columns) {
  Labels values;
  for (const std::string& column : columns) values.push_back(label(cell(row, column)));
  return values;
}

/// Which rows share a cell.
using Cells = std::map<std::pair<Labels, Labels>, std::vector<const measure::Row*>>;

Cells gather(const std::vector<measure::Row>& rows, const std::vector<std::string>& down, const std::vector<std::string>& across) {
  Cells cells;
  for (const measure::Row& row : rows) cells[{labels(row, down), labels(row, across)}].push_back(&row);
  return cells;
}

/// The first setting in which rows of one cell differ; nullopt when no cell holds rows that differ.
std::optional<std::string> next_difference(const Cells& cells) {
  for (const std::string& setting : setting_columns()) {
    for (const auto& [key, meeting] : cells) {
      const std::string first = label(cell(*meeting.front(), setting));
      const auto differs = [&](const measure::Row* row) { return label(cell(*row, setting)) != first; };
      if (std::any_of(meeting.begin(), meeting.end(), differs)) return setting;
    }
  }
  return std::nullopt;
}

bool number_before(const Labels& a, const Labels& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return *parse_number(a[i]) < *parse_number(b[i]);
  }
  return false;
}

/// Distinct labels in order of appearance, or as numbers.
std::vector<Labels> ordered(const std::vector<measure::Row>& rows, const std::vector<std::string>& columns) {
  std::vector<Labels> distinct;
  std::set<Labels> seen;
  bool numbers = true;
  for (const measure::Row& row : rows) {
    Labels values = labels(row, columns);
    if (!seen.insert(values).second) continue;
    numbers = numbers && std::all_of(values.begin(), values.end(), [](const std::string& text) { return parse_number(text).has_value(); });
    distinct.push_back(std::move(values));
  }
  if (numbers) std::stable_sort(distinct.begin(), distinct.end(), number_before);
  return distinct;
}

Cell shown(const std::vector<const measure::Row*>& meeting, const std::string& value, Format format) {
  if (meeting.size() > 1) return Marked{std::nullopt, fmt::format("{} rows", meeting.size())};
  const measure::Row& row = *meeting.front();
  const std::string sign = mark(row);
  const Cell content = cell(row, value);
  std::optional<double> number;
  if (const auto* integer = std::get_if<std::int64_t>(&content)) number = static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&content)) number = *real;
  if (row.verdict == "invalid" && !is_for_people(format)) return {};
  // Whole numbers keep every digit: a count of parameters is not rounded.
  if (sign.empty()) return content;
  return Marked{number, sign};
}

}  // namespace

Table pivot(const std::vector<measure::Row>& rows, const PivotRequest& request, Format format) {
  for (const auto* columns : {&request.down, &request.across}) {
    for (const std::string& column : *columns) cell(measure::Row(), column);
  }
  cell(measure::Row(), request.value);
  if (!is_numeric_column(request.value)) {
    throw Error(ErrorCode::usage, fmt::format("the column '{}' holds no numbers", request.value), "per_image_ms is the usual one");
  }

  std::vector<std::string> down = request.down;
  Cells cells = gather(rows, down, request.across);
  while (const std::optional<std::string> setting = next_difference(cells)) {
    down.push_back(*setting);
    cells = gather(rows, down, request.across);
  }

  Table table;
  table.title = request.title;
  table.columns = down;
  const std::vector<Labels> lines = ordered(rows, down), columns = ordered(rows, request.across);
  for (const Labels& column : columns) table.columns.push_back(join(column, " / "));
  std::vector<std::string> used;
  for (const Labels& line : lines) {
    table.rows.emplace_back(line.begin(), line.end());
    for (const Labels& column : columns) {
      const auto found = cells.find({line, column});
      table.rows.back().push_back(found == cells.end() ? Cell() : shown(found->second, request.value, format));
      if (found != cells.end()) used.push_back(mark(*found->second.front()));
    }
  }
  const std::string legend = mark_legend(used);
  table.notes.push_back(request.value + (legend.empty() ? "" : "; " + legend));
  return table;
}

}  // namespace inferometer::report

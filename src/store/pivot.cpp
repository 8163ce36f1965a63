#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "store/query.h"

namespace inferometer::store {
namespace {

using measure::ColumnKind;

/// One part of a label, ordered: numbers as numbers, then text, then what is unknown.
struct LabelPart {
  int rank = 0;
  double number = 0;
  std::string text;
  auto operator<=>(const LabelPart& other) const { return std::tie(rank, number, text) <=> std::tie(other.rank, other.number, other.text); }
  bool operator==(const LabelPart& other) const = default;
};
using Label = std::vector<LabelPart>;

ColumnKind kind_or_throw(const std::string& column) {
  if (const auto kind = measure::column_kind(column)) return *kind;
  throw Error(ErrorCode::usage, fmt::format("there is no column '{}'", column), did_you_mean(column, measure::row_columns()));
}

LabelPart read_part(const Statement& statement, int column, ColumnKind kind) {
  if (statement.is_null(column)) return {2, 0, "null"};
  switch (kind) {
    case ColumnKind::integer: {
      const std::int64_t value = statement.integer(column);
      return {0, static_cast<double>(value), fmt::format("{}", value)};
    }
    case ColumnKind::number: {
      const double value = statement.number(column);
      return {0, value, fmt::format("{}", value)};
    }
    default: {
      std::string text(statement.text(column));
      // Text that reads as a number sorts as one: "8" before "16" wherever it comes from.
      const auto number = parse_number(text);
      return {number ? 0 : 1, number.value_or(0), std::move(text)};
    }
  }
}

std::string text_of(const Label& label) {
  std::vector<std::string> parts;
  for (const LabelPart& part : label) parts.push_back(part.text);
  return join(parts, " / ");
}

/// Labels in order, each with its place.
using Places = std::map<Label, std::size_t>;

std::vector<std::string> number_in_order(Places& places) {
  std::vector<std::string> texts;
  for (auto& [label, place] : places) {
    place = texts.size();
    texts.push_back(text_of(label));
  }
  return texts;
}

}  // namespace

Pivot make_pivot(const Database& database, const Query& query, const std::string& down, const std::vector<std::string>& across,
                 const std::string& value) {
  if (across.empty()) throw Error(ErrorCode::usage, "a pivot needs a column across", "name two columns or more: --pivot model,batch");
  std::vector<std::string> columns{down};
  columns.insert(columns.end(), across.begin(), across.end());
  std::vector<ColumnKind> kinds;
  for (const std::string& column : columns) kinds.push_back(kind_or_throw(column));
  const ColumnKind value_kind = kind_or_throw(value);
  if (value_kind != ColumnKind::integer && value_kind != ColumnKind::number) {
    throw Error(ErrorCode::usage, fmt::format("--value {}: the column does not hold numbers", value),
                "take one that does, such as per_image_ms");
  }
  columns.push_back(value);
  const int value_column = static_cast<int>(kinds.size());

  struct Found {
    Places::iterator row, column;
    std::optional<double> value;
  };
  Places rows, across_labels;
  std::vector<Found> found;
  Statement statement = prepare(database, join(columns, ", "), select(query));
  while (statement.step()) {
    Label label;
    for (int part = 1; part < value_column; ++part) label.push_back(read_part(statement, part, kinds[static_cast<std::size_t>(part)]));
    Found one{rows.try_emplace(Label{read_part(statement, 0, kinds[0])}).first, across_labels.try_emplace(std::move(label)).first, {}};
    if (!statement.is_null(value_column)) one.value = statement.number(value_column);
    found.push_back(one);
  }

  Pivot pivot;
  pivot.rows = number_in_order(rows);
  pivot.columns = number_in_order(across_labels);
  pivot.cells.assign(pivot.rows.size(), std::vector<std::vector<double>>(pivot.columns.size()));
  for (const Found& one : found) {
    if (one.value) pivot.cells[one.row->second][one.column->second].push_back(*one.value);
  }
  return pivot;
}

}  // namespace inferometer::store

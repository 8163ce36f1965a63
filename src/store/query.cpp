#include "store/query.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "measure/evaluation_row.h"
#include "measure/layer_row.h"
#include "measure/row_fields.h"
#include "store/fields.h"

namespace inferometer::store {
namespace {

using measure::ColumnKind;
using nlohmann::json;

/// A comparison as SQL writes it. IS NOT, because a row without a verdict is not `valid` either.
struct ComparisonSql {
  std::string_view comparison;
  std::string_view sql;
};
constexpr std::array<ComparisonSql, 7> kComparisonSql{
    {{"=", "="}, {"!=", "IS NOT"}, {"<", "<"}, {"<=", "<="}, {">", ">"}, {">=", ">="}, {"like", "LIKE"}}};

std::string_view sql_of(std::string_view comparison) {
  for (const auto& [text, sql] : kComparisonSql) {
    if (text == comparison) return sql;
  }
  throw Error(ErrorCode::usage, fmt::format("'{}' is no comparison", comparison), "use = != < <= > >= like");
}

/// What "no value" is in a column of this kind.
std::string null_sql(const std::string& column, ColumnKind kind, bool equal) {
  switch (kind) {
    case ColumnKind::text: return column + (equal ? " = ''" : " <> ''");
    case ColumnKind::list: return column + (equal ? " = '[]'" : " <> '[]'");
    default: return column + (equal ? " IS NULL" : " IS NOT NULL");
  }
}

}  // namespace

const ColumnSet& row_column_set() {
  static const ColumnSet set{measure::row_columns, measure::column_kind};
  return set;
}

const ColumnSet& layer_column_set() {
  static const ColumnSet set{measure::layer_columns, measure::layer_column_kind};
  return set;
}

const ColumnSet& load_column_set() {
  static const ColumnSet set{load_columns, load_column_kind};
  return set;
}

const ColumnSet& training_column_set() {
  static const ColumnSet set{train::training_columns, train::training_column_kind};
  return set;
}

const ColumnSet& evaluation_column_set() {
  static const ColumnSet set{measure::evaluation_columns, measure::evaluation_column_kind};
  return set;
}

void append(Selection& selection, const Condition& condition, const ColumnSet& columns) {
  const std::optional<ColumnKind> kind = columns.kind(condition.column);
  if (!kind) {
    throw Error(ErrorCode::usage, fmt::format("there is no column '{}'", condition.column),
                did_you_mean(condition.column, columns.names()));
  }
  const std::string_view sql = sql_of(condition.comparison);
  if (condition.is_null) {
    selection.sql += " AND " + null_sql(condition.column, *kind, condition.comparison == "=");
    return;
  }
  switch (*kind) {
    case ColumnKind::integer:
    case ColumnKind::number: {
      const auto integer = parse_integer(condition.value);
      const auto number = parse_number(condition.value);
      if (!number)
        throw Error(ErrorCode::usage, fmt::format("'{}' is a number, '{}' is not", condition.column, condition.value),
                    "compare it with a number");
      if (integer)
        selection.values.emplace_back(*integer);
      else
        selection.values.emplace_back(*number);
      selection.sql += fmt::format(" AND {} {} ?", condition.column, sql);
      return;
    }
    case ColumnKind::list: {
      const bool unequal = condition.comparison == "!=";
      selection.values.emplace_back(condition.value);
      selection.sql += fmt::format(" AND {} (SELECT 1 FROM json_each({}) WHERE value {} ?)", unequal ? "NOT EXISTS" : "EXISTS",
                                   condition.column, unequal ? "=" : sql);
      return;
    }
    default: selection.values.emplace_back(condition.value); selection.sql += fmt::format(" AND {} {} ?", condition.column, sql);
  }
}

void append_identities(Selection& selection, const std::vector<std::string>& identities) {
  if (identities.empty()) return;
  selection.sql += " AND identity IN (SELECT value FROM json_each(?))";
  selection.values.emplace_back(json(identities).dump());
}

Selection select(const Query& query) {
  Selection selection;
  selection.sql = "rows WHERE 1";
  std::string chosen;  // within the search for the newest, so that one identity is found without a look at the others
  if (!query.identities.empty()) {
    chosen = "identity IN (SELECT value FROM json_each(?))";
    selection.values.emplace_back(json(query.identities).dump());
  }
  if (query.newest_only) {
    selection.sql += fmt::format(" AND id IN (SELECT max(id) FROM rows WHERE {} GROUP BY identity)", chosen.empty() ? "1" : chosen);
  } else if (!chosen.empty()) {
    selection.sql += " AND " + chosen;
  }
  if (query.source == kMeasured) {
    selection.sql += " AND import_id IS NULL";
  } else if (query.source) {
    selection.sql += " AND import_id IS NOT NULL AND source = ?";
    selection.values.emplace_back(*query.source);
  }
  for (const Condition& condition : query.where) append(selection, condition, row_column_set());
  selection.sql += " ORDER BY id";
  return selection;
}

Statement prepare(const Database& database, const std::string& columns, const Selection& selection) {
  Statement statement = database.prepare(fmt::format("SELECT {} FROM {}", columns, selection.sql));
  int parameter = 0;
  for (const auto& value : selection.values) {
    ++parameter;
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      statement.bind(parameter, *integer);
    else if (const auto* number = std::get_if<double>(&value))
      statement.bind(parameter, *number);
    else
      statement.bind(parameter, std::string_view(std::get<std::string>(value)));
  }
  return statement;
}

const std::string& row_column_list() {
  static const std::string list = join(measure::row_columns(), ", ");
  return list;
}

void bind_row(Statement& statement, int parameter, const measure::Row& row) {
  measure::for_each_row_field([&](const auto& field) { bind_field(statement, parameter++, row.*field.member); });
}

measure::Row read_row(const Statement& statement, int column, const std::string& file) {
  measure::Row row;
  measure::for_each_row_field([&](const auto& field) { read_field(statement, column++, file, row.*field.member); });
  return row;
}

}  // namespace inferometer::store

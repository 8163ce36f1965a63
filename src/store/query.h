/// Turn a Query into SQL with bound values, and rows of the table `rows` into Row and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "measure/row_fields.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace inferometer::store {

/// What stands after FROM, and the values of its parameters in order.
struct Selection {
  std::string sql;  ///< "rows WHERE ... ORDER BY id"
  std::vector<std::variant<std::int64_t, double, std::string>> values;
};

/// Which columns conditions may name, and what they hold.
struct ColumnSet {
  const std::vector<std::string>& (*names)();
  std::optional<measure::ColumnKind> (*kind)(std::string_view name);
};
const ColumnSet& row_column_set();
const ColumnSet& evaluation_column_set();
const ColumnSet& layer_column_set();
const ColumnSet& load_column_set();
const ColumnSet& training_column_set();

/// Add " AND condition" with its values bound. Throws Error{usage} for an unknown column or comparison.
void append(Selection& selection, const Condition& condition, const ColumnSet& columns);
/// Only rows with one of these identities; all of them for an empty list.
void append_identities(Selection& selection, const std::vector<std::string>& identities);

/// Column names come from row_columns() alone, values are never pasted. Throws Error{usage} for a condition that
/// parse_where() would not have made.
Selection select(const Query& query);

/// "SELECT `columns` FROM ..." with the selection's values bound.
Statement prepare(const Database& database, const std::string& columns, const Selection& selection);

/// Row's columns, comma-separated.
const std::string& row_column_list();

/// Bind Row's columns to consecutive parameters, the first being `parameter`.
void bind_row(Statement& statement, int parameter, const measure::Row& row);

/// Read Row's columns, the first being `column`. Throws Error{input} naming `file` when a list is no JSON.
measure::Row read_row(const Statement& statement, int column, const std::string& file);

Pivot make_pivot(const Database& database, const Query& query, const std::string& down, const std::vector<std::string>& across,
                 const std::string& value);

}  // namespace inferometer::store

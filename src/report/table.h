/// Write tables in the formats of --format.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace inferometer::report {

enum class Format : std::uint8_t { table, markdown, csv, json, jsonl, latex };
inline constexpr const char* kFormatNames = "table|markdown|csv|json|jsonl|latex";
std::optional<Format> format(std::string_view name);
/// Formats that people read, in which numbers are rounded; the others keep every bit.
bool is_for_people(Format format);

/// A number that must not be shown to people without its mark ("~" for unstable); programs get the number alone.
struct Marked {
  std::optional<double> value;
  std::string mark;  ///< stands alone where there is no value: "x", "failed"
};

/// monostate is null: unknown or not supported by the data. A double that is no finite number is written as null.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>, Marked>;

inline Cell to_cell(const std::string& value) { return value; }
inline Cell to_cell(const std::vector<std::string>& value) { return value; }
template <class Value>
Cell to_cell(const std::optional<Value>& value) {
  return value ? Cell(*value) : Cell();
}

struct Table {
  std::vector<std::string> columns;     ///< unique names; the keys of JSON
  std::vector<std::vector<Cell>> rows;  ///< each as long as columns
  std::string title;                    ///< above the table, for people only
  std::vector<std::string> notes;       ///< lines below the table, for people only
};

/// What people see of a cell: numbers rounded, marks beside them, lists joined by "; ", one line of UTF-8; `null` where there is
/// nothing to see.
std::string people_text(const Cell& cell, const std::string& null);
/// The finite number that a cell holds, if it is one.
std::optional<double> number_in(const Cell& cell);
/// For each column: whether all it holds is numbers, and at least one. Such a column is set flush right.
std::vector<bool> numeric_columns(const Table& table);
/// Throws Error{internal} for a row of another length than columns.
void require_whole(const Table& table);

/// Write the whole table. JSON: one array of objects, every key in every row, in column order. CSV: RFC 4180 with \n, null
/// is empty, list entries are joined by "; ". LaTeX: a booktabs tabular. Text that is not UTF-8 gets U+FFFD.
/// Throws as require_whole().
void write(const Table& table, Format format, std::ostream& out);

}  // namespace inferometer::report

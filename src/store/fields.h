/// Bind a row's members to SQL and read them back: one pair of functions for each kind of column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite.h"

namespace inferometer::store {

void bind_field(Statement& statement, int parameter, const std::string& value);
void bind_field(Statement& statement, int parameter, const std::vector<std::string>& lines);  ///< as a JSON list
void bind_field(Statement& statement, int parameter, const std::optional<std::string>& value);
void bind_field(Statement& statement, int parameter, const std::optional<std::int64_t>& value);
void bind_field(Statement& statement, int parameter, const std::optional<double>& value);

/// Throw Error{input} naming `file` when a list is no JSON.
void read_field(const Statement& statement, int column, const std::string& file, std::string& out);
void read_field(const Statement& statement, int column, const std::string& file, std::optional<std::string>& out);
void read_field(const Statement& statement, int column, const std::string& file, std::optional<std::int64_t>& out);
void read_field(const Statement& statement, int column, const std::string& file, std::optional<double>& out);
void read_field(const Statement& statement, int column, const std::string& file, std::vector<std::string>& out);

}  // namespace inferometer::store

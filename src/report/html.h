/// Write text and tables as HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "report/table.h"

namespace inferometer::report {

/// Text that is safe between tags and in a quoted attribute. Bytes that are no UTF-8 become U+FFFD, control characters spaces.
std::string html_text(std::string_view text);

/// JSON that is safe inside a script element: no character of it can end the element or begin a comment. It stays the same JSON.
std::string json_in_script(std::string_view json);

/// A script of ours or of a library that is safe inside a script element. Throws Error{internal} for one that cannot be made so.
std::string script_in_page(std::string_view script);

/// A table element with caption, header and body; columns of numbers have the class "n". A number that is shown rounded has the exact one
/// in data-v, for sorting. The first column names its line (th scope=row) where it holds text.
/// @param most_rows  lines after that many are left out; the caller says so
/// Throws as require_whole().
std::string html_table(const Table& table, std::string_view caption, std::size_t most_rows);

}  // namespace inferometer::report

#include "report/html.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::report {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

std::string body_cell(const Cell& cell, bool numeric) {
  const std::string text = people_text(cell, "");
  const std::optional<double> number = number_in(cell);
  std::string exact;
  if (number) exact = exact_text(*number);
  return fmt::format("<td{}{}>{}</td>", numeric ? " class=n" : "",
                     number && exact != text ? fmt::format(" data-v=\"{}\"", exact) : std::string(), html_text(text));
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : to_utf8(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return escaped;
}

std::string json_in_script(std::string_view json) {
  // In JSON, < stands in strings alone; there the escape means the same.
  std::string safe(json);
  replace_all(safe, "<", "\\u003c");
  return safe;
}

std::string script_in_page(std::string_view script) {
  std::string safe(script);
  // In a string or a regular expression of a script, <\/ means </ ; elsewhere a script cannot hold it.
  replace_all(safe, "</script", "<\\/script");
  if (safe.find("<!--") != std::string::npos || lower(safe).find("</script") != std::string::npos) {
    throw Error(ErrorCode::internal, "a script of the page holds text that would end its element");
  }
  return safe;
}

std::string html_table(const Table& table, std::string_view caption, std::size_t most_rows) {
  require_whole(table);
  const std::vector<bool> numeric = numeric_columns(table);
  std::string html = fmt::format("<table>\n<caption>{}</caption>\n<thead><tr>", caption);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    html += fmt::format("<th scope=col{}>{}</th>", numeric[i] ? " class=n" : "", html_text(table.columns[i]));
  }
  html += "</tr></thead>\n<tbody>\n";
  const std::size_t lines = std::min(most_rows, table.rows.size());
  for (std::size_t line = 0; line < lines; ++line) {
    html += "<tr>";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const Cell& cell = table.rows[line][i];
      const bool names_line = i == 0 && !numeric[0];
      html += names_line ? fmt::format("<th scope=row>{}</th>", html_text(people_text(cell, ""))) : body_cell(cell, numeric[i]);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

}  // namespace inferometer::report

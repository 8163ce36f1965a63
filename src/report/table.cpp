#include "report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"

namespace inferometer::report {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 6> kFormats{{{"table", Format::table},
                                                                       {"markdown", Format::markdown},
                                                                       {"csv", Format::csv},
                                                                       {"json", Format::json},
                                                                       {"jsonl", Format::jsonl},
                                                                       {"latex", Format::latex}}};

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

constexpr std::size_t kNoCut = std::size_t{1} << 30;

nlohmann::ordered_json json_value(const Cell& cell) {
  const auto number = [](double value) -> nlohmann::ordered_json {
    if (!std::isfinite(value)) return nullptr;
    return value;
  };
  return std::visit(Overloaded{
                        [](std::monostate) -> nlohmann::ordered_json { return nullptr; },
                        [](bool value) -> nlohmann::ordered_json { return value; },
                        [](std::int64_t value) -> nlohmann::ordered_json { return value; },
                        [&](double value) { return number(value); },
                        [](const std::string& value) -> nlohmann::ordered_json { return to_utf8(value); },
                        [](const std::vector<std::string>& value) {
                          nlohmann::ordered_json list = nlohmann::ordered_json::array();
                          for (const std::string& part : value) list.push_back(to_utf8(part));
                          return list;
                        },
                        [&](const Marked& value) -> nlohmann::ordered_json {
                          return value.value ? number(*value.value) : nlohmann::ordered_json(nullptr);
                        },
                    },
                    cell);
}

bool is_numeric(const Cell& cell) {
  return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell) || std::holds_alternative<Marked>(cell);
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Header and cells as text, with the width that each column needs.
struct Grid {
  std::vector<std::vector<std::string>> lines;  ///< the first is the header
  std::vector<std::size_t> widths;
};

template <class Escape>
Grid make_grid(const Table& table, const std::string& null, Escape&& escape, std::size_t least_width) {
  Grid grid;
  grid.lines.emplace_back();
  for (const std::string& name : table.columns) grid.lines.back().push_back(escape(one_line(to_utf8(name), kNoCut)));
  for (const auto& row : table.rows) {
    grid.lines.emplace_back();
    for (const Cell& cell : row) grid.lines.back().push_back(escape(people_text(cell, null)));
  }
  grid.widths.assign(table.columns.size(), least_width);
  for (const auto& line : grid.lines) {
    for (std::size_t i = 0; i < line.size(); ++i) grid.widths[i] = std::max(grid.widths[i], display_width(line[i]));
  }
  return grid;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - display_width(text), ' ');
  return right ? space + text : text + space;
}

std::string joined_line(const std::vector<std::string>& line, const Grid& grid, const std::vector<bool>& numeric,
                        std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i != 0) text += separator;
    text += padded(line[i], grid.widths[i], numeric[i]);
  }
  return text;
}

void write_plain(const Table& table, std::ostream& out) {
  const auto numeric = numeric_columns(table);
  const Grid grid = make_grid(
      table, "-", [](std::string text) { return text; }, 1);
  if (!table.title.empty()) out << one_line(to_utf8(table.title), kNoCut) << "\n";
  for (const auto& line : grid.lines) {
    std::string text = joined_line(line, grid, numeric, "  ");
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  }
  for (const std::string& note : table.notes) out << one_line(to_utf8(note), kNoCut) << "\n";
}

std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '*' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void write_markdown(const Table& table, std::ostream& out) {
  const auto numeric = numeric_columns(table);
  const Grid grid = make_grid(table, "", escape_markdown, 3);
  if (!table.title.empty()) out << "**" << escape_markdown(one_line(to_utf8(table.title), kNoCut)) << "**\n\n";
  for (std::size_t i = 0; i < grid.lines.size(); ++i) {
    out << "| " << joined_line(grid.lines[i], grid, numeric, " | ") << " |\n";
    if (i != 0) continue;
    out << '|';
    for (std::size_t column = 0; column < numeric.size(); ++column) {
      out << ' ' << std::string(grid.widths[column] - 1, '-') << (numeric[column] ? ':' : '-') << " |";
    }
    out << '\n';
  }
  for (const std::string& note : table.notes) out << '\n' << escape_markdown(one_line(to_utf8(note), kNoCut)) << '\n';
}

std::string escape_latex(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "\\textless{}"; break;
      case '>': escaped += "\\textgreater{}"; break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}': escaped += '\\'; [[fallthrough]];
      default: escaped += c;
    }
  }
  return escaped;
}

void write_latex(const Table& table, std::ostream& out) {
  const auto numeric = numeric_columns(table);
  const Grid grid = make_grid(table, "--", escape_latex, 1);
  if (!table.title.empty()) out << "% " << one_line(to_utf8(table.title), kNoCut) << "\n";
  out << "\\begin{tabular}{";
  for (const bool right : numeric) out << (right ? 'r' : 'l');
  out << "}\n\\toprule\n";
  for (std::size_t i = 0; i < grid.lines.size(); ++i) {
    out << joined_line(grid.lines[i], grid, numeric, " & ") << " \\\\\n";
    if (i == 0) out << "\\midrule\n";
  }
  out << "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : table.notes) out << "% " << one_line(to_utf8(note), kNoCut) << "\n";
}

std::string csv_text(const Cell& cell) {
  const auto number = [](double value) { return std::isfinite(value) ? exact_text(value) : std::string(); };
  return std::visit(Overloaded{
                        [](std::monostate) { return std::string(); },
                        [](bool value) { return std::string(value ? "true" : "false"); },
                        [](std::int64_t value) { return fmt::format("{}", value); },
                        [&](double value) { return number(value); },
                        [](const std::string& value) { return csv_field(to_utf8(value)); },
                        [](const std::vector<std::string>& value) { return csv_field(to_utf8(join(value, "; "))); },
                        [&](const Marked& value) { return value.value ? number(*value.value) : std::string(); },
                    },
                    cell);
}

void write_csv(const Table& table, std::ostream& out) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) out << (i == 0 ? "" : ",") << csv_field(to_utf8(table.columns[i]));
  out << '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out << (i == 0 ? "" : ",") << csv_text(row[i]);
    out << '\n';
  }
}

std::string json_object(const Table& table, const std::vector<Cell>& row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < row.size(); ++i) object[to_utf8(table.columns[i])] = json_value(row[i]);
  return object.dump();
}

void write_json(const Table& table, std::ostream& out) {
  out << '[';
  for (std::size_t i = 0; i < table.rows.size(); ++i) out << (i == 0 ? "\n" : ",\n") << json_object(table, table.rows[i]);
  out << (table.rows.empty() ? "]\n" : "\n]\n");
}

void write_jsonl(const Table& table, std::ostream& out) {
  for (const auto& row : table.rows) out << json_object(table, row) << '\n';
}

}  // namespace

std::optional<Format> format(std::string_view name) {
  for (const auto& [text, value] : kFormats) {
    if (text == name) return value;
  }
  return std::nullopt;
}

bool is_for_people(Format format) { return format == Format::table || format == Format::markdown || format == Format::latex; }

std::string people_text(const Cell& cell, const std::string& null) {
  return std::visit(
      Overloaded{
          [&](std::monostate) { return null; },
          [](bool value) { return std::string(value ? "yes" : "no"); },
          [](std::int64_t value) { return fmt::format("{}", value); },
          [&](double value) { return std::isfinite(value) ? rounded_text(value) : null; },
          [](const std::string& value) { return one_line(to_utf8(value), kNoCut); },
          [&](const std::vector<std::string>& value) { return value.empty() ? null : one_line(to_utf8(join(value, "; ")), kNoCut); },
          [&](const Marked& value) {
            const bool finite = value.value && std::isfinite(*value.value);
            if (!finite) return value.mark.empty() ? null : value.mark;
            return rounded_text(*value.value) + value.mark;
          },
      },
      cell);
}

std::optional<double> number_in(const Cell& cell) {
  std::optional<double> number;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) number = static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&cell)) number = *real;
  if (const auto* marked = std::get_if<Marked>(&cell)) number = marked->value;
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::vector<bool> numeric_columns(const Table& table) {
  std::vector<bool> numeric(table.columns.size());
  for (std::size_t column = 0; column < numeric.size(); ++column) {
    bool some = false, all = true;
    for (const auto& row : table.rows) {
      some = some || is_numeric(row[column]);
      all = all && (is_numeric(row[column]) || std::holds_alternative<std::monostate>(row[column]));
    }
    numeric[column] = some && all;
  }
  return numeric;
}

void require_whole(const Table& table) {
  for (const auto& row : table.rows) {
    if (row.size() != table.columns.size()) {
      throw Error(ErrorCode::internal, fmt::format("a table row has {} cells for {} columns", row.size(), table.columns.size()));
    }
  }
}

void write(const Table& table, Format format, std::ostream& out) {
  require_whole(table);
  switch (format) {
    case Format::table: return write_plain(table, out);
    case Format::markdown: return write_markdown(table, out);
    case Format::csv: return write_csv(table, out);
    case Format::json: return write_json(table, out);
    case Format::jsonl: return write_jsonl(table, out);
    case Format::latex: return write_latex(table, out);
  }
}

}  // namespace inferometer::report

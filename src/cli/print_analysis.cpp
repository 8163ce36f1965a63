#include "cli/print_analysis.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::cli {
namespace {

/// A terminal is no place for the 741 pairs of 39 networks; the other formats hold all of them.
constexpr std::size_t kMostLines = 60;

Table shortened(const Table& table) {
  if (table.rows.size() <= kMostLines) return table;
  Table first = table;
  first.rows.resize(kMostLines);
  first.notes.insert(first.notes.begin(),
                     fmt::format("... and {} more lines: --format csv, markdown or json has all.", table.rows.size() - kMostLines));
  return first;
}

}  // namespace

void print(const report::AnalysisResult& result, const Context& context) {
  const Format format = context.format();
  if (format == Format::json || format == Format::jsonl) {
    context.out << result.json << '\n';
    return;
  }
  bool first = true;
  if (format == Format::table && (result.tables.empty() || result.tables.front().title != result.title)) {
    context.out << result.title << '\n';
    first = false;
  }
  for (const Table& table : result.tables) {
    if (!first) context.out << '\n';
    first = false;
    report::write(format == Format::table ? shortened(table) : table, format, context.out);
  }
  if (format != Format::table || result.sentences.empty()) return;
  context.out << '\n';
  for (const std::string& sentence : result.sentences) context.out << one_line(to_utf8(sentence), 2000) << '\n';
}

}  // namespace inferometer::cli

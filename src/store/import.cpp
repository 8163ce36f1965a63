#include "store/import.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "measure/start.h"
#include "store/import_cells.h"
#include "store/published.h"

namespace inferometer::store {
namespace {

constexpr std::array<std::string_view, 4> kVerdicts{"valid", "unstable", "unchecked", "invalid"};

/// What each of the file's columns fills: a column of Row, or "" for the notes.
using Targets = std::vector<std::string>;

std::string columns_of(const CsvTable& table) { return "its columns are " + one_line(join(table.header, ", ")); }

Targets targets_of(const CsvTable& table, const ImportOptions& options) {
  Targets targets(table.header.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    // The source of a file that another inferometer wrote is that machine's; here it becomes a note.
    if (table.header[i] != "source" && measure::column_kind(table.header[i])) targets[i] = table.header[i];
  }
  std::set<std::size_t> mapped;
  for (const auto& [column, title] : options.columns) {
    if (!measure::column_kind(column) || column == "source") {
      throw Error(ErrorCode::usage, fmt::format("--map {}={}: '{}' is no column that an import can fill", column, title, column),
                  did_you_mean(column, measure::row_columns()));
    }
    const auto place = table.column(title);
    if (!place) {
      throw Error(ErrorCode::usage, fmt::format("--map {}={}: {} has no column '{}'", column, title, table.name, title), columns_of(table));
    }
    if (!mapped.insert(*place).second) {
      throw Error(ErrorCode::usage, fmt::format("--map {}={}: the column '{}' is mapped twice", column, title, title),
                  "a column of the file fills one column of a row");
    }
    if (title != column && table.column(column)) {
      throw Error(ErrorCode::usage, fmt::format("--map {}={}: {} has a column '{}' of its own", column, title, table.name, column),
                  "leave the mapping out, or rename one of the two columns");
    }
    targets[*place] = column;
  }
  return targets;
}

void require_meaning(const CsvTable& table, const Targets& targets) {
  const std::string columns = columns_of(table) + "; `import` takes other names with --map, e.g. --map per_image_ms=ms_per_image";
  if (std::find(targets.begin(), targets.end(), "model") == targets.end()) {
    throw Error(ErrorCode::input, fmt::format("{} has no column 'model'", table.name), columns);
  }
  if (std::none_of(targets.begin(), targets.end(), [](const std::string& target) { return is_figure(target); })) {
    throw Error(ErrorCode::input, fmt::format("{} has no column with a time, a rate or a memory", table.name), columns);
  }
}

void check_words(const measure::Row& row, const std::string& place) {
  if (!measure::status(row.status)) {
    throw Error(ErrorCode::input, fmt::format("{}: '{}' is no status", place, one_line(row.status, 60)),
                "use passed, skipped, unsupported, failed, out_of_memory or timed_out");
  }
  if (row.verdict && std::find(kVerdicts.begin(), kVerdicts.end(), *row.verdict) == kVerdicts.end()) {
    throw Error(ErrorCode::input, fmt::format("{}: '{}' is no verdict", place, one_line(*row.verdict, 60)),
                "use valid, unstable, unchecked or invalid");
  }
}

/// nullopt when the line says nothing: no figure, no status.
std::optional<measure::Row> read_line(const CsvTable& table, std::size_t line, const Targets& targets) {
  const std::string place = table.place(line);
  measure::Row row;
  bool has_figure = false, out_of_memory = false;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string_view cell = trim(table.rows[line][i]);
    if (cell.empty()) continue;
    if (targets[i].empty()) {
      row.notes.push_back(fmt::format("{}={}", table.header[i], cell));
    } else if (is_figure(targets[i]) && says_out_of_memory(cell)) {
      out_of_memory = true;
    } else {
      has_figure = has_figure || is_figure(targets[i]);
      set_cell(row, targets[i], cell, place);
    }
  }
  for (const auto& [column, value] : {std::pair("per_image_ms", row.per_image_ms), std::pair("images_per_s", row.images_per_s)}) {
    if (value && *value <= 0) {
      throw Error(ErrorCode::input, fmt::format("{}: {} is {}, which is not above 0", place, column, *value),
                  "correct it, or take the line out");
    }
  }
  if (!has_figure && !out_of_memory && row.status.empty()) return std::nullopt;
  if (row.model.empty()) throw Error(ErrorCode::input, fmt::format("{}: the model has no name", place), "name it, or take the line out");
  if (row.status.empty()) row.status = out_of_memory ? "out_of_memory" : "passed";
  check_words(row, place);
  return row;
}

}  // namespace

ImportedFile read_import(const std::filesystem::path& file, const ImportOptions& options) {
  const CsvTable table = read_csv(file);
  if (const auto source = published_source(file)) {
    if (!options.columns.empty() || !options.source.empty()) {
      throw Error(ErrorCode::usage, fmt::format("{} is listed in the sources.csv beside it, which says what its columns are", table.name),
                  "leave --map and the source out, or copy the file elsewhere to import it on your own terms");
    }
    return read_published(table, *source, file.parent_path());
  }
  const Targets targets = targets_of(table, options);
  require_meaning(table, targets);

  ImportedFile imported;
  imported.source = options.source.empty() ? file.filename().string() : options.source;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].empty()) imported.noted_columns.push_back(table.header[i]);
  }
  for (std::size_t line = 0; line < table.rows.size(); ++line) {
    std::optional<measure::Row> row = read_line(table, line, targets);
    if (!row) {
      ++imported.left_out;
      continue;
    }
    row->source = imported.source;
    imported.rows.push_back(std::move(*row));
  }
  if (imported.rows.empty())
    throw Error(ErrorCode::input, fmt::format("{} has no line with a figure", table.name),
                "every line's figures are empty: is it the right file?");
  imported.conditions_json = nlohmann::json{{"file", file.filename().string()}, {"columns", options.columns}}.dump();
  return imported;
}

ImportOutcome import_file(Store& store, const std::filesystem::path& file, const ImportOptions& options) {
  ImportOutcome outcome{read_import(file, options), 0};
  outcome.inserted = store.import_rows(outcome.file.rows, outcome.file.source, outcome.file.conditions_json);
  return outcome;
}

}  // namespace inferometer::store

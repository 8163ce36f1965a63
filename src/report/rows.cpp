#include "report/rows.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "report/column_titles.h"
#include "report/field_cells.h"
#include "report/frame.h"
#include "report/telling_apart.h"

namespace inferometer::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kLegend{
    {{"~", "~ unstable"}, {"?", "? unchecked (outputs not compared)"}, {"!", "! invalid"}, {"x", "x out of memory"}}};

std::vector<Cell> cells(const measure::Row& row, const std::vector<std::string>& columns) {
  return field_cells(row, columns, [](auto&& visit) { measure::for_each_row_field(visit); });
}

constexpr const char* kAlways = "\n";

/// Columns that say how a row was measured; of those with a text beside them people see only what differs from it, because that is usual.
const std::vector<std::pair<std::string, std::string>>& identity_columns() {
  static const std::vector<std::pair<std::string, std::string>> columns{
      {"model", kAlways},     {"engine", kAlways},  {"engine_settings", ""}, {"device", kAlways},
      {"precision", kAlways}, {"threads", kAlways}, {"batch", kAlways},      {"mode", "latency"},
      {"streams", "1"},       {"requests", "1"},    {"protocol", "default"}, {"source", "measured"}};
  return columns;
}

bool worth_showing(const std::vector<std::string>& texts, const std::string& usual) {
  return usual == kAlways ||
         std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return !text.empty() && text != usual; });
}

/// What people are told of each row, and what tells rows apart.
class PeopleRows {
 public:
  explicit PeopleRows(const std::vector<measure::Row>& rows)
      : frame_(frame_of(rows, {setting_columns().begin(), setting_columns().end()})), all_(rows.size()) {
    std::iota(all_.begin(), all_.end(), std::size_t{0});
  }

  /// The columns of the settings: those that are always there, the unusual, and in which other settings lines would differ unseen.
  std::vector<std::string> columns() const {
    std::vector<std::string> shown;
    for (const auto& [column, usual] : identity_columns()) {
      if (worth_showing(frame_.texts(column), usual)) shown.push_back(column);
    }
    return with_telling(all_, std::move(shown));
  }

  /// "resnet18 onnxruntime b4", and in parentheses the other settings in which rows of that name differ.
  std::vector<std::string> names() const {
    const std::vector<std::string> place{"model", "engine", "batch"};
    std::map<std::vector<std::string>, std::vector<std::size_t>> alike;
    for (const std::size_t row : all_) alike[{text("model", row), text("engine", row), text("batch", row)}].push_back(row);
    std::vector<std::string> names(all_.size());
    for (const auto& [key, rows] : alike) {
      std::vector<std::string> telling = with_telling(rows, place);
      telling.erase(telling.begin(), telling.begin() + static_cast<std::ptrdiff_t>(place.size()));
      for (const std::size_t row : rows) {
        std::vector<std::string> values;
        for (const std::string& column : telling) values.push_back(value_title(column, shown_setting(column, text(column, row))));
        std::erase(values, "");
        names[row] = fmt::format("{} {} b{}{}", key[0], key[1], key[2].empty() ? "-" : key[2],
                                 values.empty() ? "" : fmt::format(" ({})", join(values, ", ")));
      }
    }
    return names;
  }

  /// Whether lines that look alike were made by different commands.
  bool hide_commands(const std::vector<std::string>& shown) const {
    std::vector<std::string> settings = shown;
    std::erase(settings, "started_at");
    return differ_in(frame_, all_, settings, "repro");
  }

 private:
  const std::string& text(const std::string& column, std::size_t row) const { return frame_.texts(column)[row]; }

  /// Of rows that are alike in every setting the time of day says which is which.
  std::vector<std::string> with_telling(const std::vector<std::size_t>& rows, std::vector<std::string> columns) const {
    columns = telling_apart(frame_, rows, {}, std::move(columns));
    if (differ_in(frame_, rows, columns, "started_at")) columns.emplace_back("started_at");
    return columns;
  }

  Frame frame_;
  std::vector<std::size_t> all_;
};

Table people_table(const std::vector<measure::Row>& rows) {
  const PeopleRows people(rows);
  Table table;
  const std::vector<std::string> settings = people.columns();
  table.columns = settings;
  for (const char* column : {"latency_median_ms", "latency_median_low_ms", "latency_median_high_ms", "per_image_ms", "images_per_s",
                             "peak_memory_mb", "status", "verdict"}) {
    table.columns.emplace_back(column);
  }
  const std::vector<std::string> names = people.names();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const measure::Row& row = rows[i];
    table.rows.push_back(cells(row, table.columns));
    const std::string why = join(row.reasons.empty() ? row.notes : row.reasons, "; ");
    if (!why.empty() && row.verdict != "valid") table.notes.push_back(fmt::format("{}: {}", names[i], why));
  }
  shorten_hashes(table);
  if (people.hide_commands(settings)) {
    table.notes.emplace_back(
        "lines that are alike in all that is shown of them were measured by different commands: `repro` in --format json");
  }
  return table;
}

}  // namespace

bool is_numeric_column(std::string_view column) {
  const auto kind = measure::column_kind(column);
  return kind == measure::ColumnKind::integer || kind == measure::ColumnKind::number;
}

Cell cell(const measure::Row& row, const std::string& column) {
  if (!measure::column_kind(column)) {
    const std::vector<std::string>& all = measure::row_columns();
    std::string hint = did_you_mean(column, all);
    throw Error(ErrorCode::usage, fmt::format("a row has no column '{}'", one_line(column, 60)),
                hint.empty() ? "columns: " + join(all, ", ") : hint);
  }
  return cells(row, {column}).front();
}

Table rows_table(const std::vector<measure::Row>& rows, Format format) {
  if (is_for_people(format)) return people_table(rows);
  Table table;
  table.columns = measure::row_columns();
  for (const measure::Row& row : rows) table.rows.push_back(cells(row, table.columns));
  return table;
}

std::string mark(const measure::Row& row) {
  if (row.status == "passed") {
    if (row.verdict == "valid") return "";
    if (row.verdict == "unstable") return "~";
    if (row.verdict == "unchecked") return "?";
    if (row.verdict == "invalid") return "!";
    return "";  // an imported row has no verdict
  }
  const auto out_of_memory = [](const std::string& note) { return note.find("out of memory") != std::string::npos; };
  const bool ran_out =
      row.status == "out_of_memory" || (row.status == "skipped" && (std::any_of(row.notes.begin(), row.notes.end(), out_of_memory) ||
                                                                    std::any_of(row.reasons.begin(), row.reasons.end(), out_of_memory)));
  return ran_out ? "x" : row.status;
}

std::string mark_legend(const std::vector<std::string>& used) {
  std::vector<std::string> parts;
  for (const auto& [sign, meaning] : kLegend) {
    if (std::find(used.begin(), used.end(), sign) != used.end()) parts.emplace_back(meaning);
  }
  return join(parts, ", ");
}

}  // namespace inferometer::report

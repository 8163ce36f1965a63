#include "report/layer_tables.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/field_cells.h"
#include "report/telling_apart.h"

namespace inferometer::report {
namespace {

using measure::LayerRow;

constexpr auto kFields = [](auto&& visit) { measure::for_each_layer_field(visit); };

Cell cell(const LayerRow& row, const std::string& column) { return field_cells(row, {column}, kFields).front(); }

std::string text_of(const LayerRow& row, const std::string& column) { return people_text(cell(row, column), "null"); }

/// What tells profiles apart, the model aside.
const std::vector<std::string>& settings() {
  static const std::vector<std::string> columns{"engine",  "engine_settings", "device",       "precision",
                                                "threads", "batch",           "input_height", "platform"};
  return columns;
}

std::string profile_name(const LayerRow& row) {
  return fmt::format("{} {}{}{} {} b{} t{}", row.model, row.engine, row.engine_settings.empty() ? "" : ":", row.engine_settings,
                     row.precision, row.batch.value_or(0), row.threads.value_or(0));
}

/// "resnet18 onnxruntime fp32 b1 t1: 97.9 % of 12.3 ms are layers (median of 81 profiled requests); 41 executed, 20 fused".
std::string summary_of(const LayerRow& row, const std::map<std::string, int>& outcomes) {
  std::string counts;
  for (const auto& [outcome, count] : outcomes) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, outcome);
  const std::string requests =
      fmt::format("{} ms ({} of {} profiled requests)", rounded_text(row.total_us.value_or(0) * 1e-3), row.statistic, row.runs.value_or(0));
  const std::string name = profile_name(row);
  if (!row.layers_us || row.total_us.value_or(0) <= 0)
    return fmt::format("{}: the engine tells no layer's time; {}; {}", name, requests, counts);
  return fmt::format("{}: layers make {:.1f} % of {}; {}", name, 100 * *row.layers_us / *row.total_us, requests, counts);
}

/// The name of a line of a pivot.
std::string down_label(const LayerRow& row, const std::string& down) {
  if (row.layer.empty()) return fmt::format("({})", row.engine_operator);
  return down == "layer" ? row.layer : row.op;
}

/// Which settings differ, beyond those that are asked for.
std::vector<std::string> telling_columns(const std::vector<LayerRow>& rows, std::vector<std::string> across) {
  for (const std::string& column : settings()) {
    if (std::find(across.begin(), across.end(), column) != across.end()) continue;
    std::set<std::string> values;
    for (const LayerRow& row : rows) values.insert(text_of(row, column));
    if (values.size() > 1) across.push_back(column);
  }
  return across;
}

/// Columns of the settings in a list of layers: model, engine, and those in which lines of one layer differ.
std::vector<std::string> shown_settings(const std::vector<LayerRow>& rows) {
  const Frame frame = frame_of(rows);
  std::vector<std::size_t> all(rows.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return telling_apart(frame, all, {"layer", "engine_layer", "mapping"}, {"model", "engine"}, settings());
}

struct Sum {
  std::optional<double> value;
  std::string outcome;  ///< of the first line
};

/// Labels in order of first appearance.
std::size_t index_of(std::vector<std::string>& labels, const std::string& label) {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found != labels.end()) return static_cast<std::size_t>(found - labels.begin());
  labels.push_back(label);
  return labels.size() - 1;
}

void check(const std::string& down, const std::vector<std::string>& across, const std::string& value) {
  if (down != "layer" && down != "operator")
    throw Error(ErrorCode::usage, fmt::format("--pivot: layers go down by layer or operator, not by '{}'", one_line(down, 60)),
                "for example --pivot layer,engine");
  for (const std::string& column : across) {
    if (!measure::layer_column_kind(column))
      throw Error(ErrorCode::usage, fmt::format("--pivot: a layer has no column '{}'", one_line(column, 60)),
                  did_you_mean(column, measure::layer_columns()));
  }
  static const std::vector<std::string> summed{"time_us", "share_ratio", "macs"};
  if (std::find(summed.begin(), summed.end(), value) == summed.end())
    throw Error(ErrorCode::usage, fmt::format("--value: '{}' of several layers cannot be added up", one_line(value, 60)),
                "known: " + join(summed, ", "));
}

}  // namespace

Table layers_table(const std::vector<LayerRow>& rows, Format format) {
  Table table;
  if (!is_for_people(format)) {
    table.columns = measure::layer_columns();
    for (const LayerRow& row : rows) table.rows.push_back(field_cells(row, table.columns, kFields));
    return table;
  }
  table.columns = shown_settings(rows);
  for (const char* column : {"layer", "operator", "outcome", "fused_into", "mapping", "kernel", "time_us", "share_ratio",
                             "cumulative_share_ratio", "gmacs_per_s"}) {
    table.columns.emplace_back(column);
  }
  const auto layer_at = std::find(table.columns.begin(), table.columns.end(), "layer") - table.columns.begin();
  std::vector<std::string> profiles;
  std::map<std::string, std::map<std::string, int>> outcomes;
  std::map<std::string, const LayerRow*> first;
  for (const LayerRow& row : rows) {
    table.rows.push_back(field_cells(row, table.columns, kFields));
    // The engine's own layers have a name of the engine's alone.
    if (row.layer.empty()) {
      const auto cell = table.rows.back().begin() + layer_at;
      cell[0] = fmt::format("({})", row.engine_layer);
      cell[1] = fmt::format("({})", row.engine_operator);
    }
    const std::string name = profile_name(row);
    index_of(profiles, name);
    ++outcomes[name][row.outcome];
    first.emplace(name, &row);
  }
  for (const std::string& name : profiles) table.notes.push_back(summary_of(*first.at(name), outcomes.at(name)));
  return table;
}

Table layers_pivot(const std::vector<LayerRow>& rows, const std::string& down, const std::vector<std::string>& across,
                   const std::string& value) {
  check(down, across, value);
  const std::vector<std::string> telling = telling_columns(rows, across);
  const bool several_models = std::any_of(rows.begin(), rows.end(), [&](const LayerRow& row) { return row.model != rows.front().model; });
  const bool models_across = std::find(telling.begin(), telling.end(), "model") != telling.end();

  std::vector<std::string> lines, columns;
  std::map<std::pair<std::size_t, std::size_t>, Sum> sums;
  std::map<std::size_t, std::pair<std::string, std::string>> names;  // of a line: model and label
  for (const LayerRow& row : rows) {
    const std::string label = down_label(row, down);
    const std::size_t line = index_of(lines, models_across ? label : row.model + "\n" + label);
    names.emplace(line, std::pair(row.model, label));
    std::vector<std::string> parts;
    for (const std::string& column : telling) parts.push_back(text_of(row, column));
    Sum& sum = sums[{line, index_of(columns, join(parts, " / "))}];
    if (sum.outcome.empty()) sum.outcome = row.outcome;
    if (const auto number = number_in(cell(row, value))) sum.value = sum.value.value_or(0) + *number;
  }

  Table table;
  const bool show_model = several_models && !models_across;
  if (show_model) table.columns.push_back("model");
  table.columns.push_back(down);
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  for (std::size_t line = 0; line < lines.size(); ++line) {
    std::vector<Cell>& cells = table.rows.emplace_back();
    if (show_model) cells.emplace_back(names.at(line).first);
    cells.emplace_back(names.at(line).second);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const auto found = sums.find({line, column});
      if (found == sums.end())
        cells.emplace_back();
      else if (found->second.value)
        cells.emplace_back(*found->second.value);
      else
        cells.emplace_back(Marked{std::nullopt, found->second.outcome});
    }
  }
  return table;
}

}  // namespace inferometer::report

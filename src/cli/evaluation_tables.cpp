#include "cli/evaluation_tables.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/text.h"
#include "measure/evaluation_summary.h"
#include "report/field_cells.h"
#include "report/frame.h"
#include "report/telling_apart.h"

namespace inferometer::cli {
namespace {

using measure::Evaluated;
using measure::EvaluationRow;

std::vector<Cell> cells(const EvaluationRow& row, const std::vector<std::string>& columns) {
  return report::field_cells(row, columns, [](auto&& visit) { measure::for_each_evaluation_field(visit); });
}

/// What was asked is told where it is unusual: two evaluations of an int8 file can differ in it alone.
std::string precision_text(const EvaluationRow& row) {
  if (row.precision == row.precision_requested || row.precision_requested == "fp32") return row.precision;
  return fmt::format("{} (asked {})", row.precision, row.precision_requested);
}

/// "onnxruntime:graph=basic int8", what tells apart the evaluations of one model.
std::string subject(const EvaluationRow& row) {
  std::string text = row.engine;
  if (!row.engine_settings.empty()) text += ":" + row.engine_settings;
  return fmt::format("{} {}{}", text, precision_text(row), row.device == "cpu" ? "" : " " + row.device);
}

/// The settings of evaluations, with those in which rows that look alike differ.
std::vector<std::string> shown_settings(const std::vector<EvaluationRow>& rows) {
  static const std::vector<std::string> settings{"engine_settings",
                                                 "device",
                                                 "precision_requested",
                                                 "threads",
                                                 "streams",
                                                 "batch",
                                                 "input_height",
                                                 "input_width",
                                                 "data",
                                                 "data_sha256",
                                                 "preprocessing",
                                                 "class_offset",
                                                 "platform",
                                                 "model_sha256",
                                                 "engine_version",
                                                 "inferometer_version"};
  const report::Frame frame = report::frame_of(rows);
  std::vector<std::size_t> all(rows.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::string> shown = report::telling_apart(frame, all, {}, {"model", "engine", "precision"}, settings);
  if (report::differ_in(frame, all, shown, "started_at")) shown.emplace_back("started_at");
  return shown;
}

}  // namespace

std::string evaluation_name(const EvaluationRow& row) { return row.model + " " + subject(row); }

Table evaluations_table(const std::vector<EvaluationRow>& rows, Format format) {
  Table table;
  if (report::is_for_people(format)) {
    table.columns = shown_settings(rows);
    for (const char* column : {"images", "skipped_images", "correct_top1", "correct_top5", "top1", "top1_low", "top1_high", "top5",
                               "accuracy_density", "images_per_s", "status"}) {
      table.columns.emplace_back(column);
    }
  } else {
    table.columns = measure::evaluation_columns();
  }
  for (const EvaluationRow& row : rows) {
    table.rows.push_back(cells(row, table.columns));
    std::vector<std::string> remarks = row.reasons;
    remarks.insert(remarks.end(), row.notes.begin(), row.notes.end());
    for (const std::string& remark : remarks) {
      std::string line = fmt::format("{}: {}", row.model, remark);
      // What holds for every engine stands once.
      if (!row.reasons.empty()) line = fmt::format("{}: {}", evaluation_name(row), remark);
      if (std::find(table.notes.begin(), table.notes.end(), line) == table.notes.end()) table.notes.push_back(std::move(line));
    }
  }
  if (report::is_for_people(format)) report::shorten_hashes(table);
  return table;
}

Table per_class_table(const std::vector<Evaluated>& evaluated) {
  Table table;
  table.title = "By class";
  table.columns = {"model", "engine", "precision_requested", "class", "images", "correct_top1", "correct_top5", "wrongly_predicted"};
  for (const Evaluated& each : evaluated) {
    for (const measure::ClassCounts& counts : measure::count_by_class(each.images)) {
      table.rows.push_back({each.row.model, each.row.engine, each.row.precision_requested, counts.label, counts.images, counts.correct_top1,
                            counts.correct_top5, counts.wrongly_predicted});
    }
  }
  return table;
}

Table confidences_table(const std::vector<Evaluated>& evaluated, const dataset::DataSet& data) {
  Table table;
  table.title = "Probability of the right class";
  table.columns = {"image", "class", "model", "engine", "engine_settings", "precision_requested", "right_probability", "predicted"};
  for (const Evaluated& each : evaluated) {
    for (const measure::JudgedImage& image : each.images) {
      table.rows.push_back({data.images.at(image.image).name, image.label, each.row.model, each.row.engine, each.row.engine_settings,
                            each.row.precision_requested, to_cell(image.right_probability), image.predicted});
    }
  }
  return table;
}

Table confusions_table(const std::vector<Evaluated>& evaluated, std::size_t most) {
  Table table;
  table.title = "Most frequent wrong answers";
  table.columns = {"model", "engine", "precision_requested", "class", "predicted", "images"};
  for (const Evaluated& each : evaluated) {
    for (const measure::Confusion& confusion : measure::confusions(each.images, most)) {
      table.rows.push_back(
          {each.row.model, each.row.engine, each.row.precision_requested, confusion.label, confusion.predicted, confusion.images});
    }
  }
  return table;
}

Table pairs_table(const std::vector<Evaluated>& evaluated, PairedModels models) {
  constexpr double kChance = 0.05;
  Table table;
  table.title = "McNemar's exact test, two-sided, on the same images (top-1)";
  table.columns = {"model", "first", "second", "images", "only_first_right", "only_second_right", "p_value", "difference"};
  for (std::size_t i = 0; i < evaluated.size(); ++i) {
    for (std::size_t j = i + 1; j < evaluated.size(); ++j) {
      const EvaluationRow &first = evaluated[i].row, &second = evaluated[j].row;
      const bool same_model = first.model == second.model;
      const bool comparable = (same_model || models == PairedModels::all) && !evaluated[i].images.empty() && !evaluated[j].images.empty();
      if (!comparable) continue;
      const measure::PairedCounts counts = measure::compare_judged(evaluated[i].images, evaluated[j].images);
      const auto named = [&](const EvaluationRow& row) { return same_model ? subject(row) : evaluation_name(row); };
      table.rows.push_back({same_model ? first.model : "", named(first), named(second), counts.images, counts.only_first,
                            counts.only_second, counts.p_value, counts.p_value < kChance ? "more than chance" : "no more than chance"});
    }
  }
  return table;
}

}  // namespace inferometer::cli

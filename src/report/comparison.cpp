#include "report/comparison.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "measure/entry.h"
#include "report/rows.h"

namespace inferometer::report {
namespace {

using measure::Comparison;
using measure::kSideNames;
using measure::kSides;
using measure::MetricComparison;

/// What a metric's row says of either side, as columns a_model, b_model, ...
constexpr std::array<const char*, 15> kSideColumns{
    "model",   "engine",  "engine_version", "engine_settings", "device",      "precision",           "precision_requested",
    "threads", "streams", "batch",          "input_height",    "input_width", "agreement_max_error", "agreement_top1_ratio",
    "repro"};

std::string state_text(measure::CoreState state) {
  switch (state) {
    case measure::CoreState::near: return "near";
    case measure::CoreState::far: return "far";
    case measure::CoreState::changed: return "changed";
    case measure::CoreState::unknown: break;
  }
  return "";
}

std::string entry_line(const Comparison& comparison, std::size_t side) {
  return fmt::format("{}: {}", kSideNames[side], measure::describe(comparison.entries[side]));
}

std::string percent_text(const MetricComparison& metric) {
  if (!metric.ratio_low || !metric.ratio_high) return "no interval";
  return fmt::format("{:.4g} ({:.4g} to {:.4g} at {:.4g} %)", *metric.ratio, *metric.ratio_low, *metric.ratio_high,
                     100 * metric.confidence);
}

/// "b needs 1.039 (1.037 to 1.041 at 95 %) times a's per_image_ms: slower".
std::string sentence(const Comparison& comparison, const MetricComparison& metric) {
  return fmt::format("{}: b / a = {}, {} replicates: {}", name_of(metric.metric), percent_text(metric), metric.replicates,
                     verdict_of(comparison, metric));
}

Panel ratio_panel(const Comparison& comparison, const MetricComparison& metric) {
  Panel panel;
  panel.title = fmt::format("{}: {}", name_of(metric.metric), verdict_of(comparison, metric));
  panel.x = {"Replicate"};
  panel.y = {"b / a"};
  Series counted{.name = "replicate", .points = {}};
  for (const measure::ReplicateFigure& figure : metric.each) {
    if (!figure.ratio) continue;
    Point point;
    point.x = static_cast<double>(figure.replicate + 1);
    point.y = *figure.ratio;
    counted.points.push_back(point);
  }
  const double end = static_cast<double>(metric.each.size()) + 0.5;
  panel.x.low = 0.5;
  panel.x.high = end;
  panel.series.push_back(std::move(counted));
  if (metric.ratio) {
    panel.series.push_back({.name = "median",
                            .kind = SeriesKind::line,
                            .points = {{.x = 0.5, .y = *metric.ratio}, {.x = end, .y = *metric.ratio}},
                            .color = 1,
                            .marker = std::nullopt});
  }
  if (metric.ratio_low && metric.ratio_high) {
    panel.bands.push_back({.name = fmt::format("{:.4g} % interval of the median", 100 * metric.confidence),
                           .x = {0.5, end},
                           .low = {*metric.ratio_low, *metric.ratio_low},
                           .high = {*metric.ratio_high, *metric.ratio_high},
                           .color = 1});
  }
  panel.lines.push_back({.at = 1, .label = "equal"});
  return panel;
}

Chart ratio_chart(const Comparison& comparison) {
  Chart chart;
  chart.id = "replicates";
  chart.title = "Ratios of the replicates";
  chart.caption = fmt::format("{}; {}. Below 1 b takes less.", entry_line(comparison, 0), entry_line(comparison, 1));
  for (const MetricComparison& metric : comparison.metrics) {
    if (metric.ratio) chart.panels.push_back(ratio_panel(comparison, metric));
  }
  chart.columns = chart.panels.size() > 1 ? 2 : 1;
  chart.panel_height = 360;
  return chart;
}

Cell count_cell(std::size_t count) { return static_cast<std::int64_t>(count); }

std::vector<Cell> machine_row(const Comparison& comparison, const MetricComparison& metric, const std::string& repro) {
  std::vector<Cell> row{std::string(name_of(metric.metric)), to_cell(metric.ratio), to_cell(metric.ratio_low),
                        to_cell(metric.ratio_high),          metric.confidence,     count_cell(metric.replicates)};
  const std::string_view verdict = verdict_of(comparison, metric);
  row.push_back(verdict.empty() ? Cell() : Cell(std::string(verdict)));
  row.push_back(std::string(name_of(comparison.status)));
  row.push_back(comparison.reasons);
  row.push_back(comparison.notes);
  row.push_back(to_cell(metric.values[0]));
  row.push_back(to_cell(metric.values[1]));
  row.push_back(count_cell(comparison.options.blocks));
  row.push_back(comparison.options.block_s);
  row.push_back(comparison.options.fresh_starts);
  row.push_back(static_cast<std::int64_t>(comparison.options.seed));
  for (std::size_t side = 0; side < kSides; ++side) {
    for (const char* column : kSideColumns) row.push_back(cell(comparison.rows[side], column));
  }
  const measure::Row& any = comparison.rows[0];
  row.insert(row.end(), {any.platform, any.started_at, repro, any.inferometer_version});
  return row;
}

std::vector<std::string> machine_columns() {
  std::vector<std::string> columns{"metric",  "ratio", "ratio_low", "ratio_high", "confidence", "replicates", "verdict",      "status",
                                   "reasons", "notes", "a",         "b",          "blocks",     "block_s",    "fresh_starts", "seed"};
  for (const std::string_view side : kSideNames) {
    for (const char* column : kSideColumns) columns.push_back(fmt::format("{}_{}", side, column));
  }
  columns.insert(columns.end(), {"platform", "started_at", "repro", "inferometer_version"});
  return columns;
}

}  // namespace

Table comparison_table(const Comparison& comparison, const std::string& repro, Format format) {
  Table table;
  if (!is_for_people(format)) {
    table.columns = machine_columns();
    for (const MetricComparison& metric : comparison.metrics) table.rows.push_back(machine_row(comparison, metric, repro));
    return table;
  }
  table.columns = {"metric", "a", "b", "ratio", "ratio_low", "ratio_high", "confidence", "replicates", "verdict"};
  for (const MetricComparison& metric : comparison.metrics) {
    const std::string_view verdict = verdict_of(comparison, metric);
    table.rows.push_back({std::string(name_of(metric.metric)), to_cell(metric.values[0]), to_cell(metric.values[1]), to_cell(metric.ratio),
                          to_cell(metric.ratio_low), to_cell(metric.ratio_high), metric.confidence, count_cell(metric.replicates),
                          std::string(verdict.empty() ? name_of(comparison.status) : verdict)});
  }
  table.notes = {entry_line(comparison, 0), entry_line(comparison, 1),
                 "ratio: b / a, median over replicates, with the sign test's interval"};
  table.notes.insert(table.notes.end(), comparison.reasons.begin(), comparison.reasons.end());
  table.notes.insert(table.notes.end(), comparison.notes.begin(), comparison.notes.end());
  return table;
}

Table replicates_table(const Comparison& comparison) {
  Table table;
  table.columns = {"metric", "replicate", "a", "b", "ratio", "counted", "core_state", "a_blocks", "b_blocks", "repeated_pairs"};
  for (const MetricComparison& metric : comparison.metrics) {
    for (const measure::ReplicateFigure& figure : metric.each) {
      const measure::Replicate& replicate = comparison.replicates[figure.replicate];
      const std::string state = state_text(comparison.core_states[figure.replicate]);
      table.rows.push_back({std::string(name_of(metric.metric)), count_cell(figure.replicate + 1), to_cell(figure.values[0]),
                            to_cell(figure.values[1]), to_cell(figure.ratio), static_cast<bool>(comparison.counted[figure.replicate]),
                            state.empty() ? Cell() : Cell(state), count_cell(replicate.sides[0].blocks.size()),
                            count_cell(replicate.sides[1].blocks.size()), std::int64_t{replicate.repeated_pairs}});
    }
  }
  return table;
}

Report comparison_report(const Comparison& comparison, const std::string& repro) {
  Report report;
  report.title = "Comparison";
  report.subtitle = fmt::format("{}; {}", entry_line(comparison, 0), entry_line(comparison, 1));
  report.facts = {{"platform", comparison.rows[0].platform},
                  {"measured", comparison.rows[0].started_at},
                  {"replicates", std::to_string(comparison.options.replicates)},
                  {"blocks of each side", fmt::format("{} of {:g} s", comparison.options.blocks, comparison.options.block_s)}};
  if (comparison.status == measure::Status::passed) {
    for (const MetricComparison& metric : comparison.metrics) report.takeaways.push_back(sentence(comparison, metric));
  }
  ReportSection section{"Comparison", {}};
  for (const std::string& reason : comparison.reasons) section.items.emplace_back(ReportText{reason, true});
  for (const std::string& note : comparison.notes) section.items.emplace_back(ReportText{note, false});
  Table figures = comparison_table(comparison, repro, Format::table);
  figures.title = "Figures";
  section.items.emplace_back(
      ReportTable{"comparison", std::move(figures), "b / a: exp of the median over replicates of log(b / a).", repro});
  Chart chart = ratio_chart(comparison);
  if (!chart.panels.empty()) {
    section.items.emplace_back(
        ReportFigure{std::move(chart), "One point a replicate: a fresh start of both sides, blocks of requests in turns.", repro});
  }
  Table each = replicates_table(comparison);
  each.title = "Replicates";
  section.items.emplace_back(ReportTable{"replicates", std::move(each), "Figures of each replicate's blocks together.", ""});
  report.sections.push_back(std::move(section));
  return report;
}

}  // namespace inferometer::report

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/analysis_text.h"
#include "report/complete_cases.h"
#include "stats/correlation.h"

namespace inferometer::report {
namespace {

using stats::Correlation;
using stats::CorrelationMethod;
using Json = nlohmann::ordered_json;

struct Pair {
  std::size_t a = 0, b = 0;
  Correlation found;
};

struct Matrix {
  CorrelationMethod method = CorrelationMethod::pearson;
  std::string symbol;  ///< r, rho, tau-b
  std::vector<std::string> columns;
  std::vector<Pair> pairs;  ///< a < b
  std::size_t n = 0;

  const Pair& pair(std::size_t i, std::size_t j) const {
    return *std::find_if(pairs.begin(), pairs.end(),
                         [&](const Pair& each) { return each.a == std::min(i, j) && each.b == std::max(i, j); });
  }
  std::optional<double> coefficient(std::size_t i, std::size_t j) const {
    // A column with itself is 1 where it correlates at all: a constant one has no correlation with anything.
    if (i != j) return pair(i, j).found.coefficient;
    for (const Pair& each : pairs) {
      if ((each.a == i || each.b == i) && each.found.coefficient) return 1;
    }
    return std::nullopt;
  }
};

CorrelationMethod method_of(const AnalysisSpec& spec) {
  if (spec.method.empty()) return CorrelationMethod::pearson;
  const auto method = stats::correlation_method(spec.method);
  if (!method) {
    throw Error(ErrorCode::usage, fmt::format("correlate: unknown method '{}'", one_line(spec.method, 60)),
                "known: pearson, spearman, kendall");
  }
  return *method;
}

std::string_view symbol(CorrelationMethod method) {
  switch (method) {
    case CorrelationMethod::pearson: return "r";
    case CorrelationMethod::spearman: return "rho";
    case CorrelationMethod::kendall: return "tau-b";
  }
  return "";
}

std::string title_name(CorrelationMethod method) {
  switch (method) {
    case CorrelationMethod::pearson: return "Pearson's r";
    case CorrelationMethod::spearman: return "Spearman's rho";
    case CorrelationMethod::kendall: return "Kendall's tau-b";
  }
  return "";
}

Matrix compute(const AnalysisSpec& spec, const Frame& frame) {
  Matrix matrix;
  matrix.method = method_of(spec);
  matrix.symbol = symbol(matrix.method);
  matrix.columns = spec.columns;
  matrix.n = frame.size();
  std::vector<std::vector<double>> data;
  for (const std::string& column : spec.columns) data.push_back(values(frame, column));
  for (std::size_t a = 0; a < data.size(); ++a) {
    for (std::size_t b = a + 1; b < data.size(); ++b) {
      matrix.pairs.push_back({a, b, stats::correlate(matrix.method, data[a], data[b], spec.confidence, spec.seed)});
    }
  }
  return matrix;
}

std::string matrix_json(const Matrix& matrix, const AnalysisSpec& spec) {
  Json pairs = Json::array();
  for (const Pair& pair : matrix.pairs) {
    const Correlation& found = pair.found;
    const auto& interval = found.interval;
    pairs.push_back({{"a", to_utf8(matrix.columns[pair.a])},
                     {"b", to_utf8(matrix.columns[pair.b])},
                     {"n", found.n},
                     {"coefficient", json_of(found.coefficient)},
                     {"p", json_of(found.p)},
                     {"p_basis", std::string(describe(found.p_basis))},
                     {"low", interval ? Json(interval->low) : Json(nullptr)},
                     {"high", interval ? Json(interval->high) : Json(nullptr)},
                     {"interval_basis", std::string(describe(found.interval_basis))}});
  }
  Json lines = Json::array();
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
    Json line = Json::array();
    for (std::size_t j = 0; j < matrix.columns.size(); ++j) line.push_back(json_of(matrix.coefficient(i, j)));
    lines.push_back(std::move(line));
  }
  std::vector<std::string> columns;
  for (const std::string& column : matrix.columns) columns.push_back(to_utf8(column));
  return Json{{"type", "correlate"}, {"method", std::string(name(matrix.method))},
              {"n", matrix.n},       {"confidence", spec.confidence},
              {"seed", spec.seed},   {"columns", columns},
              {"matrix", lines},     {"pairs", pairs}}
      .dump();
}

Table pairs_table(const Matrix& matrix, const AnalysisSpec& spec) {
  Table table;
  table.title = fmt::format("{} with {} % intervals, n = {}", title_name(matrix.method), percent_text(spec.confidence), matrix.n);
  table.columns = {"a", "b", "n", matrix.symbol, "low", "high", "p"};
  std::set<std::string> p_bases, interval_bases;
  for (const Pair& pair : matrix.pairs) {
    const Correlation& found = pair.found;
    const auto& interval = found.interval;
    table.rows.push_back({matrix.columns[pair.a], matrix.columns[pair.b], static_cast<std::int64_t>(found.n), to_cell(found.coefficient),
                          interval ? Cell(interval->low) : Cell(), interval ? Cell(interval->high) : Cell(), to_cell(found.p)});
    if (found.p) p_bases.emplace(describe(found.p_basis));
    if (interval) interval_bases.emplace(describe(found.interval_basis));
  }
  const auto note = [&](std::string_view what, const std::set<std::string>& bases) {
    if (!bases.empty()) table.notes.push_back(fmt::format("{}: {}.", what, join({bases.begin(), bases.end()}, "; ")));
  };
  note("p", p_bases);
  note("Intervals", interval_bases);
  return table;
}

Table matrix_table(const Matrix& matrix) {
  Table table;
  table.title = title_name(matrix.method);
  table.columns.emplace_back("column");
  for (const std::string& column : matrix.columns) table.columns.push_back(column);
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
    std::vector<Cell> line{matrix.columns[i]};
    for (std::size_t j = 0; j < matrix.columns.size(); ++j) line.push_back(to_cell(matrix.coefficient(i, j)));
    table.rows.push_back(std::move(line));
  }
  return table;
}

std::vector<std::string> sentences_of(const Matrix& matrix, const AnalysisSpec& spec) {
  std::vector<std::string> sentences;
  for (const Pair& pair : matrix.pairs) {
    const std::string both = fmt::format("{} and {}", matrix.columns[pair.a], matrix.columns[pair.b]);
    const Correlation& found = pair.found;
    if (!found.coefficient) {
      sentences.push_back(fmt::format("Note: {}: no correlation is defined, one of them is the same in every row.", both));
    } else if (found.p && *found.p < 1 - spec.confidence) {
      sentences.push_back(fmt::format("{} {}: {} = {:.3f}, {}.", both, *found.coefficient > 0 ? "rise together" : "go opposite ways",
                                      matrix.symbol, *found.coefficient, p_phrase(*found.p)));
    } else if (found.p) {
      sentences.push_back(
          fmt::format("{}: no association shown, {} = {:.3f}, {}.", both, matrix.symbol, *found.coefficient, p_phrase(*found.p)));
    }
  }
  if (matrix.pairs.size() > 1) sentences.emplace_back("Note: each p speaks of one pair alone; with many pairs some are small by chance.");
  return sentences;
}

Chart heat_map(const Matrix& matrix, const AnalysisSpec& spec, const std::string& title) {
  Chart chart;
  chart.id = "correlate-" + std::string(name(matrix.method));
  chart.title = title;
  chart.caption = fmt::format("{} of {} rows, confidence {} %. An empty cell: not defined.", title_name(matrix.method), matrix.n,
                              percent_text(spec.confidence));
  chart.legend = LegendPlace::none;
  Panel panel;
  panel.x.scale = panel.y.scale = Scale::category;
  panel.x.categories = panel.y.categories = matrix.columns;
  panel.y.reversed = true;
  HeatCells heat;
  heat.title = title_name(matrix.method);
  heat.diverging = true;
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
    for (std::size_t j = 0; j < matrix.columns.size(); ++j) {
      const auto value = matrix.coefficient(i, j);
      heat.cells.push_back({j, i, value, value ? fmt::format("{:.2f}", *value) : std::string()});
    }
  }
  panel.heat = std::move(heat);
  chart.panels.push_back(std::move(panel));
  return chart;
}

}  // namespace

AnalysisResult analyze_correlate(const AnalysisSpec& spec, const Frame& frame) {
  if (spec.columns.size() < 2)
    throw Error(ErrorCode::usage, "correlate: needs two columns or more", "for example parameters and per_image_ms");
  if (std::set(spec.columns.begin(), spec.columns.end()).size() != spec.columns.size())
    throw Error(ErrorCode::usage, "correlate: a column is named twice");
  const CompleteCases complete = complete_cases(frame, spec.columns, {});
  if (complete.frame.size() < 3) {
    throw Error(ErrorCode::input, fmt::format("{}: {} complete in {}; a correlation needs 3", frame.name,
                                              counted(complete.frame.size(), "row"), join(spec.columns, ", ")));
  }
  const Matrix matrix = compute(spec, complete.frame);
  AnalysisResult result;
  result.title = spec.title.empty() ? fmt::format("{} of {}", title_name(matrix.method), join(spec.columns, ", ")) : spec.title;
  result.json = matrix_json(matrix, spec);
  result.tables.push_back(pairs_table(matrix, spec));
  if (matrix.columns.size() > 2) result.tables.push_back(matrix_table(matrix));
  result.sentences = complete.sentences;
  for (std::string& sentence : sentences_of(matrix, spec)) result.sentences.push_back(std::move(sentence));
  result.charts.push_back(heat_map(matrix, spec, result.title));
  return result;
}

}  // namespace inferometer::report

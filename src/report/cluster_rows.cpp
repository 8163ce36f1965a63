#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/cluster_report.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"
#include "stats/cluster.h"

namespace inferometer::report {
namespace {

using stats::ClusterChoice;
using stats::KMeans;
using Clusters = std::vector<std::size_t>;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostTried = 10;
/// A heat map of more lines is not readable.
constexpr std::size_t kMostInHeatMap = 100;

/// A partition, told in the columns' own units.
struct Described {
  Clusters cluster;                            ///< of each row, from 0
  std::vector<std::size_t> sizes;              ///< of each cluster
  std::vector<std::vector<double>> centroids;  ///< of each cluster, means of the columns
  std::vector<double> within_ss;               ///< in the units that were clustered
  double total_within_ss = 0;
  std::vector<double> silhouettes;  ///< of each row; may be empty
  std::optional<double> silhouette;
  std::vector<ClusterChoice> choices;  ///< empty where the number was given

  std::optional<double> silhouette_of(std::size_t wanted) const {
    if (silhouettes.empty()) return std::nullopt;
    double sum = 0;
    for (std::size_t i = 0; i < cluster.size(); ++i) sum += cluster[i] == wanted ? silhouettes[i] : 0;
    return sum / static_cast<double>(sizes[wanted]);
  }
};

Described described(const ClusterData& data, const KMeans& found, std::vector<ClusterChoice> choices) {
  Described result;
  result.cluster = found.cluster;
  result.sizes = found.sizes;
  result.within_ss = found.within_ss;
  result.total_within_ss = found.total_within_ss;
  result.silhouettes = found.silhouettes;
  result.silhouette = found.silhouette;
  result.choices = std::move(choices);
  const std::size_t d = data.columns.size();
  result.centroids.assign(found.sizes.size(), std::vector<double>(d, 0.0));
  for (std::size_t row = 0; row < data.rows(); ++row) {
    for (std::size_t j = 0; j < d; ++j) {
      const std::size_t own = found.cluster[row];
      result.centroids[own][j] += data.value(row, j) / static_cast<double>(found.sizes[own]);
    }
  }
  return result;
}

Json number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json base_json(const AnalysisSpec& spec, const ClusterData& data, const Described& found, const char* method) {
  Json columns = Json::array(), clusters = Json::array(), choices = Json::array(), rows = Json::array();
  for (const std::string& column : data.columns) columns.push_back(to_utf8(column));
  for (std::size_t c = 0; c < found.sizes.size(); ++c) {
    clusters.push_back({{"cluster", c + 1},
                        {"size", found.sizes[c]},
                        {"centroid", found.centroids[c]},
                        {"within_ss", found.within_ss[c]},
                        {"silhouette", number(found.silhouette_of(c))}});
  }
  for (const ClusterChoice& choice : found.choices)
    choices.push_back({{"clusters", choice.clusters}, {"silhouette", choice.silhouette}, {"total_within_ss", choice.total_within_ss}});
  for (std::size_t row = 0; row < data.rows(); ++row) {
    rows.push_back({{"label", to_utf8(data.labels[row])},
                    {"cluster", found.cluster[row] + 1},
                    {"silhouette", found.silhouettes.empty() ? Json(nullptr) : Json(found.silhouettes[row])}});
  }
  return Json{{"type", "cluster"},
              {"method", method},
              {"n", data.rows()},
              {"columns", columns},
              {"standardized", data.standardized},
              {"seed", spec.seed},
              {"clusters", clusters},
              {"silhouette", number(found.silhouette)},
              {"total_within_ss", found.total_within_ss},
              {"choices", choices},
              {"rows", rows}};
}

std::string units_note(const ClusterData& data) {
  return fmt::format("Centroids are means in the columns' own units; within SS is in {}.",
                     data.standardized ? "z-scores" : "the columns' own units");
}

Table clusters_table(const ClusterData& data, const Described& found, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {"cluster", "size"};
  for (const std::string& column : data.columns) table.columns.push_back("mean " + column);
  table.columns.insert(table.columns.end(), {"within SS", "silhouette"});
  for (std::size_t c = 0; c < found.sizes.size(); ++c) {
    std::vector<Cell> line{static_cast<std::int64_t>(c + 1), static_cast<std::int64_t>(found.sizes[c])};
    for (const double mean : found.centroids[c]) line.emplace_back(mean);
    line.emplace_back(found.within_ss[c]);
    line.push_back(to_cell(found.silhouette_of(c)));
    table.rows.push_back(std::move(line));
  }
  table.notes.push_back(units_note(data));
  return table;
}

Table choices_table(const Described& found) {
  Table table;
  table.title = "Numbers of clusters";
  table.columns = {"clusters", "silhouette", "total within SS"};
  for (const ClusterChoice& choice : found.choices)
    table.rows.push_back({static_cast<std::int64_t>(choice.clusters), choice.silhouette, choice.total_within_ss});
  return table;
}

Table members_table(const ClusterData& data, const Described& found) {
  Table table;
  table.title = "Members";
  table.columns = {"row", "cluster", "silhouette"};
  for (std::size_t row = 0; row < data.rows(); ++row) {
    table.rows.push_back({data.labels[row], static_cast<std::int64_t>(found.cluster[row] + 1),
                          found.silhouettes.empty() ? Cell() : Cell(found.silhouettes[row])});
  }
  return table;
}

/// Kaufman & Rousseeuw (1990), table 4 of chapter 2, in fewer words.
const char* strength(double silhouette) {
  if (silhouette > 0.7) return "strong";
  if (silhouette > 0.5) return "reasonable";
  return silhouette > 0.25 ? "weak, and may be made by the method" : "none to speak of";
}

std::vector<std::string> sentences_of(const Described& found) {
  std::vector<std::string> sentences;
  if (!found.choices.empty()) {
    sentences.push_back(
        fmt::format("{} clusters have the largest mean silhouette of 2 to {}.", found.sizes.size(), found.choices.back().clusters));
  }
  if (found.silhouette)
    sentences.push_back(fmt::format("Mean silhouette {:.3f}: the structure is {}.", *found.silhouette, strength(*found.silhouette)));
  const auto alone = std::count(found.sizes.begin(), found.sizes.end(), std::size_t{1});
  if (alone > 0) sentences.push_back(fmt::format("Note: {} of them {} of one row.", alone, alone == 1 ? "is" : "are"));
  const auto misplaced = std::count_if(found.silhouettes.begin(), found.silhouettes.end(), [](double each) { return each < 0; });
  if (misplaced > 0)
    sentences.push_back(fmt::format("Note: {} nearer to another cluster than to {} own.",
                                    misplaced == 1 ? "1 row is" : fmt::format("{} rows are", misplaced), misplaced == 1 ? "its" : "their"));
  return sentences;
}

/// The first two columns, coloured by cluster; with one column its silhouettes stand upright.
Chart scatter(const ClusterData& data, const Described& found, const std::string& title) {
  const bool single = data.columns.size() == 1;
  Chart chart;
  chart.title = title;
  chart.caption =
      fmt::format("{} of {}, coloured by cluster{}.", counted(data.rows(), "row"), data.source, single ? "" : "; stars: centroids");
  if (data.columns.size() > 2) chart.caption += fmt::format(" Only the first two of {} columns are shown.", data.columns.size());
  Panel panel;
  panel.x.title = axis_title(data.columns[0]);
  panel.y.title = single ? "Silhouette" : axis_title(data.columns[1]);
  for (std::size_t c = 0; c < found.sizes.size(); ++c) {
    const auto color = static_cast<ColorIndex>(c);
    Series series{.name = fmt::format("cluster {}", c + 1), .points = {}, .color = color, .marker = static_cast<Marker>(c % 7)};
    std::vector<bool> published;
    for (std::size_t row = 0; row < data.rows(); ++row) {
      if (found.cluster[row] != c) continue;
      published.push_back(data.published[row]);
      Point point;
      point.x = data.value(row, 0);
      point.y = single ? (found.silhouettes.empty() ? 0 : found.silhouettes[row]) : data.value(row, 1);
      point.tooltip = data.labels[row];
      series.points.push_back(std::move(point));
    }
    for (Series& part : by_origin(series, published)) panel.series.push_back(std::move(part));
    if (single) continue;
    Point centre;
    centre.x = found.centroids[c][0];
    centre.y = found.centroids[c][1];
    centre.tooltip = fmt::format("centroid of cluster {}", c + 1);
    panel.series.push_back({.name = "", .points = {centre}, .color = color, .marker = Marker::star});
  }
  chart.panels.push_back(std::move(panel));
  return chart;
}

/// 8, not 8.000.
std::string cell_text(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e6;
  return whole ? fmt::format("{:.0f}", value) : rounded_text(value);
}

Chart heat_map(const ClusterData& data, const stats::Dendrogram& tree, const std::string& title) {
  Chart chart;
  chart.title = title + ", in the order of the hierarchy";
  chart.caption =
      fmt::format("{} of {}; neighbours are merged early by Ward's method.", data.standardized ? "z-scores" : "Values", data.source);
  chart.legend = LegendPlace::none;
  chart.panel_height = std::max(240.0, 60 + 16.0 * static_cast<double>(data.rows()));
  Panel panel;
  panel.x.scale = panel.y.scale = Scale::category;
  panel.y.reversed = true;
  for (const std::string& column : data.columns) panel.x.categories.push_back(axis_title(column));
  HeatCells heat;
  heat.title = data.standardized ? "z-score" : "Value";
  for (std::size_t place = 0; place < tree.leaf_order.size(); ++place) {
    const std::size_t row = tree.leaf_order[place];
    panel.y.categories.push_back(data.labels[row]);
    for (std::size_t column = 0; column < data.columns.size(); ++column)
      heat.cells.push_back({column, place, data.scores[row * data.columns.size() + column], cell_text(data.value(row, column))});
  }
  panel.heat = std::move(heat);
  chart.panels.push_back(std::move(panel));
  return chart;
}

void add_tables(const ClusterData& data, const Described& found, AnalysisResult& result) {
  result.tables.push_back(clusters_table(data, found, result.title));
  if (!found.choices.empty()) result.tables.push_back(choices_table(found));
  result.tables.push_back(members_table(data, found));
  result.sentences = sentences_of(found);
}

std::string title_of(const ClusterData& data) { return "Clusters of " + join(data.columns, ", "); }

}  // namespace

AnalysisResult cluster_by_k_means(const AnalysisSpec& spec, const ClusterData& data) {
  const std::size_t d = data.columns.size();
  Described found;
  if (spec.clusters) {
    found = described(data, stats::k_means(data.scores, d, static_cast<std::size_t>(*spec.clusters), spec.seed), {});
  } else {
    stats::ChosenKMeans chosen = stats::k_means_by_silhouette(data.scores, d, spec.seed);
    found = described(data, chosen.best, std::move(chosen.choices));
  }
  AnalysisResult result;
  result.title = title_of(data);
  result.json = base_json(spec, data, found, "kmeans").dump();
  add_tables(data, found, result);
  result.charts.push_back(scatter(data, found, result.title));
  return result;
}

AnalysisResult cluster_by_ward(const AnalysisSpec& spec, const ClusterData& data) {
  const std::size_t d = data.columns.size(), n = data.rows();
  if (n < 3) throw Error(ErrorCode::input, fmt::format("{} cannot be clustered, it needs 3", counted(n, "row")));
  if (spec.clusters && static_cast<std::size_t>(*spec.clusters) > n)
    throw Error(ErrorCode::input, fmt::format("{} clusters are more than the {} rows", *spec.clusters, n), "ask for fewer clusters");
  const stats::Dendrogram tree = stats::ward(data.scores, d);
  KMeans best;
  std::vector<ClusterChoice> choices;
  const std::size_t first = spec.clusters ? static_cast<std::size_t>(*spec.clusters) : 2;
  for (std::size_t k = first; k <= (spec.clusters ? first : std::min(kMostTried, n - 1)); ++k) {
    KMeans found = stats::described_partition(data.scores, d, stats::cut(tree, k));
    if (!spec.clusters) choices.push_back({k, *found.silhouette, found.total_within_ss});
    if (!best.silhouette || *found.silhouette > *best.silhouette) best = std::move(found);
  }
  const Described found = described(data, best, std::move(choices));
  AnalysisResult result;
  result.title = title_of(data);
  Json json = base_json(spec, data, found, "ward");
  Json merges = Json::array();
  for (const stats::Merge& merge : tree.merges)
    merges.push_back({{"left", merge.left}, {"right", merge.right}, {"height", merge.height}, {"size", merge.size}});
  json["merges"] = std::move(merges);
  json["leaf_order"] = tree.leaf_order;
  result.json = json.dump();
  add_tables(data, found, result);
  result.charts.push_back(scatter(data, found, result.title));
  if (n <= kMostInHeatMap) result.charts.push_back(heat_map(data, tree, result.title));
  return result;
}

}  // namespace inferometer::report

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/cluster_report.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"
#include "report/curve_report.h"
#include "report/fit_layers.h"
#include "stats/cluster.h"

namespace inferometer::report {
namespace {

using stats::MainCluster;
using Json = nlohmann::ordered_json;

/// Values of a group that span so much are shown on a logarithmic axis: batch sizes 1 to 64.
constexpr double kWideRange = 16;

/// The decay through the centroids, or why there is none.
struct CentroidCurve {
  std::optional<stats::CurveFit> fit;
  std::string reason;
};

CentroidCurve curve_through(const CurveData& centroids) {
  CentroidCurve curve;
  try {
    curve.fit = stats::fit_curve(stats::CurveModel::exponential_decay, centroids.x, centroids.y);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    curve.reason = error.what();
  }
  return curve;
}

/// 8, not 8.000: the values of a group are mostly whole.
Cell group_cell(double group) {
  const bool whole = group == std::floor(group) && std::abs(group) < 1e15;
  return whole ? Cell(static_cast<std::int64_t>(group)) : Cell(group);
}

Table groups_table(const AnalysisSpec& spec, const std::vector<MainCluster>& groups, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {spec.group, "clusters", "rows", "in the main cluster", "centroid"};
  for (const MainCluster& group : groups) {
    table.rows.push_back({group_cell(group.group), static_cast<std::int64_t>(group.clusters), static_cast<std::int64_t>(group.all),
                          static_cast<std::int64_t>(group.n), group.centroid});
  }
  return table;
}

Chart chart_of(const AnalysisSpec& spec, const CurveData& all, const CurveData& centroids, const std::vector<bool>& inside,
               const CentroidCurve& curve) {
  Chart chart;
  chart.title = fmt::format("{} at each {}", spec.columns[0], spec.group);
  chart.caption =
      fmt::format("{} of {}; squares: centroids of the largest cluster at each {}{}.", counted(all.x.size(), "row"), all.source, spec.group,
                  curve.fit ? ", with an exponential decay through them and its 95 % confidence and prediction bands" : "");
  const auto [least, most] = std::minmax_element(all.x.begin(), all.x.end());
  const bool log_x = *least > 0 && *most / *least >= kWideRange;
  Panel panel;
  panel.x = {axis_title(all.x_name), log_x ? Scale::log10 : Scale::linear};
  panel.y.title = axis_title(all.y_name);
  const Series points = points_of(all);
  for (const bool main : {true, false}) {
    Series series{.name = main ? "main cluster" : "other clusters",
                  .points = {},
                  .color = main ? 0 : kNeutral,
                  .marker = main ? Marker::circle : Marker::diamond};
    std::vector<bool> published;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] != main) continue;
      series.points.push_back(points.points[i]);
      published.push_back(all.published[i]);
    }
    for (Series& part : by_origin(series, published)) panel.series.push_back(std::move(part));
  }
  Series squares{.name = "centroid", .points = {}, .color = 1, .marker = Marker::square};
  for (std::size_t i = 0; i < centroids.x.size(); ++i) {
    Point point;
    point.x = centroids.x[i];
    point.y = centroids.y[i];
    squares.points.push_back(std::move(point));
  }
  panel.series.push_back(std::move(squares));
  if (curve.fit) add_fitted_curve(panel, *curve.fit, true, centroids.x, centroids.y, "", 1);
  chart.panels.push_back(std::move(panel));
  return chart;
}

}  // namespace

AnalysisResult cluster_groups(const AnalysisSpec& spec, const Frame& complete) {
  CurveData all{complete.name,           spec.group, spec.columns[0], values(complete, spec.group), values(complete, spec.columns[0]), {},
                published_rows(complete)};
  if (complete.has("model")) all.labels = complete.texts("model");
  const auto wanted = spec.clusters ? std::optional(static_cast<std::size_t>(*spec.clusters)) : std::nullopt;
  const std::vector<MainCluster> groups = stats::main_clusters(all.x, all.y, wanted, spec.seed);
  CurveData centroids{all.source, spec.group, "centroid of " + spec.columns[0], {}, {}, {}, {}};
  std::vector<bool> inside(all.x.size());
  Json lines = Json::array();
  for (const MainCluster& group : groups) {
    centroids.x.push_back(group.group);
    centroids.y.push_back(group.centroid);
    lines.push_back(
        {{"group", group.group}, {"centroid", group.centroid}, {"n", group.n}, {"all", group.all}, {"clusters", group.clusters}});
    std::size_t next = 0;
    for (std::size_t i = 0; i < all.x.size(); ++i) {
      if (all.x[i] == group.group) inside[i] = group.inside[next++];
    }
  }
  const CentroidCurve curve = curve_through(centroids);
  AnalysisResult result;
  result.title = fmt::format("Main cluster of {} at each {}", spec.columns[0], spec.group);
  Json json{
      {"type", "cluster"}, {"method", "kmeans"}, {"group", to_utf8(spec.group)}, {"column", to_utf8(spec.columns[0])}, {"seed", spec.seed},
      {"n", all.x.size()}, {"groups", lines}};
  result.tables.push_back(groups_table(spec, groups, result.title));
  if (curve.fit) {
    const AnalysisResult fitted = describe_curve(centroids, {{*curve.fit}, {}, false});
    json["curve"] = Json::parse(fitted.json);
    result.tables.push_back(fitted.tables.front());
    result.sentences = fitted.sentences;
  } else {
    json["curve"] = nullptr;
    json["curve_refused"] = to_utf8(curve.reason);
    result.sentences.push_back(fmt::format("Note: no curve through the centroids: {}.", curve.reason));
  }
  result.json = json.dump();
  result.charts.push_back(chart_of(spec, all, centroids, inside, curve));
  return result;
}

}  // namespace inferometer::report

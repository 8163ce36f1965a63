#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/cluster_report.h"
#include "report/complete_cases.h"
#include "stats/cluster.h"

namespace inferometer::report {
namespace {

constexpr const char* kKMeans = "kmeans";
constexpr const char* kWard = "ward";

std::string method_of(const AnalysisSpec& spec) {
  if (spec.method.empty() || spec.method == kKMeans) return kKMeans;
  if (spec.method == kWard) return kWard;
  throw Error(ErrorCode::usage, fmt::format("cluster: unknown method '{}'", one_line(spec.method, 60)), "known: kmeans, ward");
}

void check(const AnalysisSpec& spec) {
  if (std::set(spec.columns.begin(), spec.columns.end()).size() != spec.columns.size())
    throw Error(ErrorCode::usage, "cluster: a column is named twice");
  if (spec.clusters && *spec.clusters < 2) throw Error(ErrorCode::usage, "cluster: clusters must be 2 or more");
  if (spec.group.empty()) return;
  if (spec.columns.size() != 1) throw Error(ErrorCode::usage, "cluster: with a group, one column is clustered at each of its values");
  if (spec.columns[0] == spec.group) throw Error(ErrorCode::usage, fmt::format("cluster: {} is both group and column", spec.group));
  if (method_of(spec) != kKMeans) throw Error(ErrorCode::usage, "cluster: with a group, the method is kmeans");
}

/// The network where there is one, else the row's number; a number follows what stands twice.
std::vector<std::string> row_labels(const Frame& frame) {
  std::vector<std::string> labels;
  for (const char* column : {"model", "network"}) {
    if (labels.empty() && frame.has(column)) labels = frame.texts(column);
  }
  if (labels.empty()) {
    for (std::size_t i = 0; i < frame.size(); ++i) labels.push_back(fmt::format("row {}", i + 1));
  }
  std::map<std::string, std::size_t> uses, seen;
  for (const std::string& label : labels) ++uses[label];
  for (std::string& label : labels) {
    if (uses[label] > 1) label += fmt::format(" #{}", ++seen[label]);
  }
  return labels;
}

ClusterData data_of(const AnalysisSpec& spec, const Frame& complete) {
  ClusterData data;
  data.source = complete.name;
  data.columns = spec.columns;
  data.standardized = spec.standardize;
  data.labels = row_labels(complete);
  data.published = published_rows(complete);
  std::vector<std::vector<double>> columns;
  for (const std::string& column : spec.columns) {
    columns.push_back(values(complete, column));
    const auto [least, most] = std::minmax_element(columns.back().begin(), columns.back().end());
    if (*least == *most)
      throw Error(ErrorCode::input, fmt::format("{} is {} in every row and tells none apart", column, *least), "leave that column out");
  }
  for (std::size_t row = 0; row < complete.size(); ++row) {
    for (const std::vector<double>& column : columns) data.values.push_back(column[row]);
  }
  data.scores = spec.standardize ? stats::z_scores(data.values, spec.columns.size()) : data.values;
  return data;
}

AnalysisResult cluster(const AnalysisSpec& spec, const Frame& complete) {
  if (!spec.group.empty()) return cluster_groups(spec, complete);
  const ClusterData data = data_of(spec, complete);
  return method_of(spec) == kWard ? cluster_by_ward(spec, data) : cluster_by_k_means(spec, data);
}

}  // namespace

AnalysisResult analyze_cluster(const AnalysisSpec& spec, const Frame& frame) {
  method_of(spec);
  check(spec);
  std::vector<std::string> numeric = spec.columns;
  if (!spec.group.empty()) numeric.push_back(spec.group);
  const CompleteCases complete = complete_cases(frame, numeric, {});
  AnalysisResult result;
  try {
    result = cluster(spec, complete.frame);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    throw Error(ErrorCode::input, fmt::format("{}: {}", frame.name, error.what()), error.hint());
  }
  if (!spec.title.empty()) result.title = spec.title;
  result.sentences.insert(result.sentences.begin(), complete.sentences.begin(), complete.sentences.end());
  return result;
}

}  // namespace inferometer::report

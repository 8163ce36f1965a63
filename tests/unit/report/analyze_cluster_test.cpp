#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "report/analysis.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::json;

Frame frame_from(const std::string& text) { return frame_of(parse_csv(text, "t.csv")); }

AnalysisSpec clusters_of(const std::vector<std::string>& columns) {
  AnalysisSpec spec;
  spec.type = "cluster";
  spec.columns = columns;
  return spec;
}

std::string message(ErrorCode code, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Three heaps, the second column a thousand times the first.
const std::string kHeaps =
    "model,a,b\nn1,1,1000\nn2,1.2,1100\nn3,0.9,900\nn4,1.1,1000\nm1,9,9000\nm2,9.1,8800\nm2,9.2,9100\nl1,1,9000\nl2,1.1,9100\n";

TEST(AnalyzeCluster, KMeansInTheColumnsOwnUnits) {
  const AnalysisResult result = analyze(clusters_of({"a", "b"}), frame_from(kHeaps));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["method"], "kmeans");
  EXPECT_EQ(json["n"], 9);
  EXPECT_EQ(json["seed"], 1);
  ASSERT_EQ(json["clusters"].size(), 3u);
  EXPECT_EQ(json["clusters"][0]["size"], 4);
  EXPECT_NEAR(json["clusters"][0]["centroid"][0].get<double>(), 1.05, 1e-12);
  EXPECT_NEAR(json["clusters"][0]["centroid"][1].get<double>(), 1000, 1e-9);
  EXPECT_NEAR(json["clusters"][1]["centroid"][0].get<double>(), 9.1, 1e-12);
  EXPECT_EQ(json["rows"][0]["label"], "n1");
  EXPECT_EQ(json["rows"][5]["label"], "m2 #1");
  EXPECT_EQ(json["rows"][6]["label"], "m2 #2");
  EXPECT_EQ(json["rows"][8]["cluster"], 3);
  EXPECT_EQ(json["choices"].size(), 7u);  // 2 ... 8
  EXPECT_GT(json["silhouette"].get<double>(), 0.9);
  EXPECT_EQ(result.tables.size(), 3u);
  ASSERT_EQ(result.charts.size(), 1u);
  EXPECT_EQ(result.charts[0].panels[0].series.size(), 6u);  // points and a star for each
}

TEST(AnalyzeCluster, StandardizingDecides) {
  AnalysisSpec spec = clusters_of({"a", "b"});
  spec.clusters = 2;
  spec.standardize = false;
  const Json raw = Json::parse(analyze(spec, frame_from(kHeaps)).json);
  // In its own unit only b counts.
  EXPECT_EQ(raw["clusters"][0]["size"], 5);
  EXPECT_EQ(raw["rows"][7]["cluster"], raw["rows"][4]["cluster"]);
  EXPECT_TRUE(raw["choices"].empty());
  EXPECT_FALSE(raw["standardized"].get<bool>());
}

TEST(AnalyzeCluster, WardAndItsOrder) {
  AnalysisSpec spec = clusters_of({"a", "b"});
  spec.method = "ward";
  const AnalysisResult result = analyze(spec, frame_from(kHeaps));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["clusters"].size(), 3u);
  EXPECT_EQ(json["merges"].size(), 8u);
  EXPECT_EQ(json["leaf_order"].size(), 9u);
  ASSERT_EQ(result.charts.size(), 2u);
  const Panel& heat = result.charts[1].panels[0];
  ASSERT_EQ(heat.y.categories.size(), 9u);
  // Members of a heap stand together.
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(heat.y.categories[i], json["rows"][json["leaf_order"][i].get<std::size_t>()]["label"]);
  // Mean and sample standard deviation of b are 5444.444 and 4217.556.
  for (const HeatCells::Cell& cell : heat.heat->cells) {
    if (cell.column != 1) continue;
    const char heap = heat.y.categories[cell.row][0];
    EXPECT_EQ(*cell.value < 0, heap == 'n') << heat.y.categories[cell.row];
    EXPECT_NEAR(*cell.value, (std::stod(cell.text) - 5444.444) / 4217.556, 0.002) << heat.y.categories[cell.row];
  }
  for (std::size_t i = 0, changes = 0; i + 1 < 9; ++i) {
    changes += heat.y.categories[i][0] != heat.y.categories[i + 1][0] ? 1 : 0;
    EXPECT_LE(changes, 2u);
  }
}

TEST(AnalyzeCluster, OneColumn) {
  const AnalysisResult result = analyze(clusters_of({"a"}), frame_from(kHeaps));
  EXPECT_EQ(Json::parse(result.json)["clusters"].size(), 2u);
  EXPECT_EQ(result.charts[0].panels[0].y.title, "Silhouette");
}

TEST(AnalyzeCluster, GroupsAndTheDecayThroughTheirCentroids) {
  std::string csv = "batch,ms\n";
  for (const int batch : {1, 2, 4, 8, 16}) {
    const double centre = 2 + 8 * std::exp(-batch / 3.0) + (batch == 4 ? 0.05 : 0);
    for (const double offset : {-0.02, 0.0, 0.02}) csv += std::to_string(batch) + "," + std::to_string(centre + offset) + "\n";
    csv += std::to_string(batch) + ",40\n";
  }
  AnalysisSpec spec = clusters_of({"ms"});
  spec.group = "batch";
  const AnalysisResult result = analyze(spec, frame_from(csv));
  const Json json = Json::parse(result.json);
  ASSERT_EQ(json["groups"].size(), 5u);
  EXPECT_EQ(json["groups"][0]["group"], 1);
  EXPECT_EQ(json["groups"][0]["n"], 3);
  EXPECT_EQ(json["groups"][0]["all"], 4);
  EXPECT_NEAR(json["groups"][0]["centroid"].get<double>(), 2 + 8 * std::exp(-1 / 3.0), 1e-5);
  EXPECT_EQ(json["curve"]["model"], "exponential_decay");
  EXPECT_NEAR(json["curve"]["parameters"][2]["value"].get<double>(), 3, 0.1);
  EXPECT_EQ(result.charts[0].panels[0].bands.size(), 2u);
  EXPECT_EQ(result.charts[0].panels[0].series[1].name, "other clusters");
  EXPECT_EQ(result.charts[0].panels[0].series[1].points.size(), 5u);

  const Json few = Json::parse(analyze(spec, frame_from("batch,ms\n1,2\n2,3\n1,2.1\n")).json);
  EXPECT_TRUE(few["curve"].is_null());
  EXPECT_NE(few["curve_refused"].get<std::string>().find("too few"), std::string::npos);
}

TEST(AnalyzeCluster, Errors) {
  const auto usage = [](const AnalysisSpec& spec) { return message(ErrorCode::usage, [&] { analyze(spec, frame_from(kHeaps)); }); };
  AnalysisSpec spec = clusters_of({"a", "a"});
  EXPECT_NE(usage(spec).find("named twice"), std::string::npos);
  spec = clusters_of({"a", "b"});
  spec.method = "dbscan";
  EXPECT_NE(usage(spec).find("unknown method 'dbscan'"), std::string::npos);
  spec.method = "";
  spec.clusters = 1;
  EXPECT_NE(usage(spec).find("2 or more"), std::string::npos);
  spec.clusters.reset();
  spec.group = "model";
  EXPECT_NE(usage(spec).find("one column"), std::string::npos);
  spec = clusters_of({"a"});
  spec.group = "a";
  EXPECT_NE(usage(spec).find("both group and column"), std::string::npos);
  for (const char* method : {"kmeans", "ward"}) {
    spec = clusters_of({"a", "b"});
    spec.method = method;
    spec.clusters = 10;
    EXPECT_NE(message(ErrorCode::input, [&] { analyze(spec, frame_from(kHeaps)); }).find("t.csv: 10 clusters are more than the 9"),
              std::string::npos);
    spec.clusters.reset();
    EXPECT_NE(message(ErrorCode::input, [&] { analyze(spec, frame_from("a,b\n1,2\n1,3\n1,4\n")); }).find("t.csv: a is 1 in every row"),
              std::string::npos);
    EXPECT_NE(message(ErrorCode::input, [&] { analyze(spec, frame_from("a,b\n1,2\n2,3\n")); }).find("2"), std::string::npos);
  }
}

}  // namespace
}  // namespace inferometer::report

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "report/analysis.h"
#include "report/frame_where.h"
#include "report/network_columns.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::json;

Frame frame_from(const std::string& text) { return frame_of(parse_csv(text, "t.csv")); }

AnalysisSpec spec_of(const std::vector<std::string>& features) {
  AnalysisSpec spec;
  spec.type = "predict";
  spec.response = "ms";
  spec.features = features;
  spec.confidence = 0.8;
  return spec;
}

bool says(const AnalysisResult& result, const std::string& part) {
  for (const std::string& sentence : result.sentences) {
    if (sentence.find(part) != std::string::npos) return true;
  }
  return false;
}

/// ms = 2 macs but for net e, which takes four times that.
const std::string kRows =
    "model,family,batch,macs,ms\n"
    "a,x,1,1,2\na,x,2,2,4\n"
    "b,x,1,3,6\nb,x,2,4,8\n"
    "c,y,1,5,10\nc,y,2,6,12\n"
    "d,y,1,7,14\nd,y,2,8,16\n"
    "e,z,1,9,72\ne,z,2,10,80\n";

const Json& error_line(const Json& json, const std::string& held_out) {
  for (const Json& line : json["errors"]) {
    if (line["held_out"] == held_out) return line;
  }
  ADD_FAILURE() << held_out;
  return json;
}

TEST(AnalyzePredict, AHeldOutNetIsPredictedByTheOthersAlone) {
  const AnalysisResult result = analyze(spec_of({"macs"}), frame_from(kRows));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["form"], "log_log");
  EXPECT_EQ(json["n"], 10);
  EXPECT_EQ(json["nets"], 5);
  EXPECT_EQ(json["families"], 3);
  // The others follow ms = 2 macs exactly, so e is predicted at a quarter of what it takes.
  EXPECT_NEAR(json["rows"][8]["predicted"].get<double>(), 18, 1e-9);
  EXPECT_NEAR(json["rows"][8]["error_percent"].get<double>(), -75, 1e-9);
  EXPECT_NEAR(json["rows"][8]["family_predicted"].get<double>(), 18, 1e-9);
  // The fit has seen e, and is nearer to it.
  EXPECT_GT(json["rows"][8]["fitted"].get<double>(), 30);
  // Without a the others must be drawn out to a third of their least operations, e's times among them: a is farther off still.
  double largest = 0;
  for (const Json& row : json["rows"])
    largest = std::max(largest, std::fabs(std::log(row["predicted"].get<double>() / row["measured"].get<double>())));
  EXPECT_NEAR(std::fabs(std::log(json["rows"][0]["predicted"].get<double>() / 2)), largest, 1e-12);
  EXPECT_EQ(json["worst"][0], "a, batch 1");
  EXPECT_LT(error_line(json, "nothing")["mean_percent"].get<double>(), error_line(json, "one net")["mean_percent"].get<double>());
  EXPECT_EQ(error_line(json, "one net")["rows"], 10);
  EXPECT_EQ(error_line(json, "one family")["groups"], 3);
  EXPECT_EQ(json["intervals"], 10);
  EXPECT_TRUE(says(result, "does not speak of other nets"));
  EXPECT_TRUE(says(result, "Farthest off with the net held out: a, batch 1 ("));
  EXPECT_TRUE(says(result, "Note: rows of one net differ in batch, which is no feature"));
}

TEST(AnalyzePredict, TablesAndChart) {
  const AnalysisResult result = analyze(spec_of({"macs"}), frame_from(kRows));
  ASSERT_EQ(result.tables.size(), 3u);
  EXPECT_EQ(result.tables[0].rows.size(), 3u);
  EXPECT_EQ(result.tables[2].rows.size(), 10u);
  EXPECT_EQ(result.tables[2].columns[1], "batch");
  ASSERT_EQ(result.charts.size(), 1u);
  ASSERT_EQ(result.charts[0].panels.size(), 2u);
  const Panel& panel = result.charts[0].panels[0];
  EXPECT_EQ(panel.x.low, panel.y.low);
  EXPECT_EQ(panel.x.high, panel.y.high);
  ASSERT_EQ(panel.series.size(), 2u);
  EXPECT_EQ(panel.series[0].points[0].x, panel.series[0].points[0].y);
  EXPECT_EQ(panel.series[1].points.size(), 10u);
  EXPECT_EQ(panel.series[1].points[8].x, 72);
  EXPECT_NEAR(panel.series[1].points[8].y, 18, 1e-9);
  EXPECT_EQ(panel.series[1].points[8].label, "e, batch 1");
}

TEST(AnalyzePredict, AdditiveCostsAndNoFamilies) {
  AnalysisSpec spec = spec_of({"macs", "batch"});
  spec.form = "additive";
  spec.family = "kin";
  const AnalysisResult result = analyze(spec, frame_from(kRows));
  const Json json = Json::parse(result.json);
  EXPECT_TRUE(json["families"].is_null());
  EXPECT_TRUE(json["rows"][0]["family_predicted"].is_null());
  EXPECT_NEAR(json["rows"][8]["predicted"].get<double>(), 18, 1e-9);
  EXPECT_TRUE(says(result, "Note: no family is held out: the column kin does not tell families apart"));
  EXPECT_EQ(result.charts[0].panels.size(), 1u);
  spec.confidence = 0.9;
  const AnalysisResult narrow = analyze(spec, frame_from(kRows));
  EXPECT_TRUE(Json::parse(narrow.json)["rows"][0]["low"].is_null());
  EXPECT_TRUE(says(narrow, "Note: no intervals: 90 % needs at least 10 nets"));
}

TEST(AnalyzePredict, RowsThatCannotBeUsedAreCounted) {
  const AnalysisResult result =
      analyze(spec_of({"macs"}),
              frame_from("model,macs,ms,verdict\na,1,2,valid\nb,2,4,valid\nc,3,x,valid\nd,4,9,invalid\ne,,3,valid\nf,6,12,valid\n"));
  EXPECT_EQ(Json::parse(result.json)["n"], 3);
  EXPECT_TRUE(says(result, "because the verdict is invalid"));
  EXPECT_TRUE(says(result, "because ms holds text there, such as \"x\""));
  EXPECT_TRUE(says(result, "because macs is empty"));
}

struct Wrong {
  const char* csv;
  std::vector<std::string> features;
  const char* form;
  ErrorCode code;
  const char* message;
};

TEST(AnalyzePredict, Errors) {
  const Wrong cases[] = {
      {"model,macs,ms\na,1,2\nb,2,4\nc,3,6\n", {"macs"}, "loglog", ErrorCode::usage, "predict: unknown form 'loglog'"},
      {"model,macs,ms\na,1,2\nb,2,4\nc,3,6\n", {"macs", "macs"}, "", ErrorCode::usage, "macs is named twice"},
      {"model,macs,ms\na,1,2\nb,2,4\nc,3,6\n", {"ms"}, "", ErrorCode::usage, "ms is named twice"},
      {"model,macs,ms\na,1,2\nb,2,4\nc,3,6\n", {"mac"}, "", ErrorCode::input, "t.csv: there is no column 'mac'"},
      {"model,macs,ms\na,0,2\nb,2,4\nc,3,6\n", {"macs"}, "", ErrorCode::input, "t.csv: macs holds 0, which has no logarithm"},
      {"model,macs,ms\na,-1,2\nb,2,4\nc,3,6\n", {"macs"}, "additive", ErrorCode::input, "t.csv: macs holds -1"},
      {"model,macs,ms\na,1,0\nb,2,4\nc,3,6\n", {"macs"}, "", ErrorCode::input, "t.csv: ms holds 0: only positive figures"},
      {"model,macs,ms\na,1,1\nb,1,4\nc,1,6\n", {"macs"}, "", ErrorCode::input, "t.csv: macs is 1 in every row"},
      {"model,macs,ms\na,1,1\na,2,4\na,3,6\n", {"macs"}, "", ErrorCode::input, "t.csv: model names one net only"},
      {"model,macs,ms\na,1,1\nb,2,4\n", {"macs"}, "", ErrorCode::input, "t.csv: ms from macs: "},
      {"model,macs,x,ms\na,1,2,1\nb,2,4,4\nc,3,6,5\nd,4,8,7\n", {"macs", "x"}, "", ErrorCode::input, "a sum of others"},
  };
  for (const Wrong& each : cases) {
    AnalysisSpec spec = spec_of(each.features);
    spec.form = each.form;
    try {
      analyze(spec, frame_from(each.csv));
      ADD_FAILURE() << each.message;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), each.code) << error.what();
      EXPECT_NE(std::string(error.what()).find(each.message), std::string::npos) << error.what();
    }
  }
}

TEST(NetworkColumns, FillWhatTheTableDoesNotSay) {
  Frame frame = frame_from(
      "model,input_height,input_width,parameters\nresnet18,32,32,\nresnet18,224,224,7\nmine,32,32,\nresnet18,,,\nresnet18,32,64,\n");
  add_network_columns(frame, "model", {"family", "macs", "activations", "operators", "weight_layers", "parameters"});
  // torchvision's counts, and those of the study's own script at 32 x 32.
  EXPECT_EQ(frame.texts("macs"), (std::vector<std::string>{"37523456", "1814073344", "", "", ""}));
  EXPECT_EQ(frame.texts("activations"), (std::vector<std::string>{"51688", "2484712", "", "", ""}));
  EXPECT_EQ(frame.texts("weight_layers"), (std::vector<std::string>{"21", "21", "", "21", "21"}));
  EXPECT_EQ(frame.texts("operators")[0], "69");
  EXPECT_EQ(frame.texts("parameters"), (std::vector<std::string>{"11689512", "7", "", "11689512", "11689512"}));
  EXPECT_EQ(frame.texts("family")[0], "resnet");
  EXPECT_FALSE(frame.has("gmacs"));
  Frame other = frame_from("net\nresnet18\n");
  add_network_columns(other, "model", {"macs"});
  EXPECT_FALSE(other.has("macs"));
}

TEST(AnalyzePredict, TheStudysTableByCostAlone) {
  const std::filesystem::path features = std::filesystem::path(INFEROMETER_SHARED_DIR) / "reference/modeltest_model_features.csv";
  if (!std::filesystem::exists(features)) GTEST_SKIP() << features << " is not there";
  const std::filesystem::path times = std::filesystem::path(INFEROMETER_SOURCE_DIR) / "published/modeltest_colab_latency.csv";
  const Frame all = joined(frame_of(read_csv(times)), frame_of(read_csv(features)));
  AnalysisSpec spec;
  spec.type = "predict";
  spec.response = "ms_per_image";
  // All that a net's graph says of its cost at the input that was timed; nothing is chosen by looking at errors.
  spec.features = {"device_ops_eager", "conv_layers", "params_millions", "macs_32", "conv_fc_output_elems_32"};
  spec.confidence = 0.9;
  const Json json = Json::parse(analyze(spec, all.filtered(rows_where(all, "batch=1"))).json);
  EXPECT_EQ(json["nets"], 39);
  // By numpy's lstsq, refitted 39 times.
  EXPECT_NEAR(error_line(json, "one net")["median_percent"].get<double>(), 12.2627, 0.0001);
  EXPECT_LE(error_line(json, "one net")["median_percent"].get<double>(), 13);
  EXPECT_LT(error_line(json, "nothing")["median_percent"].get<double>(), error_line(json, "one net")["median_percent"].get<double>());
  EXPECT_EQ(json["intervals"], 39);
  EXPECT_EQ(json["covered"], 36);
}

}  // namespace
}  // namespace inferometer::report

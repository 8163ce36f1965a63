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

AnalysisSpec fit_of(const std::string& model) {
  AnalysisSpec spec;
  spec.type = "fit";
  spec.x = "x";
  spec.y = "y";
  spec.model = model;
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

bool says(const AnalysisResult& result, const std::string& part) {
  for (const std::string& sentence : result.sentences) {
    if (sentence.find(part) != std::string::npos) return true;
  }
  return false;
}

const std::string kByHand = "x,y\n1,2\n2,4\n3,5\n4,4\n5,5\n";

TEST(AnalyzeFit, ALineByHand) {
  const AnalysisResult result = analyze(fit_of("linear"), frame_from(kByHand));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["model"], "linear");
  EXPECT_EQ(json["n"], 5);
  EXPECT_EQ(json["degrees_of_freedom"], 3);
  EXPECT_NEAR(json["parameters"][0]["value"].get<double>(), 2.2, 1e-14);
  EXPECT_NEAR(json["parameters"][1]["value"].get<double>(), 0.6, 1e-14);
  EXPECT_NEAR(json["parameters"][1]["standard_error"].get<double>(), std::sqrt(0.08), 1e-14);
  EXPECT_NEAR(json["parameters"][1]["low"].get<double>(), 0.6 - 3.182446305284263 * std::sqrt(0.08), 1e-12);
  EXPECT_NEAR(json["covariance"][0][1].get<double>(), -0.24, 1e-14);
  EXPECT_NEAR(json["r_squared"].get<double>(), 0.6, 1e-14);
  EXPECT_NEAR(json["rmse"].get<double>(), std::sqrt(0.48), 1e-14);
  EXPECT_NEAR(json["residual_stddev"].get<double>(), std::sqrt(0.8), 1e-14);
  EXPECT_NEAR(json["residuals"][2].get<double>(), 1, 1e-14);
  EXPECT_EQ(json["curve"].size(), 101u);
  EXPECT_EQ(json["curve"][100]["x"], 5);
  EXPECT_NEAR(json["curve"][50]["prediction_high"].get<double>(), 4 + 3.182446305284263 * std::sqrt(0.8 * 1.2), 1e-12);
  EXPECT_FALSE(json.contains("ranking"));
  EXPECT_EQ(result.tables.size(), 2u);
  EXPECT_TRUE(says(result, "explains 60.0 % of the variance of y"));
  EXPECT_TRUE(says(result, "interval of b contains 0"));
  ASSERT_EQ(result.charts.size(), 2u);
  EXPECT_EQ(result.charts[0].panels[0].bands.size(), 2u);
  EXPECT_EQ(result.charts[0].panels[0].series[0].points.size(), 5u);
  EXPECT_EQ(result.charts[1].panels[0].series[0].points.size(), 5u);
}

TEST(AnalyzeFit, ConfidenceReachesIntervalsAndBands) {
  AnalysisSpec spec = fit_of("linear");
  spec.confidence = 0.9;
  const AnalysisResult result = analyze(spec, frame_from(kByHand));
  const Json json = Json::parse(result.json);
  EXPECT_NEAR(json["curve"][50]["prediction_high"].get<double>(), 4 + 2.353363434801823 * std::sqrt(0.8 * 1.2), 1e-12);
  EXPECT_TRUE(says(result, "90 % prediction band"));
  EXPECT_NE(result.charts[0].panels[0].bands[0].name.find("90 %"), std::string::npos);
}

TEST(AnalyzeFit, AutoSaysThatItRanked) {
  std::string csv = "x,y,model\n";
  for (int i = 1; i <= 20; ++i) csv += std::to_string(i) + "," + std::to_string(50 + 8 * std::log(i) + 0.05 * (i % 3)) + ",net\n";
  const AnalysisResult result = analyze(fit_of("auto"), frame_from(csv));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["model"], "logarithmic");
  EXPECT_TRUE(says(result, "ranked by AICc"));
  EXPECT_TRUE(says(result, "do not know that the model was chosen by the same points"));
  double sum = 0;
  for (const Json& model : json["ranking"]) sum += model["weight"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(json["ranking"][0]["aicc_difference"], 0);
  const Json &first = json["ranking"][0], &second = json["ranking"][1];
  EXPECT_NEAR(second["aicc_difference"].get<double>(), second["aicc"].get<double>() - first["aicc"].get<double>(), 1e-9);
  EXPECT_NEAR(std::log(first["weight"].get<double>() / second["weight"].get<double>()), second["aicc_difference"].get<double>() / 2, 1e-9);
  EXPECT_EQ(json["ranking"].size() + json["refused"].size(), 6u);
  EXPECT_EQ(result.charts[0].panels[0].x.scale, Scale::log10);
  EXPECT_EQ(result.charts[1].panels[0].series[0].points[0].tooltip, "net");
}

TEST(AnalyzeFit, APerfectFitHasNullsAndNoNaN) {
  const AnalysisResult result = analyze(fit_of("auto"), frame_from("x,y\n1,3\n2,5\n3,7\n4,9\n5,11\n6,13\n"));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(json["model"], "linear");
  EXPECT_TRUE(json["perfect"].get<bool>());
  EXPECT_TRUE(json["aicc"].is_null());
  EXPECT_TRUE(says(result, "nothing is known of the scatter"));
  EXPECT_EQ(result.charts.size(), 1u);
}

TEST(AnalyzeFit, TwoLinesAndEnvelopes) {
  std::string csv = "x,y\n";
  for (int i = 0; i < 12; ++i)
    csv += std::to_string(i + 1) + "," + std::to_string(i % 2 == 0 ? 3.0 * i + 20 : i * 1.0 + (i % 3) * 0.1) + "\n";
  const AnalysisResult lines = analyze(fit_of("two_lines"), frame_from(csv));
  const Json json = Json::parse(lines.json);
  EXPECT_NEAR(json["lines"][0]["slope"].get<double>(), 3, 1e-9);
  EXPECT_EQ(json["lines"][1]["n"], 6);
  EXPECT_EQ(json["line"][0], 1);
  EXPECT_TRUE(says(lines, "an assumption, not a result"));
  for (const char* model : {"envelope", "log_envelope"}) {
    const AnalysisResult envelope = analyze(fit_of(model), frame_from(csv));
    const Json found = Json::parse(envelope.json);
    EXPECT_EQ(found["model"], model);
    EXPECT_LE(found["upper"]["outside"].get<int>(), 1);
    EXPECT_EQ(envelope.charts[0].panels[0].x.scale, std::string(model) == "envelope" ? Scale::linear : Scale::log10);
    EXPECT_EQ(envelope.charts[0].panels[0].bands.size(), 1u);
  }
}

TEST(AnalyzeFit, SaysWhereTheScatterGrows) {
  std::string grows = "x,y\n", same = "x,y\n";
  for (int i = 1; i <= 30; ++i) {
    const double sign = i % 2 == 0 ? 1 : -1;
    grows += std::to_string(i) + "," + std::to_string(10 * i + sign * i) + "\n";
    same += std::to_string(i) + "," + std::to_string(10 * i + sign * (1 + i * 7 % 5)) + "\n";
  }
  EXPECT_TRUE(says(analyze(fit_of("linear"), frame_from(grows)), "the scatter grows with the curve"));
  EXPECT_FALSE(says(analyze(fit_of("linear"), frame_from(same)), "the scatter"));
}

TEST(AnalyzeFit, PublishedPointsHaveAMarkOfTheirOwn) {
  const AnalysisResult result =
      analyze(fit_of("linear"), frame_from("x,y,origin\n1,2,published\n2,4,measured\n3,5,published\n4,4,measured\n5,5,\n"));
  for (const Chart& chart : result.charts) {
    const std::vector<Series>& series = chart.panels[0].series;
    EXPECT_FALSE(series[0].published);
    EXPECT_EQ(series[0].points.size(), 3u);
    EXPECT_TRUE(series[1].published);
    EXPECT_EQ(series[1].points.size(), 2u);
  }
}

TEST(AnalyzeFit, CountsTheRowsThatItLeavesOut) {
  const AnalysisResult result = analyze(fit_of("linear"), frame_from("x,y\n1,2\n2,x\n3,5\n4,\n5,5\n"));
  EXPECT_EQ(Json::parse(result.json)["n"], 3);
  EXPECT_TRUE(says(result, "1 row of 5 is left out because y is empty."));
  EXPECT_TRUE(says(result, "such as \"x\""));
}

TEST(AnalyzeFit, Errors) {
  const auto refused = [](const std::string& model, const std::string& csv) {
    return message(ErrorCode::input, [&] { analyze(fit_of(model), frame_from(csv)); });
  };
  EXPECT_EQ(refused("linear", "x,y\n1,2\n2,3\n"), "t.csv: y against x: a linear fit: 2 points are too few, it needs 3");
  EXPECT_EQ(refused("linear", "x,y\n1,4\n2,4\n3,4\n"), "t.csv: y against x: a linear fit: y is 4 everywhere, there is nothing to describe");
  EXPECT_EQ(refused("power", "x,y\n0,4\n2,4.5\n3,4\n"), "t.csv: y against x: a power fit: x must be positive, one is 0");
  EXPECT_NE(refused("auto", "x,y\n1,4\n2,5\n3,4\n4,6\n").find("no model can be ranked: 4 points are too few for an AICc"),
            std::string::npos);
  EXPECT_NE(refused("two_lines", kByHand).find("6 points"), std::string::npos);
  EXPECT_NE(message(ErrorCode::usage, [] { analyze(fit_of("logistik"), frame_from(kByHand)); }).find("unknown model 'logistik'"),
            std::string::npos);
  AnalysisSpec same = fit_of("linear");
  same.y = "x";
  message(ErrorCode::usage, [&] { analyze(same, frame_from(kByHand)); });
}

}  // namespace
}  // namespace inferometer::report

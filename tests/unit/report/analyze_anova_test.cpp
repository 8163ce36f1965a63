#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "report/analysis.h"
#include "charts/drawing.h"

namespace inferometer::report {
namespace {

Frame frame(const std::string& csv) { return frame_of(parse_csv(csv, "times.csv")); }

AnalysisSpec spec(const std::string& response, const std::vector<std::string>& factors) {
  AnalysisSpec made;
  made.type = "anova";
  made.response = response;
  made.factors = factors;
  return made;
}

bool says(const AnalysisResult& result, const std::string& text) {
  return std::any_of(result.sentences.begin(), result.sentences.end(),
                     [&](const std::string& sentence) { return sentence.find(text) != std::string::npos; });
}

/// Every number of a JSON value is finite, since what is not would be written as null by dump(): so look for nulls in given keys only.
nlohmann::json parsed(const AnalysisResult& result) { return nlohmann::json::parse(result.json); }

const char* const kTwoNets =
    "net,batch,ms,note\na,1,10,p\na,2,5,q\na,4,2.5,p\na,8,1.3,q\nb,1,11,p\nb,2,5.6,q\nb,4,2.9,p\nb,8,1.4,q\nc,1,13,p\nc,2,6.2,q\nc,4,3.3,"
    "p\n"
    "c,8,1.7,q\n";

TEST(AnalyzeAnova, NamesTheFactorThatHides) {
  AnalysisSpec asked = spec("ms", {"net"});
  asked.log = true;
  const AnalysisResult result = analyze(asked, frame(kTwoNets));
  EXPECT_TRUE(says(result, "No difference of ln ms by net shown"));
  EXPECT_TRUE(says(result, "Note: batch varies in these rows too"));
  EXPECT_FALSE(says(result, "note varies"));
  EXPECT_EQ(parsed(result)["pairs"].size(), 3u);
  EXPECT_EQ(result.charts.size(), 1u);
}

TEST(AnalyzeAnova, BothFactorsFindIt) {
  AnalysisSpec asked = spec("ms", {"net", "batch"});
  asked.log = true;
  const AnalysisResult result = analyze(asked, frame(kTwoNets));
  EXPECT_TRUE(says(result, "ln ms differs by net beyond batch"));
  EXPECT_TRUE(says(result, "Tested alone, net has"));
  EXPECT_TRUE(says(result, "Each combination has one value"));
  const auto json = parsed(result);
  EXPECT_EQ(json["terms"][0]["term"], "net");
  EXPECT_EQ(json["adjusted"].size(), 2u);
  EXPECT_EQ(json["one_way"][1]["factor"], "batch");
  EXPECT_EQ(result.charts.size(), 2u);
  for (const Chart& chart : result.charts) EXPECT_FALSE(chart_json(chart).empty());
  for (const Table& table : result.tables) {
    for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << table.title;
  }
}

// A factor that another one explains away.
TEST(AnalyzeAnova, SaysWhatIsAnothersEffect) {
  const AnalysisResult result = analyze(
      spec("ms", {"device", "net"}),
      frame("device,net,ms\nx,a,1.0\nx,a,1.2\nx,a,0.9\nx,b,5.1\ny,a,1.1\ny,b,5.0\ny,b,5.2\ny,b,4.9\ny,b,5.1\nx,a,1.1\ny,b,5.0\nx,a,1.0\n"));
  EXPECT_TRUE(says(result, "Note: tested alone, device has"));
  EXPECT_TRUE(says(result, "No difference of ms by device beyond net shown"));
}

TEST(AnalyzeAnova, InteractionIsTestedWhenAsked) {
  AnalysisSpec asked = spec("ms", {"net", "batch"});
  asked.interaction = true;
  const AnalysisResult result =
      analyze(asked, frame("net,batch,ms\na,1,1.0\na,1,1.1\na,2,2.0\na,2,2.1\nb,1,3.0\nb,1,3.1\nb,2,1.0\nb,2,1.2\nc,1,1.0\nc,1,1.1\n"));
  EXPECT_TRUE(says(result, "The effect of net on ms depends on batch"));
  EXPECT_TRUE(says(result, "no type III sums of squares"));
  EXPECT_TRUE(says(result, "1 of 6 combinations of net and batch have no value"));
  EXPECT_TRUE(parsed(result)["sums_of_squares"]["III"].is_null());
  EXPECT_EQ(parsed(result)["terms"][2]["df"], 1);
}

TEST(AnalyzeAnova, NumbersThatAreEqualAreOneLevel) {
  const AnalysisResult result = analyze(spec("ms", {"batch"}), frame("batch,ms\n16,1\n8,2\n8.0,3\n16,4\n016,2\n"));
  const auto groups = parsed(result)["groups"];
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0]["group"], "8");
  EXPECT_EQ(groups[0]["n"], 2);
  EXPECT_EQ(groups[1]["n"], 3);
}

TEST(AnalyzeAnova, UnequalGroupsHaveNoCommonStandardError) {
  const AnalysisResult result = analyze(spec("ms", {"net"}), frame("net,ms\na,1\na,2\nb,2\nb,4\nb,5\n"));
  EXPECT_TRUE(parsed(result)["lsd_standard_error"].is_null());
  EXPECT_FALSE(parsed(result)["pairs"][0]["standard_error"].is_null());
}

TEST(AnalyzeAnova, Errors) {
  const auto message = [](const AnalysisSpec& asked, const std::string& csv) -> std::string {
    try {
      analyze(asked, frame(csv));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(spec("ms", {"net"}), "net,ms\na,1\na,2\n"),
            "times.csv: net is 'a' in every row that can be used: there is nothing to compare");
  EXPECT_EQ(message(spec("ms", {"net", "net"}), kTwoNets), "anova: a factor is named twice");
  EXPECT_EQ(message(spec("ms", {"ms"}), kTwoNets), "anova: ms is both response and factor");
  EXPECT_EQ(message(spec("ms", {"nett"}), kTwoNets), "times.csv: there is no column 'nett'");
  EXPECT_EQ(message(spec("", {"net"}), kTwoNets), "anova: response is missing");
  std::string many = "net,ms\n";
  for (int i = 0; i < 1001; ++i) many += "n" + std::to_string(i) + ",1\n";
  EXPECT_EQ(message(spec("ms", {"net"}), many), "times.csv: net has 1001 different values");
}

}  // namespace
}  // namespace inferometer::report

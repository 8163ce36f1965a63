#include "report/analysis_fields.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::report {
namespace {

TEST(AnalysisFields, SpecFromJson) {
  const AnalysisSpec anova = analysis_spec(
      R"({"type":"anova","title":"t","response":"ms","log":true,"factors":"batch","interaction":true,"confidence":0.9,"where":"batch=1"})");
  EXPECT_EQ(anova.response, "ms");
  EXPECT_TRUE(anova.log);
  EXPECT_TRUE(anova.interaction);
  EXPECT_EQ(anova.factors, std::vector<std::string>{"batch"});
  EXPECT_EQ(anova.confidence, 0.9);
  const AnalysisSpec cluster = analysis_spec(R"({"type":"cluster","columns":["a","b"],"clusters":3,"standardize":false,"seed":7})");
  EXPECT_EQ(cluster.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(cluster.clusters, 3);
  EXPECT_FALSE(cluster.standardize);
  EXPECT_EQ(cluster.seed, 7u);
}

struct Wrong {
  const char* json;
  const char* message;
};

TEST(AnalysisFields, Errors) {
  const Wrong cases[] = {
      {R"({"type":"anowa"})", "unknown type of analysis 'anowa'"},
      {R"({"type":"anova","response":"ms"})", "anova: factors is missing"},
      {R"({"type":"anova","response":"ms","factors":["a"],"x":"b"})", "anova: does not use x"},
      {R"({"type":"fit","x":"a","y":"b","clusters":2})", "fit: does not use clusters"},
      {R"({"type":"fit","x":"a","y":"b","standardize":false})", "fit: does not use standardize"},
      {R"({"type":"fit","x":"a","y":"b","bands":true})", "unknown key 'bands'"},
      {R"({"type":"fit","x":1,"y":"b"})", "x: must be a string"},
      {R"({"type":"anova","response":"ms","factors":["a"],"log":"yes"})", "log: must be true or false"},
      {R"({"type":"anova","response":"ms","factors":[1]})", "factors: must be a string"},
      {R"({"type":"anova","response":"ms","factors":"a","confidence":1})", "anova: confidence must lie between 0 and 1"},
      {R"({"type":"cluster","columns":["a"],"clusters":2.5})", "clusters: must be a whole number"},
      {R"({"type":"cluster","columns":["a"],"seed":-1})", "seed: must be a whole number of at least 0"},
  };
  for (const Wrong& each : cases) {
    try {
      analysis_spec(each.json);
      ADD_FAILURE() << each.json;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(std::string(error.what()), each.message);
      EXPECT_FALSE(std::string(error.what()).empty());
    }
  }
}

TEST(AnalysisFields, OptionsAreNamedOnTheCommandLine) {
  AnalysisSpec spec;
  spec.type = "anova";
  spec.response = "ms";
  try {
    check_spec(spec, &AnalysisField::option);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "anova: --factor is missing");
  }
}

TEST(AnalysisFields, EveryTypeHasItsOwn) {
  for (const std::string& type : analysis_type_names()) EXPECT_FALSE(analysis_fields_of(type).empty());
  EXPECT_TRUE(analysis_fields_of("anowa").empty());
}

}  // namespace
}  // namespace inferometer::report

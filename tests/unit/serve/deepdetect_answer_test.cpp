#include "serve/deepdetect_answer.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/application.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

std::string number_label(std::int64_t index) { return std::to_string(index); }

json prediction(const std::vector<float>& scores, const ClassSelection& selection, const LabelOf& label = number_label) {
  std::string text;
  append_prediction(text, "a/\"b\".jpg", scores, selection, label);
  return json::parse(text);
}

TEST(DeepDetectAnswerTest, StatusIsTheDocumentedObject) {
  EXPECT_EQ(deepdetect_answer(200, json::object()).body, R"({"status":{"code":200,"msg":"OK"}})");
  const HttpResponse created = deepdetect_answer(201, {{"head", 1}});
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.content_type, "application/json");
  EXPECT_EQ(json::parse(created.body), json::parse(R"({"status":{"code":201,"msg":"Created"},"head":1})"));
}

TEST(DeepDetectAnswerTest, RefusalsCarryTheTextsThatBelongToTheirCodes) {
  struct Case {
    int status;
    DdCode code;
    const char* expected;
  };
  const Case cases[] = {
      {400, DdCode::none, R"({"code":400,"msg":"BadRequest","detail":"why"})"},
      {400, DdCode::bad_request, R"({"code":400,"msg":"BadRequest","dd_code":400,"dd_msg":"why"})"},
      {400, DdCode::service_input, R"({"code":400,"msg":"BadRequest","dd_code":1005,"dd_msg":"Service Input Error: why"})"},
      {400, DdCode::service_bad_request, R"({"code":400,"msg":"BadRequest","dd_code":1006,"dd_msg":"Service Bad Request Error: why"})"},
      {403, DdCode::none, R"({"code":403,"msg":"Forbidden","detail":"why"})"},
      {404, DdCode::none, R"({"code":404,"msg":"NotFound","detail":"why"})"},
      {404, DdCode::unknown_library, R"({"code":404,"msg":"NotFound","dd_code":1000,"dd_msg":"Unknown Library","detail":"why"})"},
      {404, DdCode::service_not_found, R"({"code":404,"msg":"NotFound","dd_code":1002,"dd_msg":"Service Not Found","detail":"why"})"},
      {404, DdCode::job_not_found, R"({"code":404,"msg":"NotFound","dd_code":1003,"dd_msg":"Job Not Found","detail":"why"})"},
      {404, DdCode::input_connector_not_found,
       R"({"code":404,"msg":"NotFound","dd_code":1004,"dd_msg":"Input Connector Not Found","detail":"why"})"},
      {409, DdCode::conflict, R"({"code":409,"msg":"Conflict","dd_code":1008,"dd_msg":"Train / Predict Conflict","detail":"why"})"},
      {409, DdCode::service_already_exists,
       R"({"code":409,"msg":"Conflict","dd_code":1014,"dd_msg":"Service already exists","detail":"why"})"},
      {500, DdCode::internal_error, R"({"code":500,"msg":"InternalError","dd_code":1007,"dd_msg":"why"})"},
      {500, DdCode::internal, R"({"code":500,"msg":"InternalError","dd_code":500,"dd_msg":"why"})"},
      {401, DdCode::none, R"({"code":401,"msg":"Unauthorized","detail":"why"})"},
      {408, DdCode::none, R"({"code":408,"msg":"RequestTimeout","detail":"why"})"},
      {413, DdCode::none, R"({"code":413,"msg":"PayloadTooLarge","detail":"why"})"},
      {503, DdCode::none, R"({"code":503,"msg":"ServiceUnavailable","detail":"why"})"},
  };
  for (const Case& each : cases) {
    const HttpResponse response = deepdetect_refusal(each.status, static_cast<int>(each.code), "why");
    EXPECT_EQ(response.status, each.status);
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_EQ(json::parse(response.body), (json{{"status", json::parse(each.expected)}}));
  }
  EXPECT_EQ(deepdetect_refusal(503, 0, "why").headers.front().first, "Retry-After");
  EXPECT_NO_THROW(json::parse(deepdetect_refusal(400, 1005, "bytes \xff\xfe").body));
}

TEST(DeepDetectAnswerTest, ClassesAreSortedAndTheLastSaysSo) {
  const std::vector<float> scores{0.125f, 0.5f, 0.25f, 0.125f};
  EXPECT_EQ(prediction(scores, {}), json::parse(R"({"uri":"a/\"b\".jpg","classes":[{"prob":0.5,"cat":"1","last":true}]})"));
  EXPECT_EQ(prediction(scores, {-1, 0}).at("classes"),
            json::parse(R"([{"prob":0.5,"cat":"1"},{"prob":0.25,"cat":"2"},{"prob":0.125,"cat":"0"},
            {"prob":0.125,"cat":"3","last":true}])"));
  EXPECT_EQ(prediction(scores, {3, 0}).at("classes").size(), 3u);
  EXPECT_EQ(prediction(scores, {1000, 0}).at("classes").size(), 4u);
}

TEST(DeepDetectAnswerTest, ThresholdKeepsWhatReachesIt) {
  const std::vector<float> scores{0.125f, 0.5f, 0.25f, 0.125f};
  EXPECT_EQ(prediction(scores, {-1, 0.25}).at("classes"), json::parse(R"([{"prob":0.5,"cat":"1"},{"prob":0.25,"cat":"2","last":true}])"));
  EXPECT_EQ(prediction(scores, {1, 0.6}).at("classes"), json::array());
}

TEST(DeepDetectAnswerTest, ProbabilitiesAreExactAndNumbersWithAFraction) {
  std::string text;
  append_prediction(text, "0", {1.0f, 0.1f}, {-1, 0}, number_label);
  EXPECT_NE(text.find("\"prob\":1.0,"), std::string::npos) << text;
  EXPECT_EQ(json::parse(text).at("classes").at(1).at("prob").get<double>(), static_cast<double>(0.1f));
}

TEST(DeepDetectAnswerTest, NumbersThatAreNoneAreAFailure) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    try {
      prediction({0.5f, bad}, {});
      ADD_FAILURE() << "accepted";
    } catch (const StatusError& error) {
      EXPECT_EQ(error.http(), 500);
      EXPECT_EQ(error.code(), DdCode::internal_error);
    }
  }
}

TEST(DeepDetectAnswerTest, TextsAreValidJson) {
  EXPECT_EQ(json_string("a\"\\\n"), R"("a\"\\\n")");
  EXPECT_EQ(json::parse(json_string("\xff")).get<std::string>(), "\xef\xbf\xbd");
  EXPECT_EQ(prediction({1.0f}, {}, [](std::int64_t) { return "n\"1"; }).at("classes").at(0).at("cat"), "n\"1");
}

}  // namespace
}  // namespace inferometer::serve

#include "serve/application.h"

#include <new>
#include <stdexcept>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "serve/http_target.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

struct ApplicationTest : testing::Test {
  HttpRequest request(const std::string& method, const std::string& target) const {
    auto parts = split_target(target);
    HttpRequest result;
    result.method = method;
    result.target = target;
    result.path = std::move(parts->path);
    result.query = std::move(parts->query);
    result.received = steady_now();
    return result;
  }
  HttpResponse ask(const std::string& method, const std::string& target) { return application->handle(request(method, target)); }

  Shared shared{.options = {}, .engines = {}, .registry = Registry(4)};
  std::unique_ptr<Application> application = make_application(shared);
};

TEST_F(ApplicationTest, WhatMayTakeLongLeavesTheSocketThread) {
  struct {
    const char *method, *target;
    Lane lane;
  } const cases[] = {
      {"GET", "/info", Lane::quick},         {"GET", "/health", Lane::quick},         {"GET", "/metrics", Lane::quick},
      {"GET", "/services/a", Lane::quick},   {"GET", "/v2/health/live", Lane::quick}, {"PUT", "/nowhere", Lane::quick},
      {"POST", "/train", Lane::quick},       {"PUT", "/services/a", Lane::slow},      {"POST", "/services/a", Lane::slow},
      {"DELETE", "/services/a", Lane::slow}, {"POST", "/predict", Lane::slow},        {"POST", "/v2/models/a/infer", Lane::slow},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(application->lane(request(each.method, each.target)), each.lane) << each.method << ' ' << each.target;
  }
}

TEST_F(ApplicationTest, RefusalsHaveTheShapeOfTheirRoute) {
  const HttpResponse deepdetect = application->refusal(413, "/predict?x", "too long");
  EXPECT_EQ(deepdetect.status, 413);
  EXPECT_EQ(deepdetect.content_type, "application/json");
  json answer = json::parse(deepdetect.body);
  EXPECT_EQ(answer["status"]["code"], 413);
  EXPECT_FALSE(answer["status"].contains("dd_code"));
  const HttpResponse v2 = application->refusal(413, "/v2/models/a/infer", "too long");
  EXPECT_EQ(v2.status, 413);
  EXPECT_EQ(json::parse(v2.body), json({{"error", "too long"}}));
  // Where nothing of the target was read, or nothing that could be.
  EXPECT_EQ(json::parse(application->refusal(400, "", "what?").body)["status"]["code"], 400);
  EXPECT_EQ(json::parse(application->refusal(400, "/%zz", "what?").body)["status"]["code"], 400);
  answer = json::parse(application->refusal(500, "/predict", "memory ran out").body);
  EXPECT_EQ(answer["status"]["dd_code"], 1007);
  EXPECT_EQ(shared.metrics.counts(Route::predict).answers, (std::map<int, std::uint64_t>{{413, 1}, {500, 1}}));
  EXPECT_EQ(shared.metrics.counts(Route::other).answers, (std::map<int, std::uint64_t>{{400, 2}}));
  EXPECT_EQ(shared.metrics.counts(Route::kserve).answers, (std::map<int, std::uint64_t>{{413, 1}}));
}

TEST_F(ApplicationTest, NothingThatIsThrownLeavesIt) {
  shared.counts = []() -> HttpServerCounts { throw std::runtime_error("a mistake"); };
  HttpResponse response = ask("GET", "/metrics");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(json::parse(response.body)["status"]["dd_msg"], "internal error: a mistake");
  shared.counts = []() -> HttpServerCounts { throw std::bad_alloc(); };
  response = ask("GET", "/metrics");
  EXPECT_EQ(json::parse(response.body)["status"]["dd_msg"], "memory ran out");
  EXPECT_EQ(json::parse(response.body)["status"]["dd_code"], 1007);
  shared.counts = []() -> HttpServerCounts { throw Error(ErrorCode::io, "the disk is gone"); };
  response = ask("GET", "/metrics");
  EXPECT_EQ(json::parse(response.body)["status"]["code"], 500);
  EXPECT_EQ(shared.metrics.counts(Route::metrics).answers, (std::map<int, std::uint64_t>{{500, 3}}));
}

TEST_F(ApplicationTest, MetricsCountThemselves) {
  shared.counts = [] { return HttpServerCounts{.connections = 7, .requests = 9, .refused_connections = 1, .open_connections = 3}; };
  ask("GET", "/info");
  ask("POST", "/info");
  ask("GET", "/metrics");
  const HttpResponse response = ask("GET", "/metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"inferometer_requests_total{route=\"/info\",status=\"200\"} 1\n", "inferometer_requests_total{route=\"/info\",status=\"404\"} 1\n",
        "inferometer_requests_total{route=\"/metrics\",status=\"200\"} 1\n",
        "\ninferometer_request_duration_seconds_count{route=\"/info\"} 2\n",
        "\ninferometer_request_duration_seconds_bucket{route=\"/info\",le=\"+Inf\"} 2\n", "\ninferometer_connections_total 7\n",
        "\ninferometer_refused_connections_total 1\n", "\ninferometer_open_connections 3\n", "\ninferometer_services 0\n",
        "# TYPE inferometer_request_duration_seconds histogram\n"}) {
    EXPECT_NE(response.body.find(line), std::string::npos) << line << response.body;
  }
}

TEST(RequestMetrics, RangesHoldTheirUpperEnds) {
  BatchHistogram histogram;
  for (const double images : {1.0, 2.0, 3.0, 256.0, 257.0}) histogram.add(images);
  EXPECT_EQ(histogram.counts, (std::array<std::uint64_t, 10>{1, 1, 1, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(histogram.sum, 519);
  RequestMetrics metrics;
  metrics.count_answer(Route::info, 200, std::chrono::microseconds(700));
  EXPECT_EQ(metrics.counts(Route::info).duration.counts[1], 1U);
  EXPECT_DOUBLE_EQ(metrics.counts(Route::info).duration.sum, 0.0007);
}

}  // namespace
}  // namespace inferometer::serve

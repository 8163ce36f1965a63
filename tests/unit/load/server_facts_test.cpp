#include "load/server_facts.h"

#include "test_server.h"

namespace inferometer::load {
namespace {

const std::string kService =
    R"({"status":{"code":200,"msg":"OK"},"body":{"mllib":"caffe","repository":"nets/a","parameters":{"mllib":{"maxBatchSize":8}},)"
    R"("engine":{"name":"onnxruntime"},"service_stats":{"predict_success":10,"predict_failure":1,"inference_count":40,)"
    R"("total_predict_duration_ms":100.5,"total_transform_duration_ms":20.25}}})";

std::string path_of(const std::string& request) { return request.substr(0, request.find(" HTTP")); }

TestAnswer deepdetect(const std::string& request) {
  const std::string path = path_of(request);
  if (path == "GET /p/info") return {http_answer(200, R"({"status":{"code":200},"head":{"version":"9"}})")};
  if (path == "GET /p/services/a%20b") return {http_answer(200, kService)};
  return {http_answer(404, R"({"status":{"code":404,"msg":"NotFound","dd_code":1002,"dd_msg":"Service Not Found"}})")};
}

Target target_of(const TestServer& server, Interface interface) {
  Target target;
  target.port = server.port();
  target.interface = interface;
  return target;
}

Address address_of(const TestServer& server) { return find_server("127.0.0.1", server.port(), milliseconds(2000)); }

TEST(ServerFacts, are_deepdetects) {
  TestServer server(deepdetect);
  const Target target = target_of(server, Interface::deepdetect);
  const ServerFacts facts = ask_server(target, address_of(server), "/p", "a b");
  EXPECT_EQ(facts.server, "deepdetect");
  EXPECT_EQ(facts.version, "9");
  EXPECT_EQ(facts.model, "nets/a");
  EXPECT_EQ(facts.engine, "onnxruntime");
  EXPECT_EQ(facts.batch, 8);
  ASSERT_TRUE(facts.counters);
  EXPECT_EQ(facts.counters->calls, 10);
  EXPECT_EQ(facts.counters->images, 40);
  EXPECT_EQ(facts.counters->predict_ms, 100.5);
  EXPECT_EQ(facts.counters->transform_ms, 20.25);
  expect_error(ErrorCode::input, "Service Not Found", [&] { ask_server(target, address_of(server), "/p", "c"); });
  expect_error(ErrorCode::input, "404", [&] { ask_server(target, address_of(server), "", "a b"); });
}

TEST(ServerFacts, are_kserves) {
  TestServer server([](const std::string& request) {
    const std::string path = path_of(request);
    if (path == "GET /v2") return TestAnswer{http_answer(200, R"({"name":"n","version":"1","extensions":[]})")};
    if (path == "GET /v2/models/m")
      return TestAnswer{
          http_answer(200, R"({"name":"m","platform":"onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,3,8,9]}],"outputs":[]})")};
    if (path == "GET /v2/models/flat") return TestAnswer{http_answer(200, R"({"name":"m","inputs":[{"name":"x","shape":[-1,7]}]})")};
    return TestAnswer{http_answer(404, R"({"error":"no such model"})")};
  });
  const Target target = target_of(server, Interface::kserve);
  const ServerFacts facts = ask_server(target, address_of(server), "", "m");
  EXPECT_EQ(facts.tensor_name, "x");
  ASSERT_TRUE(facts.geometry);
  EXPECT_EQ(facts.geometry->channels, 3);
  EXPECT_EQ(facts.geometry->height, 8);
  EXPECT_EQ(facts.geometry->width, 9);
  EXPECT_FALSE(ask_server(target, address_of(server), "", "flat").geometry);
  expect_error(ErrorCode::input, "no such model", [&] { ask_server(target, address_of(server), "", "other"); });
}

TEST(ServerFacts, of_a_plain_server_are_none) {
  TestServer server([](const std::string&) { return TestAnswer{http_answer(500, "")}; });
  EXPECT_EQ(ask_server(target_of(server, Interface::post), address_of(server), "", "").server, "");
  EXPECT_EQ(server.requests(), 0);
}

TEST(FirstAnswer, must_be_what_the_interface_gives) {
  struct Case {
    Interface interface;
    TestAnswer answer;
    const char* text;  ///< nullptr: well
  };
  const std::string good = R"({"head":{"time":1.5},"body":{"predictions":[{},{}]}})";
  const std::vector<Case> cases = {
      {Interface::post, {http_answer(200, "anything")}, nullptr},
      {Interface::post, {http_answer(500, "no\nmemory")}, "500 no memory"},
      {Interface::deepdetect, {http_answer(200, good)}, nullptr},
      {Interface::deepdetect, {http_answer(200, R"({"head":{"time":1},"body":{"predictions":[{},{},{}]}})")}, "3 predictions for 2 images"},
      {Interface::deepdetect, {http_answer(200, R"({"head":{"time":1},"body":{"predictions":[]}})")}, "0 predictions"},
      {Interface::deepdetect, {http_answer(200, R"({"body":{"predictions":[{}]}})")}, "none of DeepDetect's"},
      {Interface::deepdetect, {http_answer(200, "<html>")}, "no JSON"},
      {Interface::deepdetect,
       {http_answer(400, R"({"status":{"code":400,"msg":"BadRequest","dd_msg":"Service Input Error: x"}})")},
       "Service Input Error: x"},
      {Interface::kserve, {http_answer(200, R"({"outputs":[{"shape":[2,10]}]})")}, nullptr},
      {Interface::kserve, {http_answer(200, R"({"outputs":[{"shape":[1,10]}]})")}, "1 rows for 2 images"},
      {Interface::kserve, {http_answer(200, "{}")}, "no output"},
      {Interface::post, {"SSH-2.0\r\n"}, "no HTTP answer"},
      {Interface::post, {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", milliseconds(0), true}, "closed before"},
  };
  for (const Case& each : cases) {
    TestServer server([&](const std::string&) { return each.answer; });
    Target target = target_of(server, each.interface);
    target.bodies = {"{}"};
    target.images_per_request = 2;
    SCOPED_TRACE(each.answer.bytes);
    if (each.text == nullptr) {
      EXPECT_NO_THROW(require_answer(target, address_of(server)));
    } else {
      expect_error(
          each.text == std::string("no HTTP answer") || each.text == std::string("closed before") ? ErrorCode::io : ErrorCode::input,
          each.text, [&] { require_answer(target, address_of(server)); });
    }
  }
}

TEST(Services, are_created_and_deleted) {
  std::string put, removed;
  TestServer server([&](const std::string& request) {
    (request.starts_with("PUT") ? put : removed) = request;
    return TestAnswer{http_answer(request.find("bad") == std::string::npos ? 201 : 400,
                                  R"({"status":{"code":400,"msg":"BadRequest","dd_msg":"Service Bad Request Error"}})")};
  });
  const Target target = target_of(server, Interface::deepdetect);
  create_service(target, address_of(server), "", "s", "caffe", "nets/a", R"({"input":{"width":227},"mllib":{"nclasses":5}})");
  EXPECT_NE(put.find("PUT /services/s HTTP/1.1"), std::string::npos);
  EXPECT_NE(put.find(R"("input":{"connector":"image","width":227})"), std::string::npos) << put;
  EXPECT_NE(put.find(R"("model":{"repository":"nets/a"})"), std::string::npos) << put;
  EXPECT_NE(put.find(R"("mllib":"caffe")"), std::string::npos) << put;
  delete_service(target, address_of(server), "", "s");
  EXPECT_EQ(path_of(removed), "DELETE /services/s?clear=mem");
  expect_error(ErrorCode::input, "Service Bad Request Error",
               [&] { create_service(target, address_of(server), "", "bad", "caffe", "x", ""); });
  expect_error(ErrorCode::usage, "--parameters", [&] { create_service(target, address_of(server), "", "s", "caffe", "x", "[1]"); });
}

WholeRun whole_run() {
  WholeRun whole;
  whole.requests = 11;
  whole.ok = 10;
  whole.wait_ms = 5;
  whole.connect_ms = 2;
  whole.answer_ms = 122;
  whole.server_ms = 100;
  return whole;
}

double sum(const store::LoadRow& row) {
  return *row.wait_ms + row.connect_ms.value_or(0) + row.transport_ms.value_or(0) + row.transform_ms.value_or(0) +
         row.predict_ms.value_or(0) + *row.unexplained_ms;
}

TEST(Reconcile, lays_the_clients_time_and_the_servers_side_by_side) {
  store::LoadRow row;
  reconcile(whole_run(), ServiceCounters{3, 0, 3, 50, 10}, ServiceCounters{13, 0, 13, 140, 40}, row);
  EXPECT_DOUBLE_EQ(*row.wait_ms, 0.5);
  EXPECT_DOUBLE_EQ(*row.connect_ms, 0.2);
  EXPECT_DOUBLE_EQ(*row.transport_ms, 2);  // 122 - 2 - 100
  EXPECT_DOUBLE_EQ(*row.transform_ms, 3);
  EXPECT_DOUBLE_EQ(*row.predict_ms, 6);
  EXPECT_DOUBLE_EQ(*row.unexplained_ms, 1);  // head.time says 10, the counters 9
  EXPECT_NEAR(sum(row), 12.7, 1e-9);
  EXPECT_TRUE(row.notes.empty());
}

TEST(Reconcile, says_what_the_engine_took_where_the_server_tells) {
  store::LoadRow row;
  reconcile(whole_run(), ServiceCounters{3, 0, 3, 50, 10, 25}, ServiceCounters{13, 0, 13, 140, 40, 75}, row);
  ASSERT_EQ(row.notes.size(), 1u);
  EXPECT_EQ(row.notes.front(),
            "of predict's 6 ms the engine's inference was 5 ms; the server and the transport took 3 ms of a request besides pictures and "
            "inference");
}

TEST(Reconcile, hides_no_disagreement) {
  store::LoadRow row;
  reconcile(whole_run(), ServiceCounters{0, 0, 0, 0, 0}, ServiceCounters{20, 0, 20, 300, 20}, row);
  EXPECT_DOUBLE_EQ(*row.unexplained_ms, -5);  // the counters claim more than the answers did
  ASSERT_EQ(row.notes.size(), 1u);
  EXPECT_NE(row.notes.front().find("20 good calls, this client 10"), std::string::npos);
  row = {};
  reconcile(whole_run(), std::nullopt, std::nullopt, row);
  EXPECT_FALSE(row.transform_ms);
  EXPECT_DOUBLE_EQ(*row.unexplained_ms, 10);
  WholeRun silent = whole_run();
  silent.server_ms = 0;
  row = {};
  reconcile(silent, std::nullopt, std::nullopt, row);
  EXPECT_FALSE(row.transport_ms);
  EXPECT_DOUBLE_EQ(*row.unexplained_ms, 12);
  EXPECT_NEAR(sum(row), 12.7, 1e-9);
  row = {};
  reconcile(WholeRun{}, std::nullopt, std::nullopt, row);
  EXPECT_FALSE(row.wait_ms);
}

}  // namespace
}  // namespace inferometer::load

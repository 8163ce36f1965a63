#include "serve/http_server.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "raw_client.h"
#include "serve/http_encoding.h"

namespace inferometer::serve {
namespace {

using std::chrono::milliseconds;

/// Answers what it was asked; /wait until released.
class ToyApplication : public Application {
 public:
  Lane lane(const HttpRequest& request) const override {
    return !request.path.empty() && request.path[0] == "info" ? Lane::quick : Lane::slow;
  }
  HttpResponse handle(const HttpRequest& request) override {
    const std::string route = request.path.empty() ? "" : request.path[0];
    if (route == "wait") {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return released_; });
    }
    if (route == "memory") throw std::bad_alloc();
    if (route == "big") return {.body = std::string(100'000, 'b')};
    if (route == "huge") return {.body = std::string(50'000'000, 'h')};
    if (route == "form") {
      std::string text = request.method;
      for (const std::string& part : request.path) text += "|" + part;
      for (const auto& [name, value] : request.query) text += "?" + name + "=" + value;
      return {.status = 201, .body = text + "#" + request.headers.at("x-test"), .content_type = "text/plain"};
    }
    return {.body = request.method + " " + route + " " + request.body};
  }
  HttpResponse refusal(int status, std::string_view target, const std::string& message) const override {
    return {.status = status, .body = fmt::format("{} {}: {}", status, target, message)};
  }

  void wait_for(int calls) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= calls; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool released_ = false;
};

struct HttpServerTest : testing::Test {
  HttpServerTest() {
    options.port = 0;
    options.handler_threads = 2;
  }
  ~HttpServerTest() override { application.release(); }
  RawClient client() {
    if (!server) server = std::make_unique<HttpServer>(options, application);
    return RawClient(server->port());
  }
  void expect_alive() {
    RawClient other = client();
    other.request("GET", "/info");
    const auto answer = other.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
  }

  HttpServerOptions options;
  ToyApplication application;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, KeepsAConnectionForRequestsOfBothLanes) {
  RawClient connection = client();
  for (int round = 0; round < 3; ++round) {
    connection.request("GET", "/info");
    auto answer = connection.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "GET info ");
    EXPECT_EQ(answer->headers["content-type"], "application/json");
    EXPECT_EQ(answer->headers.count("connection"), 0U);
    EXPECT_EQ(answer->headers.count("date"), 1U);
    connection.request("POST", "/echo", "a body");
    answer = connection.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "POST echo a body");
  }
  EXPECT_EQ(server->counts().connections, 1U);
  EXPECT_EQ(server->counts().requests, 6U);
  EXPECT_EQ(server->counts().open_connections, 1U);
}

TEST_F(HttpServerTest, ShowsTheApplicationWhatWasSent) {
  RawClient connection = client();
  connection.request("PUT", "/form/a%20b/%C3%A9+/?x=1&y=a+b%26&x=2&z", {}, "X-Test: one\r\nx-test: two\r\n");
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "PUT|form|a b|\xC3\xA9+|?x=2?y=a b&?z=#one, two");
  EXPECT_EQ(answer->headers["content-type"], "text/plain");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  RawClient connection = client();
  std::string requests;
  for (int at = 0; at < 500; ++at) {
    requests += fmt::format("POST {} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{}", at % 3 == 0 ? "/info" : "/echo",
                            std::to_string(at).size(), at);
  }
  ASSERT_TRUE(connection.send(requests));
  for (int at = 0; at < 500; ++at) {
    const auto answer = connection.answer();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->body, fmt::format("POST {} {}", at % 3 == 0 ? "info" : "echo", at));
  }
}

TEST_F(HttpServerTest, TakesRequestsByteByByte) {
  RawClient connection = client();
  for (const char byte :
       std::string_view("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello\r\nGET /info HTTP/1.1\r\nHost: t\r\n\r\n")) {
    ASSERT_TRUE(connection.send(std::string_view(&byte, 1)));
  }
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo hello");
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET info ");
}

TEST_F(HttpServerTest, JoinsChunks) {
  RawClient connection = client();
  ASSERT_TRUE(connection.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4;name=value\r\nabcd\r\n"));
  ASSERT_TRUE(connection.send("A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /info HTTP/1.1\r\nHost: t\r\n\r\n"));
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo abcd0123456789");
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET info ");
}

TEST_F(HttpServerTest, UnpacksBodies) {
  RawClient connection = client();
  connection.request("POST", "/echo", pack_gzip("packed text"), "Content-Encoding: gzip\r\n");
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo packed text");
  std::string cut = pack_gzip(std::string(1000, 'x'));
  cut.resize(cut.size() - 4);
  connection.request("POST", "/echo", cut, "Content-Encoding: gzip\r\n");
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  connection.request("POST", "/echo", "text", "Content-Encoding: br\r\n");
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_NE(answer->body.find("Content-Encoding br"), std::string::npos);
}

TEST_F(HttpServerTest, PacksLargeAnswersWhereTheClientTakesIt) {
  RawClient connection = client();
  connection.request("GET", "/big", {}, "Accept-Encoding: gzip, deflate\r\n");
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->headers["content-encoding"], "gzip");
  EXPECT_LT(answer->body.size(), 5000U);
  std::string unpacked;
  EXPECT_EQ(unpack(
                answer->body, "gzip", [](std::size_t) { return true; }, unpacked),
            Unpacked::well);
  EXPECT_EQ(unpacked, std::string(100'000, 'b'));
  for (const char* accept : {"", "Accept-Encoding: gzip;q=0\r\n"}) {
    connection.request("GET", "/big", {}, accept);
    answer = connection.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers.count("content-encoding"), 0U);
    EXPECT_EQ(answer->body.size(), 100'000U);
  }
  connection.request("GET", "/info", {}, "Accept-Encoding: gzip\r\n");
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET info ");
}

TEST_F(HttpServerTest, RefusesBodiesOverTheLimitAndTellsAClientThatStillSends) {
  options.body_bytes = 100'000;
  RawClient announced = client();
  ASSERT_TRUE(announced.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 20000000\r\n\r\n"));
  EXPECT_TRUE(announced.send(std::string(20'000'000, 'x')));  // some clients look for an answer only when all is sent
  auto answer = announced.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->body, "413 /echo: the body is larger than 100000 bytes");
  EXPECT_EQ(answer->headers["connection"], "close");
  announced.finish_sending();
  EXPECT_TRUE(announced.is_closed());

  RawClient chunked = client();
  ASSERT_TRUE(chunked.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int at = 0; at < 11; ++at) chunked.send("2710\r\n" + std::string(10'000, 'c') + "\r\n");
  answer = chunked.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413);

  RawClient bomb = client();
  bomb.request("POST", "/echo", pack_gzip(std::string(5'000'000, '\0')), "Content-Encoding: gzip\r\n");
  answer = bomb.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413);

  RawClient fits = client();
  fits.request("POST", "/echo", std::string(100'000, 'x'));
  answer = fits.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST_F(HttpServerTest, BoundsAllBodiesInFlightTogether) {
  options.buffered_bytes = 100'000;
  RawClient first = client(), second = client(), third = client();
  const std::string announced = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 80000\r\n\r\n";
  // An announced length alone costs nothing.
  ASSERT_TRUE(first.send(announced));
  ASSERT_TRUE(second.send(announced));
  ASSERT_TRUE(first.send(std::string(60'000, 'x')));
  ASSERT_TRUE(first.is_silent(200));
  second.send(std::string(60'000, 'x'));
  auto answer = second.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->headers["retry-after"], "1");
  ASSERT_TRUE(first.send(std::string(20'000, 'x')));
  answer = first.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  // What was taken is given back.
  for (int round = 0; round < 3; ++round) {
    third.request("POST", "/echo", std::string(90'000, 'x'));
    answer = third.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
  }
}

TEST_F(HttpServerTest, CatchesSendersThatAreSlowThoughNeverSilent) {
  options.receive_timeout = milliseconds(300);
  RawClient header = client(), body = client();
  ASSERT_TRUE(body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n"));
  std::atomic<bool> over{false};
  std::atomic<int> sent{0};
  std::thread dribble([&] {
    for (; sent < 200 && !over; ++sent) {
      header.send("G");
      body.send("x");
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  auto answer = header.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  answer = body.answer();
  over = true;
  EXPECT_LT(sent, 200);  // caught while it sent, not when it had stopped
  dribble.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_NE(answer->body.find("/echo"), std::string::npos);
  expect_alive();
}

TEST_F(HttpServerTest, LetsIdleConnectionsGoWithoutAWord) {
  options.idle_timeout = milliseconds(200);
  options.receive_timeout = milliseconds(60'000);
  RawClient silent = client(), once = client();
  once.request("GET", "/info");
  ASSERT_TRUE(once.answer());
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(once.is_closed());
}

TEST_F(HttpServerTest, ClosesOnAClientThatDoesNotTakeItsAnswer) {
  options.send_timeout = milliseconds(300);
  RawClient stubborn = client();
  stubborn.request("GET", "/huge");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server->counts().requests == 0 || server->counts().open_connections > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_FALSE(stubborn.answer());
}

TEST_F(HttpServerTest, RefusesLongHeaders) {
  for (const bool in_target : {true, false}) {
    RawClient connection = client();
    const std::string filler(20'000, 'a');
    connection.send(in_target ? "GET /" + filler + " HTTP/1.1\r\nHost: t\r\n\r\n"
                              : "GET /info HTTP/1.1\r\nHost: t\r\nX: " + filler + "\r\n\r\n");
    const auto answer = connection.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 431);
    EXPECT_TRUE(connection.is_closed());
  }
  RawClient endless = client();
  for (int at = 0; at < 3; ++at) endless.send(std::string(10'000, 'a'));
  const auto answer = endless.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 431);
  RawClient chunk = client();
  chunk.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4;" + std::string(60'000, 'e'));
  const auto refused = chunk.answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 431);
  expect_alive();
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
  const char* cases[] = {
      "hello world\r\n\r\n",
      "GET /info HTTP/3.7\r\nHost: t\r\n\r\n",
      "GET /info HTTP/1.1\r\n\r\n",
      "GET /info HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET info HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET /%ff HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET /a%00b HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET /?a=%4 HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\nhello",
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
      "GET /info HTTP/1.1\r\nHost: t\r\nNo colon here\r\n\r\n",
      "GET /info HTTP/1.1\r\nHost: t\r\nA: b\r\n folded\x01\r\n\r\n",
  };
  for (const char* text : cases) {
    RawClient connection = client();
    ASSERT_TRUE(connection.send(text));
    const auto answer = connection.answer();
    ASSERT_TRUE(answer) << text;
    EXPECT_EQ(answer->status, 400) << text;
    EXPECT_TRUE(connection.is_closed()) << text;
  }
  expect_alive();
}

TEST_F(HttpServerTest, AsksForTheToken) {
  options.token = "s3cret token";
  struct {
    std::string headers;
    int status;
  } const cases[] = {
      {"", 401},
      {"Authorization: Bearer s3cret token\r\n", 200},
      {"authorization: bearer s3cret token\r\n", 200},
      {"Authorization: Bearer s3cret\r\n", 401},
      {"Authorization: Bearer s3cret tokens\r\n", 401},
      {"Authorization: Bearer s3cret token3cret token\r\n", 401},
      {"Authorization: Bearer \r\n", 401},
      {"Authorization: s3cret token\r\n", 401},
      {"Authorization: Basic eDpzM2NyZXQgdG9rZW4=\r\n", 200},  // x:s3cret token
      {"Authorization: Basic OnMzY3JldCB0b2tlbg==\r\n", 200},  // :s3cret token
      {"Authorization: Basic czNjcmV0IHRva2Vu\r\n", 401},      // s3cret token
      {"Authorization: Basic ???\r\n", 401},
  };
  for (const auto& each : cases) {
    RawClient connection = client();
    connection.request("GET", "/info", {}, each.headers);
    auto answer = connection.answer();
    ASSERT_TRUE(answer) << each.headers;
    EXPECT_EQ(answer->status, each.status) << each.headers;
    EXPECT_EQ(answer->headers.count("www-authenticate"), each.status == 401 ? 1U : 0U);
  }
  // A stranger's body is not waited for.
  RawClient stranger = client();
  ASSERT_TRUE(stranger.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n"));
  const auto answer = stranger.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
}

TEST_F(HttpServerTest, RefusesCallsBeyondTheQueue) {
  options.handler_threads = 1;
  options.queued_calls = 1;
  RawClient running = client(), waiting = client(), refused = client();
  running.request("GET", "/wait");
  application.wait_for(1);
  waiting.request("POST", "/echo", "later");
  while (server->counts().calls_waiting == 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(server->counts().calls_running, 1U);
  for (int round = 0; round < 2; ++round) {
    refused.request("POST", "/echo", "too many");
    auto answer = refused.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->headers["retry-after"], "1");
  }
  refused.request("GET", "/info");  // needs no handler thread
  auto answer = refused.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  application.release();
  answer = running.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  answer = waiting.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo later");
}

TEST_F(HttpServerTest, RefusesConnectionsBeyondTheLimit) {
  options.connections = 2;
  RawClient first = client(), second = client();
  first.request("GET", "/info");
  ASSERT_TRUE(first.answer());
  second.request("GET", "/info");
  ASSERT_TRUE(second.answer());
  {
    RawClient third = client();
    third.request("GET", "/info");
    auto answer = third.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->headers["retry-after"], "1");
    EXPECT_EQ(server->counts().refused_connections, 1U);
  }
  first.request("GET", "/info");
  EXPECT_TRUE(first.answer());
  { const RawClient gone = std::move(second); }
  while (server->counts().open_connections > 1) std::this_thread::sleep_for(milliseconds(1));
  expect_alive();
}

TEST_F(HttpServerTest, SaysContinueBeforeABodyThatWaitsForIt) {
  RawClient connection = client();
  ASSERT_TRUE(connection.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 100);
  ASSERT_TRUE(connection.send("body"));
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST echo body");
  // One that does not wait gets no 100 in between.
  ASSERT_TRUE(connection.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody"));
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST_F(HttpServerTest, SpeaksVersion10) {
  RawClient once = client();
  ASSERT_TRUE(once.send("GET /info HTTP/1.0\r\n\r\n"));
  auto answer = once.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET info ");
  EXPECT_EQ(answer->headers["connection"], "close");
  EXPECT_TRUE(once.is_closed());
  RawClient stays = client();
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(stays.send("GET /info HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    answer = stays.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers["connection"], "keep-alive");
  }
}

TEST_F(HttpServerTest, ClosesWhenAskedTo) {
  RawClient connection = client();
  connection.request("POST", "/echo", "last", "Connection: close\r\n");
  auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->headers["connection"], "close");
  EXPECT_TRUE(connection.is_closed());
}

TEST_F(HttpServerTest, PassesOtherMethodsOn) {
  RawClient connection = client();
  for (const char* method : {"OPTIONS", "DELETE", "PATCH", "WHATEVER"}) {
    connection.request(method, "/echo");
    const auto answer = connection.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, std::string(method) + " echo ");
  }
  connection.request("HEAD", "/big");
  auto answer = connection.answer(true);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->headers["content-length"], "100000");
  connection.request("GET", "/info");  // the body has not come
  answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "GET info ");
}

TEST_F(HttpServerTest, SurvivesMemoryThatRunsOut) {
  RawClient connection = client();
  connection.request("GET", "/memory");
  const auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
  expect_alive();
}

TEST_F(HttpServerTest, SurvivesClientsThatVanish) {
  {
    RawClient gone = client();
    gone.request("GET", "/wait");
    application.wait_for(1);
    const linger abort{1, 0};
    ::setsockopt(gone.number(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
  {
    RawClient half = client();
    half.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nhalf");
  }
  application.release();
  while (server->counts().open_connections > 0) std::this_thread::sleep_for(milliseconds(1));
  expect_alive();
}

TEST_F(HttpServerTest, AnswersAClientThatHasFinishedSending) {
  RawClient connection = client();
  connection.request("POST", "/echo", "all");
  connection.finish_sending();
  const auto answer = connection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo all");
  EXPECT_TRUE(connection.is_closed());
}

TEST_F(HttpServerTest, FinishesWhatRunsWhenItStops) {
  options.handler_threads = 1;
  RawClient running = client(), waiting = client(), idle = client(), half = client();
  idle.request("GET", "/info");
  ASSERT_TRUE(idle.answer());
  ASSERT_TRUE(half.send("POST /echo HTTP/1.1\r\n"));
  running.request("GET", "/wait");
  application.wait_for(1);
  waiting.request("POST", "/echo", "queued");
  while (server->counts().calls_waiting == 0) std::this_thread::sleep_for(milliseconds(1));
  const std::uint16_t port = server->port();
  std::thread stopper([this] { server->stop(); });
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(half.is_closed());
  EXPECT_FALSE(RawClient(port).connected());
  application.release();
  auto answer = running.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET wait ");
  answer = waiting.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST echo queued");
  EXPECT_TRUE(running.is_closed());
  stopper.join();
  server->stop();  // again changes nothing
}

TEST_F(HttpServerTest, StopsWithoutTheAnswersThatTakeTooLong) {
  options.handler_threads = 1;
  options.shutdown_timeout = milliseconds(200);
  RawClient running = client(), waiting = client();
  running.request("GET", "/wait");
  application.wait_for(1);
  waiting.request("GET", "/echo");
  while (server->counts().calls_waiting == 0) std::this_thread::sleep_for(milliseconds(1));
  std::thread stopper([this] { server->stop(); });
  std::this_thread::sleep_for(milliseconds(400));
  application.release();
  stopper.join();
  EXPECT_EQ(server->counts().open_connections, 0U);
  EXPECT_TRUE(waiting.is_closed());
}

TEST_F(HttpServerTest, ServesManyClientsAtOnceOnSeveralThreads) {
  options.socket_threads = 2;
  options.handler_threads = 4;
  client();
  std::vector<std::thread> threads;
  std::atomic<int> well{0};
  for (int index = 0; index < 8; ++index) {
    threads.emplace_back([&, index] {
      for (int round = 0; round < 20; ++round) {
        RawClient connection = client();
        for (int at = 0; at < 5; ++at) {
          const std::string body = fmt::format("{} {} {}", index, round, at);
          connection.request("POST", at % 2 == 0 ? "/info" : "/echo", body);
          const auto answer = connection.answer();
          if (answer && answer->body == fmt::format("POST {} {}", at % 2 == 0 ? "info" : "echo", body)) ++well;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(well, 8 * 20 * 5);
  EXPECT_EQ(server->counts().connections, 161U);
}

TEST(HttpServerErrors, ListeningElsewhereNeedsAToken) {
  ToyApplication application;
  HttpServerOptions options;
  options.port = 0;
  for (const char* host : {"0.0.0.0", "::"}) {
    options.host = host;
    try {
      const HttpServer server(options, application);
      ADD_FAILURE() << host;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
      EXPECT_NE(std::string(error.what()).find(host), std::string::npos);
    }
  }
  options.host = "0.0.0.0";
  options.token = "t";
  const HttpServer server(options, application);
  EXPECT_NE(server.port(), 0);
}

TEST(HttpServerErrors, NamesWhereItCannotListen) {
  ToyApplication application;
  HttpServerOptions options;
  options.port = 0;
  const HttpServer first(options, application);
  options.port = first.port();
  try {
    const HttpServer second(options, application);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find(fmt::format("127.0.0.1:{}: Address already in use", options.port)), std::string::npos)
        << error.what();
  }
  options.host = "no such host";
  options.token = "t";
  EXPECT_THROW(HttpServer(options, application), Error);
}

}  // namespace
}  // namespace inferometer::serve

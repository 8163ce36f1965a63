#include "load/answer_parser.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "load/load.h"

namespace inferometer::load {
namespace {

using State = AnswerParser::State;

struct Case {
  std::string bytes;
  State state;
  std::string body = {};
  int status = 200;
  bool keeps_alive = true;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", State::complete, "{}"},
      {"HTTP/1.1 201\r\ncontent-length:0\r\n\r\n", State::complete, "", 201},
      {"HTTP/1.1 503 x\r\nCONTENT-LENGTH: 1 \r\nConnection: Close\r\n\r\nx", State::complete, "x", 503, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", State::complete, "ab", 200, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab", State::complete, "ab"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", State::complete, "ab"},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::complete, "", 204, false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", State::complete,
       "abc0123456789"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n", State::complete, "a"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", State::malformed},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", State::malformed},
      {"HTTP/1.1 2x0 OK\r\n\r\n", State::malformed},
      {"HTTP/1.1 099 OK\r\n\r\n", State::malformed},
      {"HTTP/1.12200 OK\r\n\r\n", State::malformed},
      {"<html>", State::malformed},
      {"HTT", State::more},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", State::more, "", 200},
      {"HTTP/1.1 200 OK\r\n\r\nuntil closed", State::more, "", 200, false},
  };
  return all;
}

TEST(AnswerParser, reads_whole_answers) {
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.bytes);
    AnswerParser parser;
    EXPECT_TRUE(parser.empty());
    EXPECT_EQ(parser.feed(each.bytes), each.state);
    EXPECT_FALSE(parser.empty());
    if (each.state != State::complete) continue;
    EXPECT_EQ(parser.body(), each.body);
    EXPECT_EQ(parser.status(), each.status);
    EXPECT_EQ(parser.keeps_alive(), each.keeps_alive);
    EXPECT_EQ(parser.feed("x"), State::malformed);
  }
}

TEST(AnswerParser, reads_answers_byte_by_byte_and_again_after_reset) {
  AnswerParser parser;
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.bytes);
    parser.reset();
    State state = State::more;
    for (std::size_t i = 0; i < each.bytes.size() && state == State::more; ++i) {
      state = parser.feed(std::string_view(each.bytes).substr(i, 1));
      if (state == State::complete) {
        EXPECT_EQ(i + 1, each.bytes.size());
      }
    }
    EXPECT_EQ(state, each.state);
    if (state == State::complete) {
      EXPECT_EQ(parser.body(), each.body);
    }
  }
}

TEST(AnswerParser, completes_with_the_connection_only_what_ends_so) {
  AnswerParser parser;
  parser.feed("HTTP/1.1 200 OK\r\n\r\nabc");
  EXPECT_EQ(parser.closed(), State::complete);
  EXPECT_EQ(parser.body(), "abc");
  EXPECT_FALSE(parser.keeps_alive());
  parser.reset();
  parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc");
  EXPECT_EQ(parser.closed(), State::more);
  parser.reset();
  parser.feed("HTTP/1.1 200 OK\r\nContent-Le");
  EXPECT_EQ(parser.closed(), State::more);
}

TEST(AnswerParser, bounds_its_head) {
  AnswerParser parser;
  State state = parser.feed("HTTP/1.1 200 OK\r\nX: ");
  for (int i = 0; i < 100 && state == State::more; ++i) state = parser.feed(std::string(1000, 'x'));
  EXPECT_EQ(state, State::malformed);
}

TEST(ToldMs, is_the_heads_time) {
  const std::vector<std::pair<const char*, std::optional<double>>> all = {
      {R"({"status":{"code":200},"head":{"method":"/predict","service":"s","time":28.0},"body":{}})", 28.0},
      {R"({"body":{"predictions":[]},"head":{"time" : 0.25 }})", 0.25},
      {R"({"body":{"predictions":[{"uri":"\"time\":7"}]},"head":{"service":"\"time\":9","time":3}})", 3.0},
      {R"({"body":{"time":4},"head":{"service":"x"}})", std::nullopt},
      {R"({"time":4})", std::nullopt},
      {R"({"head":{"time":"x"}})", std::nullopt},
      {R"({"head":{"time":-1}})", std::nullopt},
      {R"({"head":{"time":1e999}})", std::nullopt},
      {R"({"head":{"time")", std::nullopt},
      {R"({"head":{"time":)", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& each : all) EXPECT_EQ(told_ms(each.first), each.second) << each.first;
}

}  // namespace
}  // namespace inferometer::load

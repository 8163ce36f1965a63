#include "serve/deepdetect_body.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

constexpr std::size_t kItems = 4;

TEST(DeepDetectBodyTest, KeepsMembersAndMovesTheStringsOfData) {
  const DeepDetectBody body = parse_body(
      R"({"service":"a","data":["x","yy"],"parameters":{"input":{"width":3,"data":["inner"]}},"more":[1,[2,{"k":true}]]})", kItems);
  EXPECT_EQ(body.data_kind, DataKind::strings);
  EXPECT_EQ(body.data, (std::vector<std::string>{"x", "yy"}));
  EXPECT_EQ(body.data_items, 2u);
  EXPECT_EQ(body.members.dump(), R"({"more":[1,[2,{"k":true}]],"parameters":{"input":{"data":["inner"],"width":3}},"service":"a"})");
}

TEST(DeepDetectBodyTest, LeavesNullMembersOut) {
  const DeepDetectBody body = parse_body(R"({"a":null,"b":{"c":null,"d":[null,1]},"e":1,"e":null,"data":null})", kItems);
  EXPECT_EQ(body.members.dump(), R"({"b":{"d":[null,1]}})");
  EXPECT_EQ(body.data_kind, DataKind::absent);
}

TEST(DeepDetectBodyTest, SaysWhatDataIs) {
  struct Case {
    const char* data;
    DataKind kind;
    std::size_t items;
  };
  const Case cases[] = {
      {R"("data":[])", DataKind::strings, 0},
      {R"("data":["a"])", DataKind::strings, 1},
      {R"("data":[null])", DataKind::begins_with_null, 1},
      {R"("data":[null,"a"])", DataKind::begins_with_null, 2},
      {R"("data":["a",null])", DataKind::mixed, 2},
      {R"("data":["a",1])", DataKind::mixed, 2},
      {R"("data":[1,"a"])", DataKind::mixed, 2},
      {R"("data":[true])", DataKind::mixed, 1},
      {R"("data":[["a"],"b"])", DataKind::mixed, 2},
      {R"("data":["a",{"x":["b",null]}])", DataKind::mixed, 2},
      {R"("data":"a")", DataKind::not_an_array, 0},
      {R"("data":{"x":["a"]})", DataKind::not_an_array, 0},
      {R"("data":3)", DataKind::not_an_array, 0},
      {R"("data":["a"],"data":["b","c"])", DataKind::strings, 2},
      {R"("data":["a"],"data":7)", DataKind::not_an_array, 0},
      {R"("other":[null])", DataKind::absent, 0},
  };
  for (const Case& each : cases) {
    const DeepDetectBody body = parse_body(std::string("{") + each.data + "}", kItems);
    EXPECT_EQ(body.data_kind, each.kind) << each.data;
    EXPECT_EQ(body.data_items, each.items) << each.data;
    EXPECT_FALSE(body.members.contains("data")) << each.data;
    if (each.kind == DataKind::strings) {
      EXPECT_EQ(body.data.size(), each.items) << each.data;
    }
  }
}

TEST(DeepDetectBodyTest, ReadsMembersAfterData) {
  const DeepDetectBody body = parse_body(R"({"data":[["x"],{"a":[1]}],"service":"late","data":["last"]})", kItems);
  EXPECT_EQ(body.members.dump(), R"({"service":"late"})");
  EXPECT_EQ(body.data, std::vector<std::string>{"last"});
}

TEST(DeepDetectBodyTest, KeepsNoMoreItemsThanAskedButCountsThem) {
  const DeepDetectBody body = parse_body(R"({"data":["1","2","3","4","5","6"]})", kItems);
  EXPECT_EQ(body.data.size(), kItems);
  EXPECT_EQ(body.data_items, 6u);
}

TEST(DeepDetectBodyTest, ReadsEscapedTextOfAnyScript) {
  const DeepDetectBody body = parse_body(R"({"data":["\u00e9\ud83d\ude00"],"service":"\u4e2d"})", kItems);
  EXPECT_EQ(body.data.front(), "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(body.members.at("service"), "\xe4\xb8\xad");
}

void expect_refused(std::string_view text, DdCode code, std::string_view part) {
  try {
    parse_body(text, kItems);
    ADD_FAILURE() << "accepted: " << text.substr(0, 80);
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), 400);
    EXPECT_EQ(error.code(), code) << text.substr(0, 80);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST(DeepDetectBodyTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", " ", "{", "{\"a\":1", "{\"a\":1}x", "{'a':1}", "{\"a\":tru}", "{\"a\":1,}", "\xff", "{\"a\":\"\xff\"}",
                           "{\"a\":1e999}", "{\"a\":\"\n\"}", "{\"data\":[\"a\"", "nul"}) {
    expect_refused(text, DdCode::none, "not JSON");
  }
}

TEST(DeepDetectBodyTest, RefusesWhatIsNoObject) {
  for (const char* text : {"[]", "3", "\"a\"", "null", "true", "[{\"data\":[\"a\"]}]"}) {
    expect_refused(text, DdCode::bad_request, "must be a JSON object");
  }
}

TEST(DeepDetectBodyTest, RefusesDepthAndBreadthWithoutEnd) {
  const std::string deep = "{\"a\":" + std::string(200'000, '[');
  expect_refused(deep, DdCode::none, "nested deeper");
  expect_refused("{\"data\":" + std::string(200'000, '['), DdCode::none, "nested deeper");
  std::string broad = "{\"a\":[";
  for (int i = 0; i < 100'001; ++i) broad += "[],";
  expect_refused(broad + "0]}", DdCode::none, "more than");
  const std::string within = "{\"a\":" + std::string(62, '[') + std::string(62, ']') + "}";
  EXPECT_NO_THROW(parse_body(within, kItems));
}

}  // namespace
}  // namespace inferometer::serve

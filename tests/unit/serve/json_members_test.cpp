#include "serve/json_members.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace inferometer::serve {
namespace {

using nlohmann::json;

const json kObject = json::parse(R"({"text":"a","yes":true,"no":false,"one":1,"minus":-7,"whole":224.0,"half":0.5,"huge":1e300,"null":null,
  "list":[1,2.5],"empty":[],"nulls":[null,1],"mixed":[1,"a"],"flags":[true],"object":{"x":1},"big":18446744073709551615})");
const Members kMembers(&kObject, "part.", DdCode::service_bad_request);

void expect_refused(const std::function<void()>& read, DdCode code, const std::string& part) {
  try {
    read();
    ADD_FAILURE() << "accepted; should say " << part;
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), 400);
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(JsonMembersTest, ReadsByType) {
  bool single = true;
  EXPECT_EQ(kMembers.text("text"), "a");
  EXPECT_EQ(kMembers.flag("yes"), true);
  EXPECT_EQ(kMembers.flag("no"), false);
  EXPECT_EQ(kMembers.whole("one"), 1);
  EXPECT_EQ(kMembers.whole("minus"), -7);
  EXPECT_EQ(kMembers.whole("whole"), 224);
  EXPECT_EQ(kMembers.number("half"), 0.5);
  EXPECT_EQ(kMembers.number("one"), 1.0);
  EXPECT_EQ(kMembers.numbers("list", &single), (std::vector<double>{1, 2.5}));
  EXPECT_FALSE(single);
  EXPECT_EQ(kMembers.numbers("half", &single), std::vector<double>{0.5});
  EXPECT_TRUE(single);
  EXPECT_EQ(kMembers.numbers("empty", &single), std::vector<double>{});
  EXPECT_EQ(kMembers.object("object")->at("x"), 1);
}

TEST(JsonMembersTest, AbsentAndNullAreNothing) {
  bool single = true;
  const Members none(nullptr, "", DdCode::bad_request);
  for (const char* name : {"absent", "null"}) {
    for (const Members& members : {kMembers, none}) {
      EXPECT_EQ(members.find(name), nullptr);
      EXPECT_EQ(members.object(name), nullptr);
      EXPECT_FALSE(members.text(name));
      EXPECT_FALSE(members.flag(name));
      EXPECT_FALSE(members.whole(name));
      EXPECT_FALSE(members.number(name));
      EXPECT_FALSE(members.numbers(name, &single));
    }
  }
}

TEST(JsonMembersTest, RefusesOtherTypes) {
  bool single = false;
  constexpr DdCode kWrong = DdCode::service_bad_request;
  expect_refused([] { kMembers.text("one"); }, kWrong, "part.one: must be a string, is number");
  expect_refused([] { kMembers.flag("one"); }, kWrong, "part.one: must be true or false, is number");
  expect_refused([] { kMembers.flag("text"); }, kWrong, "part.text");
  expect_refused([] { kMembers.whole("yes"); }, kWrong, "part.yes: must be a whole number, is boolean");
  expect_refused([] { kMembers.whole("half"); }, kWrong, "part.half: must be a whole number, is 0.5");
  expect_refused([] { kMembers.whole("huge"); }, kWrong, "out of range");
  expect_refused([] { kMembers.whole("big"); }, kWrong, "out of range");
  expect_refused([] { kMembers.number("no"); }, kWrong, "part.no: must be a number, is boolean");
  expect_refused([] { kMembers.object("list"); }, kWrong, "part.list: must be an object, is array");
  expect_refused([&] { kMembers.numbers("text", &single); }, kWrong, "part.text: must be an array of numbers");
  expect_refused([&] { kMembers.numbers("nulls", &single); }, DdCode::none, "part.nulls: begins with null");
  expect_refused([&] { kMembers.numbers("mixed", &single); }, DdCode::bad_request, "part.mixed: item 1 is string");
  expect_refused([&] { kMembers.numbers("flags", &single); }, DdCode::bad_request, "part.flags: item 0 is boolean");
}

}  // namespace
}  // namespace inferometer::serve

#include "common/input_shapes.h"

#include <gtest/gtest.h>

#include "common/setting_table.h"

namespace inferometer::engine {
namespace {

struct Case {
  Shape declared;
  std::int64_t batch;
  Shape given;  // --shape, empty: none
  Shape expected;
};

SessionSettings settings_of(std::int64_t batch, const Shape& given) {
  SessionSettings settings;
  settings.batch = batch;
  if (!given.empty()) settings.shapes["x"] = given;
  return settings;
}

TEST(InputShapes, Cases) {
  const std::vector<Case> cases{
      {{-1, 3, 4, 4}, 2, {}, {2, 3, 4, 4}},
      {{1, 3, 4, 4}, 1, {}, {1, 3, 4, 4}},
      {{-1, 3, -1, -1}, 4, {1, 3, 5, 6}, {4, 3, 5, 6}},
      {{-1, 3, -1, -1}, 4, {4, 3, 5, 6}, {4, 3, 5, 6}},
      {{-1, -1, 4, 4}, 1, {-1, 3, 4, 4}, {1, 3, 4, 4}},
      {{}, 8, {}, {}},
  };
  for (const Case& one : cases) {
    const auto shapes = concrete_input_shapes({{"x", one.declared}}, settings_of(one.batch, one.given));
    ASSERT_EQ(shapes.size(), 1u);
    EXPECT_EQ(shapes[0], one.expected) << to_string(one.declared);
  }
}

struct Refusal {
  Shape declared;
  std::int64_t batch;
  Shape given;
  ErrorCode code;
  std::string words;
};

TEST(InputShapes, Errors) {
  const std::vector<Refusal> refusals{
      {{1, 3, 4, 4}, 2, {}, ErrorCode::unsupported, "batch fixed at 1"},
      {{-1, 3, -1, 4}, 1, {}, ErrorCode::unsupported, "give --shape"},
      {{-1, 3, -1, 4}, 1, {1, 3, 0, 4}, ErrorCode::unsupported, "give --shape"},
      {{-1, 3, 4, 4}, 1, {1, 3, 5, 4}, ErrorCode::usage, "dimension 2 is fixed"},
      {{-1, 3, 4, 4}, 1, {1, 3, 4}, ErrorCode::usage, "number of dimensions"},
      {{-1, 3, 4, 4}, 4, {3, 3, 4, 4}, ErrorCode::usage, "--batch"},
  };
  for (const Refusal& one : refusals) {
    try {
      concrete_input_shapes({{"x", one.declared}}, settings_of(one.batch, one.given));
      ADD_FAILURE() << "accepted " << to_string(one.declared) << " " << to_string(one.given);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), one.code) << error.what();
      EXPECT_NE(std::string(error.what()).find(one.words), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(concrete_input_shapes({{"y", {-1, 3}}}, settings_of(1, {1, 3})), Error);
}

TEST(OwnValues, DefaultsAndErrors) {
  const std::vector<OwnSetting> table{{"mode", {"fast", "slow"}}, {"profile", {"0", "1"}}};
  SessionSettings settings;
  settings.own["mode"] = "slow";
  EXPECT_EQ(own_values("some", table, settings), (std::map<std::string, std::string>{{"mode", "slow"}, {"profile", "0"}}));
  for (const auto& [key, value] : std::map<std::string, std::string>{{"mood", "fast"}, {"profile", "2"}}) {
    SessionSettings wrong;
    wrong.own[key] = value;
    try {
      own_values("some", table, wrong);
      ADD_FAILURE() << key << "=" << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace inferometer::engine

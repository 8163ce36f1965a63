#include "cli/lists.h"

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::cli {
namespace {

using Integers = std::vector<std::int64_t>;

TEST(Integers, Cases) {
  const struct {
    const char* text;
    Integers values;
  } cases[] = {
      {"1", {1}},
      {"1,2,4", {1, 2, 4}},
      {" 1 , 2 ", {1, 2}},
      {"1-4", {1, 2, 3, 4}},
      {"4-4", {4}},
      {"1-128*2", {1, 2, 4, 8, 16, 32, 64, 128}},
      {"1-100*2", {1, 2, 4, 8, 16, 32, 64}},
      {"3-100*3", {3, 9, 27, 81}},
      {"5-9*2", {5}},
      {"65536", {65536}},
      {"1-65536*65536", {1, 65536}},
      {"8,1-4*2,2", {8, 1, 2, 4}},  // the order given; a second 2 counts once
  };
  for (const auto& each : cases) EXPECT_EQ(parse_integers(each.text, kBatchLimits, "--batch"), each.values) << each.text;
}

/// Message of the usage error that this raises; fails the test when it raises none, or one without a hint.
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Integers, Errors) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "--batch: the list is empty"},
      {"  ", "--batch: the list is empty"},
      {"0", "--batch: 0 is outside 1 to 65536"},
      {"-1", "--batch: -1 is outside 1 to 65536"},
      {"65537", "--batch: 65537 is outside 1 to 65536"},
      {"1-", "--batch: the range '1-' has no end"},
      {"1-*2", "--batch: the range '1-*2' has no end"},
      {"2-1", "--batch: the range '2-1' ends below its begin"},
      {"1e9", "--batch: '1e9' is not written as a whole number"},
      {"1.5", "--batch: '1.5' is not written as a whole number"},
      {"99999999999999999999", "--batch: '99999999999999999999' is not written as a whole number"},
      {"two", "--batch: 'two' is not a whole number"},
      {"1,,2", "--batch: an empty place in the list"},
      {",1", "--batch: an empty place in the list"},
      {"1,", "--batch: an empty place in the list"},
      {"1-8*1", "--batch: the range '1-8*1' needs a factor of 2 or more after '*'"},
      {"1-8*", "--batch: the range '1-8*' needs a factor of 2 or more after '*'"},
      {"1-8*-2", "--batch: the range '1-8*-2' needs a factor of 2 or more after '*'"},
      {"0-8*2", "--batch: 0 is outside 1 to 65536"},
      {"1 2", "--batch: '1 2' is not a whole number"},
      {"1--4", "--batch: -4 is outside 1 to 65536"},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(message_of([&] { parse_integers(each.text, kBatchLimits, "--batch"); }), each.message) << each.text;
  }
}

TEST(Integers, MultiplyingFromZeroWouldNeverEnd) {
  EXPECT_EQ(message_of([] { parse_integers("0-8*2", {0, 100}, "--cpus"); }), "--cpus: the range '0-8*2' multiplies from below 1");
}

TEST(Integers, LargeLimitsDoNotOverflow) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Integers values = parse_integers("1-9223372036854775807*2", {1, kMost}, "--x");
  EXPECT_EQ(values.size(), 63u);
  EXPECT_EQ(values.back(), std::int64_t{1} << 62);
}

TEST(LimitedNumbers, CasesAndErrors) {
  EXPECT_EQ(parse_limited_integer("3", {1, 1000}, "--starts"), 3);
  EXPECT_DOUBLE_EQ(parse_limited_number("0.25", 0, 1, "--x"), 0.25);
  EXPECT_EQ(message_of([] { parse_limited_integer("0", {1, 1000}, "--starts"); }), "--starts: 0 is outside 1 to 1000");
  EXPECT_EQ(message_of([] { parse_limited_number("2", 0, 1, "--x"); }), "--x: 2 is outside 0 to 1");
  EXPECT_EQ(message_of([] { parse_limited_number("nan", 0, 1, "--x"); }), "--x: 'nan' is not a number");
  EXPECT_EQ(message_of([] { parse_limited_number("", 0, 1, "--x"); }), "--x: '' is not a number");
}

TEST(Percentiles, CasesAndErrors) {
  EXPECT_EQ(parse_percentiles("90,99,99.9,90", "--percentiles"), (std::vector<double>{90, 99, 99.9}));
  for (const char* text : {"0", "100", "-5", "p99", "nan"}) {
    EXPECT_NE(message_of([&] { parse_percentiles(text, "--percentiles"); }), "") << text;
  }
}

TEST(Engines, Cases) {
  const auto engines = parse_engines("onnxruntime,fake:delay_ms=5:spin=1, torch:variant=a=b", "--engine");
  ASSERT_EQ(engines.size(), 3u);
  EXPECT_EQ(engines[0].name, "onnxruntime");
  EXPECT_TRUE(engines[0].settings.empty());
  EXPECT_EQ(engines[1].name, "fake");
  EXPECT_EQ(engines[1].settings, (std::map<std::string, std::string>{{"delay_ms", "5"}, {"spin", "1"}}));
  EXPECT_EQ(engines[2].settings, (std::map<std::string, std::string>{{"variant", "a=b"}}));
}

TEST(Engines, Errors) {
  for (const char* text : {"", ",", "a,,b", ":x=1", "fake:", "fake:x", "fake:=1", "fake:x=1:x=2"}) {
    EXPECT_NE(message_of([&] { parse_engines(text, "--engine"); }), "") << text;
  }
}

TEST(Weights, CasesAndErrors) {
  EXPECT_EQ(parse_weights("random:0", "--weights").seed, 0u);
  EXPECT_EQ(parse_weights("random:18", "--weights").seed, 18u);
  EXPECT_EQ(parse_weights("random:18", "--weights").path, "");
  EXPECT_EQ(parse_weights("file.pth", "--weights").path, "file.pth");
  EXPECT_EQ(parse_weights("folder/weights", "--weights").path, "folder/weights");
  for (const char* text : {"", "random", "random:", "random:-1", "random:x", "Random:1"}) {
    EXPECT_NE(message_of([&] { parse_weights(text, "--weights"); }), "") << text;
  }
}

TEST(Shapes, CasesAndErrors) {
  EXPECT_EQ(parse_shape("1x3x224x224", "--shape"), (Shape{1, 3, 224, 224}));
  const auto [name, shape] = parse_named_shape("in=put:0=2x8", "--shape");
  EXPECT_EQ(name, "in=put:0");
  EXPECT_EQ(shape, (Shape{2, 8}));
  for (const char* text : {"", "x", "=1x2", "x=", "x=1xx2", "x=0x2", "x=1x-2", "x=1,2", "x=99999999999"}) {
    EXPECT_NE(message_of([&] { parse_named_shape(text, "--shape"); }), "") << text;
  }
}

}  // namespace
}  // namespace inferometer::cli

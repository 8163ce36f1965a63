#include "cli/compare_sides.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::cli {
namespace {

RunOptions shared(const std::map<std::string, std::vector<std::string>>& given) {
  RunOptions options;
  options.given = given;
  return options;
}

std::string message_of(const RunOptions& options, const std::string& text) {
  try {
    side_spec(options, text, "--b");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

TEST(CompareSides, ASideIsTheSharedOptionsAndItsOwn) {
  const measure::RunSpec spec = side_spec(shared({{"--model", {"resnet18"}}, {"--batch", {"4"}}}),
                                          "engine=openvino:streams=1, threads=2,cpus=0-1,shape=x=1x2", "--b");
  EXPECT_EQ(spec.models, (std::vector<std::string>{"resnet18"}));
  EXPECT_EQ(spec.batches, (std::vector<std::int64_t>{4}));
  ASSERT_EQ(spec.engines.size(), 1u);
  EXPECT_EQ(spec.engines[0].name, "openvino");
  EXPECT_EQ(spec.engines[0].settings, (std::map<std::string, std::string>{{"streams", "1"}}));
  EXPECT_EQ(spec.threads, (std::vector<int>{2}));
  EXPECT_EQ(spec.cpus, (std::vector<int>{0, 1}));
  EXPECT_EQ(spec.shapes.at("x"), (Shape{1, 2}));
}

TEST(CompareSides, ASideMayAddNothing) { EXPECT_EQ(side_spec(shared({{"--batch", {"4"}}}), " ", "--a").batches.front(), 4); }

TEST(CompareSides, WrongOnesSayWhatIsWrong) {
  EXPECT_EQ(message_of({}, "batch"), "--b: 'batch' is not of the form key=value");
  EXPECT_EQ(message_of({}, "=4"), "--b: '=4' is not of the form key=value");
  EXPECT_EQ(message_of({}, "batch="), "--b: 'batch=' is not of the form key=value");
  EXPECT_EQ(message_of({}, "batch=1,,threads=1"), "--b: an empty place in the list 'batch=1,,threads=1'");
  EXPECT_EQ(message_of({}, "runs=4"), "--b: unknown key 'runs'");
  EXPECT_EQ(message_of({}, "--batch=4"), "--b: unknown key '--batch'");
  EXPECT_EQ(message_of({}, "batch=4,batch=4"), "--b: batch stands twice");
  EXPECT_EQ(message_of(shared({{"--batch", {"4"}}}), "batch=4"), "--b: --batch is given for both sides too");
  EXPECT_EQ(message_of({}, "batch=0"), "--batch: 0 is outside 1 to 65536");
}

}  // namespace
}  // namespace inferometer::cli

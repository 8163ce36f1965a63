#include "cli/run_options.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/run_fields.h"

namespace inferometer::cli {
namespace {

/// What the command line `arguments` gives.
RunOptions parsed(std::vector<std::string> arguments) {
  CLI::App app;
  RunOptions options;
  add_run_options(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return options;
}

TEST(RunOptions, NothingGivenIsNotThere) {
  const RunOptions options = parsed({});
  EXPECT_TRUE(options.given.empty());
  EXPECT_EQ(run_spec(options).starts, 3);
}

TEST(RunOptions, ListsMayBeRepeated) {
  const measure::RunSpec spec =
      run_spec(parsed({"--model", "resnet18,vgg16", "--batch=1-4*2", "--model", "alexnet", "--shape", "a=1x2", "--shape", "b=3"}));
  EXPECT_EQ(spec.models, (std::vector<std::string>{"resnet18", "vgg16", "alexnet"}));
  EXPECT_EQ(spec.batches, (std::vector<std::int64_t>{1, 2, 4}));
  EXPECT_EQ(spec.shapes.at("a"), (Shape{1, 2}));
  EXPECT_EQ(spec.shapes.at("b"), (Shape{3}));
}

TEST(RunOptions, ScalarsMayNotBeRepeated) { EXPECT_THROW(parsed({"--starts", "1", "--starts", "2"}), CLI::ParseError); }

TEST(RunOptions, NegativeNumbersReachTheirOption) {
  try {
    run_spec(parsed({"--batch", "-1"}));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--batch: -1 is outside 1 to 65536");
  }
}

TEST(RunOptions, ApplyChangesOnlyWhatWasGiven) {
  measure::RunSpec spec;
  spec.models = {"vgg16"};
  spec.batches = {1, 2, 4};
  spec.shapes = {{"old", {1}}};
  apply_run_options(parsed({"--batch", "8", "--shape", "new=2"}), spec);
  EXPECT_EQ(spec.models, (std::vector<std::string>{"vgg16"}));
  EXPECT_EQ(spec.batches, (std::vector<std::int64_t>{8}));
  EXPECT_EQ(spec.shapes, (std::map<std::string, Shape>{{"new", {2}}}));
}

TEST(RunOptions, EveryFieldHasAnOption) {
  CLI::App app;
  RunOptions options;
  add_run_options(app, options);
  for (const RunField& field : run_fields()) EXPECT_NE(app.get_option_no_throw(std::string(field.option)), nullptr) << field.option;
}

}  // namespace
}  // namespace inferometer::cli

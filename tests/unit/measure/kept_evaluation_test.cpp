#include "measure/kept_evaluation.h"

#include <functional>

#include <gtest/gtest.h>

namespace inferometer::measure {
namespace {

constexpr const char* kData = "d5";

Entry entry() {
  Entry asked;
  asked.model.name = "resnet18";
  asked.model.zoo = true;
  asked.model.sha256 = "a1";
  asked.engine = "fake";
  asked.engine_version = "1.2";
  asked.engine_settings = {{"spin", "1"}};
  asked.device = "cpu";
  asked.precision = "bf16";
  asked.threads = 2;
  asked.streams = 2;
  return asked;
}

EvaluationRow row() {
  EvaluationRow kept;
  kept.model_sha256 = "a1";
  kept.engine = "fake";
  kept.engine_version = "1.2";
  kept.engine_settings = "spin=1";
  kept.device = "cpu";
  kept.precision_requested = "bf16";
  kept.threads = 2;
  kept.streams = 1;
  kept.batch = 1;
  kept.data_sha256 = kData;
  kept.status = "passed";
  kept.input_height = kept.input_width = 224;
  const zoo::Network& network = *zoo::find("resnet18");
  kept.preprocessing = dataset::to_options(network.preprocessing);
  kept.class_offset = 0;
  return kept;
}

bool answered(const Entry& asked, const EvaluationRow& kept, const EvaluatorOptions& options = {}) {
  return is_answered_by(asked, kept, kData, options);
}

TEST(KeptEvaluation, TheSameQuestionIsAnswered) { EXPECT_TRUE(answered(entry(), row())); }

TEST(KeptEvaluation, WhateverDiffersIsAsked) {
  const std::vector<std::function<void(EvaluationRow&)>> changes{
      [](auto& r) { r.model_sha256 = "b2"; },
      [](auto& r) { r.engine = "reference"; },
      [](auto& r) { r.engine_version = "1.3"; },
      [](auto& r) { r.engine_settings = ""; },
      [](auto& r) { r.device = "cuda:0"; },
      [](auto& r) { r.precision_requested = "fp32"; },
      [](auto& r) { r.threads = 1; },
      [](auto& r) { r.batch = 2; },
      [](auto& r) { r.data_sha256 = "e6"; },
      [](auto& r) { r.status = "failed"; },
      [](auto& r) { r.preprocessing += "1"; },
      [](auto& r) { r.input_height = 192; },
      [](auto& r) { r.input_width.reset(); },
      [](auto& r) { r.notes = {std::string("label + 0") + kOffsetNote}; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EvaluationRow changed = row();
    changes[i](changed);
    EXPECT_FALSE(answered(entry(), changed)) << i;
  }
}

TEST(KeptEvaluation, WhatWasAskedForCounts) {
  EvaluatorOptions options;
  options.streams_are_asked = true;
  EXPECT_FALSE(answered(entry(), row(), options));
  EvaluationRow kept = row();
  kept.streams = 2;
  EXPECT_TRUE(answered(entry(), kept, options));

  options = {};
  options.class_offset = 1;
  EXPECT_FALSE(answered(entry(), row(), options));
  options.class_offset = 0;
  EXPECT_TRUE(answered(entry(), row(), options));
  // An offset that was found is no mistake of somebody who asked.
  kept = row();
  kept.class_offset = 1;
  kept.notes = {std::string("label + 1") + kOffsetNote + kFoundOffsetNote};
  EXPECT_TRUE(answered(entry(), kept));

  options = {};
  options.task.changes.scale = 1;
  EXPECT_FALSE(answered(entry(), row(), options));

  options = {};
  options.task.strict = true;
  kept = row();
  kept.skipped_images = 1;
  EXPECT_FALSE(answered(entry(), kept, options));
  EXPECT_TRUE(answered(entry(), kept));
}

TEST(KeptEvaluation, WhatIsUnsupportedStaysSo) {
  EvaluationRow kept = row();
  kept.status = "unsupported";
  kept.preprocessing = "";
  kept.input_height.reset();
  EXPECT_TRUE(answered(entry(), kept));
}

TEST(KeptEvaluation, AFileOfOneChannelAndItsShape) {
  Entry asked = entry();
  asked.model.zoo = false;
  EvaluationRow kept = row();
  kept.input_height = kept.input_width = 28;
  kept.preprocessing = dataset::to_options(dataset::default_preprocessing({1, 28, 28}));
  EXPECT_TRUE(answered(asked, kept));
  asked.model.shapes = {{"x", {1, 1, 28, 28}}};
  EXPECT_TRUE(answered(asked, kept));
  asked.model.shapes = {{"x", {1, 1, 32, 32}}};
  EXPECT_FALSE(answered(asked, kept));
}

}  // namespace
}  // namespace inferometer::measure

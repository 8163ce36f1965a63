#include "cli/study_selection.h"

#include <functional>

#include <gtest/gtest.h>

#include "dataset/preprocess.h"
#include "zoo/zoo.h"

namespace inferometer::cli {
namespace {

measure::RunSpec spec() {
  measure::RunSpec asked;
  asked.models = {"resnet*", "nets/own.onnx"};
  asked.engines = {{"onnxruntime", {}}, {"fake", {{"delay_ms", "5"}, {"spin", "1"}}}};
  asked.devices = {"CPU"};
  asked.batches = {1, 2};
  return asked;
}

measure::Row row() {
  measure::Row measured;
  measured.model = "resnet18";
  measured.engine = "onnxruntime";
  measured.device = "cpu";
  measured.precision = "bf16";
  measured.precision_requested = "fp32";
  measured.threads = 2;
  measured.batch = 2;
  measured.input_height = measured.input_width = 224;
  measured.mode = "latency";
  measured.protocol = "default";
  measured.source = "measured";
  return measured;
}

TEST(StudySelection, ARowOfTheRunBelongs) { EXPECT_TRUE(belongs_to(row(), spec())); }

TEST(StudySelection, WhatARunWouldNotGiveDoesNotBelong) {
  const std::vector<std::function<void(measure::Row&)>> changes{
      [](auto& r) { r.model = "vgg16"; },
      [](auto& r) { r.model = "resnet-of-mine.onnx"; },  // a pattern speaks of the zoo
      [](auto& r) { r.engine = "openvino"; },
      [](auto& r) { r.engine_settings = "graph=basic"; },
      [](auto& r) { r.device = "cuda:0"; },
      [](auto& r) { r.precision_requested = "bf16"; },
      [](auto& r) { r.batch = 4; },
      [](auto& r) { r.batch.reset(); },
      [](auto& r) { r.input_height = r.input_width = 32; },
      [](auto& r) { r.mode = "throughput"; },
      [](auto& r) { r.protocol = "ten"; },
      [](auto& r) { r.source = "colab"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    measure::Row changed = row();
    changes[i](changed);
    EXPECT_FALSE(belongs_to(changed, spec())) << i;
  }
}

TEST(StudySelection, SeveralInFlight) {
  measure::RunSpec asked = spec();
  asked.mode = measure::Mode::throughput;
  asked.streams = {2};
  asked.requests = {20};
  measure::Row measured = row();
  measured.mode = "throughput";
  measured.streams = 2;
  measured.requests = 20;
  EXPECT_TRUE(belongs_to(measured, asked));
  measured.requests = 4;
  EXPECT_FALSE(belongs_to(measured, asked));
  measured.streams = 4;
  asked.requests = {4};
  EXPECT_FALSE(belongs_to(measured, asked));
  asked.streams = {4};
  asked.requests.clear();  // as many as streams
  EXPECT_TRUE(belongs_to(measured, asked));
  measured.requests = 8;
  EXPECT_FALSE(belongs_to(measured, asked));
  // Streams that the engine chose by a hint are none that could have been asked.
  asked.engines = {{"openvino", {{"hint", "throughput"}}}};
  asked.requests = {8};
  measured.engine = "openvino";
  measured.engine_settings = "hint=throughput";
  measured.streams = 3;
  EXPECT_TRUE(belongs_to(measured, asked));
}

TEST(StudySelection, EmptyListsTakeWhatARunWouldChoose) {
  measure::RunSpec asked = spec();
  asked.engines.clear();
  asked.devices.clear();
  measure::Row other = row();
  other.engine = "torch";
  other.device = "cuda:0";
  EXPECT_TRUE(belongs_to(other, asked));
  other.engine_settings = "variant=eager";
  EXPECT_FALSE(belongs_to(other, asked));
}

TEST(StudySelection, SettingsOfAnEngineMustBeAlike) {
  measure::Row fake = row();
  fake.engine = "fake";
  EXPECT_FALSE(belongs_to(fake, spec()));
  fake.engine_settings = "delay_ms=5:spin=1";
  EXPECT_TRUE(belongs_to(fake, spec()));
}

TEST(StudySelection, InputsThatAreNamed) {
  measure::RunSpec asked = spec();
  asked.inputs = {32};
  EXPECT_FALSE(belongs_to(row(), asked));
  measure::Row small = row();
  small.input_height = small.input_width = 32;
  EXPECT_TRUE(belongs_to(small, asked));
  small.input_width = 64;
  EXPECT_FALSE(belongs_to(small, asked));
  small.input_height.reset();
  small.input_width.reset();  // a row that did not run
  EXPECT_TRUE(belongs_to(small, asked));
}

TEST(StudySelection, ThreadsCountAsTheyWereAsked) {
  measure::RunSpec asked = spec();
  asked.threads = {4};
  EXPECT_FALSE(belongs_to(row(), asked));
  measure::Row fewer = row();
  fewer.notes = {"interval within one start", "4 threads were asked, the engine uses 2"};
  EXPECT_TRUE(belongs_to(fewer, asked));
  asked.threads = {2};
  EXPECT_FALSE(belongs_to(fewer, asked));
}

TEST(StudySelection, FilesBelongByTheirPath) {
  measure::Row own = row();
  own.model = "nets/own.onnx";
  own.input_height = own.input_width = 100;
  EXPECT_TRUE(belongs_to(own, spec()));
}

TEST(StudySelection, AnyRunOfTheStudyWillDo) {
  measure::RunSpec second = spec();
  second.batches = {8};
  measure::Row of_second = row(), of_none = row();
  of_second.batch = 8;
  of_none.batch = 16;
  const auto chosen = rows_of({spec(), second}, {row(), of_none, of_second});
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_EQ(chosen[0].batch, 2);
  EXPECT_EQ(chosen[1].batch, 8);
  EXPECT_TRUE(rows_of({}, {row()}).empty());
}

std::string text_of(const std::vector<measure::Row>& rows) {
  std::string text;
  for (const measure::Row& each : rows) text += each.model + " " + each.engine + " " + std::to_string(each.batch.value_or(0)) + "; ";
  return text;
}

measure::Row named(const std::string& model, const std::string& engine, std::int64_t batch) {
  measure::Row made = row();
  made.model = model;
  made.engine = engine;
  made.batch = batch;
  return made;
}

TEST(StudySelection, RowsStandInTheOrderOfTheStudy) {
  measure::RunSpec asked = spec();
  asked.models = {"vgg16", "resnet*"};
  asked.engines = {{"openvino", {}}, {"onnxruntime", {}}};
  EXPECT_EQ(
      text_of(rows_of({asked}, {named("resnet50", "openvino", 2), named("resnet18", "onnxruntime", 1), named("resnet18", "openvino", 2),
                                named("vgg16", "onnxruntime", 2), named("vgg16", "onnxruntime", 1), named("resnet18", "openvino", 1)})),
      "vgg16 onnxruntime 1; vgg16 onnxruntime 2; resnet18 openvino 1; resnet18 openvino 2; resnet18 onnxruntime 1; resnet50 openvino 2; ");
}

TEST(StudySelection, ReadingOrderLeavesImportsAsTheyStood) {
  measure::Row first = named("vgg16", "z", 8), second = named("alexnet", "a", 1);
  first.source = second.source = "colab";
  EXPECT_EQ(text_of(in_reading_order({named("vgg16", "b", 2), named("own.onnx", "a", 1), first, named("vgg16", "a", 4),
                                      named("alexnet", "b", 1), second, named("vgg16", "a", 1)})),
            "vgg16 z 8; alexnet a 1; alexnet b 1; vgg16 a 1; vgg16 a 4; vgg16 b 2; own.onnx a 1; ");
}

EvaluationRequest request() {
  EvaluationRequest asked;
  asked.spec.models = {"resnet*"};
  asked.spec.engines = {{"onnxruntime", {}}};
  asked.spec.threads = {2};
  return asked;
}

measure::AnsweredPictures evaluated(const std::string& data) {
  measure::AnsweredPictures each;
  measure::EvaluationRow& row = each.evaluation;
  row.model = "resnet18";
  row.engine = "onnxruntime";
  row.device = "cpu";
  row.precision_requested = "fp32";
  row.threads = 2;
  row.batch = 1;
  row.input_height = row.input_width = 224;
  row.preprocessing = dataset::to_options(zoo::find("resnet18")->preprocessing);
  row.data = data;
  row.data_sha256 = "hash of " + data;
  return each;
}

TEST(StudySelection, AnEvaluationOfTheRequestBelongs) {
  EXPECT_TRUE(belongs_to(evaluated("ten").evaluation, request()));
  EvaluationRequest named = request();
  named.images = "somewhere/ten/";
  EXPECT_TRUE(belongs_to(evaluated("ten").evaluation, named));
  named.images = "somewhere/eleven";
  EXPECT_FALSE(belongs_to(evaluated("ten").evaluation, named));
  EvaluationRequest changed = request();
  changed.preprocessing.mean = "0.5";
  EXPECT_FALSE(belongs_to(evaluated("ten").evaluation, changed));
  const std::vector<std::function<void(measure::EvaluationRow&)>> changes{
      [](auto& r) { r.model = "vgg16"; },
      [](auto& r) { r.engine = "openvino"; },
      [](auto& r) { r.threads = 1; },
      [](auto& r) { r.batch = 4; },
      [](auto& r) { r.precision_requested = "bf16"; },
      [](auto& r) { r.engine_settings = "graph=basic"; },
      [](auto& r) { r.input_height = 192; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    measure::EvaluationRow row = evaluated("ten").evaluation;
    changes[i](row);
    EXPECT_FALSE(belongs_to(row, request())) << i;
  }
}

TEST(StudySelection, PicturesAreOfOneDataSetTheOneEvaluatedLast) {
  const auto data_of = [](const std::vector<measure::AnsweredPictures>& all) {
    std::vector<std::string> names;
    for (const auto& each : all) names.push_back(each.evaluation.data);
    return names;
  };
  const auto stored = [] {
    std::vector<measure::AnsweredPictures> all{evaluated("b"), evaluated("a"), evaluated("b"), evaluated("c")};
    all.back().evaluation.model = "vgg16";
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(data_of(pictures_of({request()}, stored())), (Names{"b", "b"}));
  EvaluationRequest named = request();
  named.images = "a";
  EXPECT_EQ(data_of(pictures_of({named}, stored())), (Names{"a"}));
  EXPECT_EQ(data_of(pictures_of({named, request()}, stored())), (Names{"b", "a", "b"}));
  EXPECT_EQ(pictures_of({}, stored()).size(), 4u);
}

}  // namespace
}  // namespace inferometer::cli

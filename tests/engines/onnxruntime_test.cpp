#include "engine_fixture.h"

#include <algorithm>

namespace inferometer::test {
namespace {

engine::Engine& onnxruntime() { return engine_named("onnxruntime"); }

TEST(OnnxRuntime, Information) {
  const engine::EngineInfo info = onnxruntime().info();
  EXPECT_TRUE(info.usable) << info.reason;
  EXPECT_TRUE(info.version.starts_with("1.")) << info.version;
  ASSERT_FALSE(info.devices.empty());
  EXPECT_EQ(info.devices[0].name, "cpu");
  EXPECT_EQ(info.devices[0].precisions, std::vector<std::string>{"fp32"});
}

TEST(OnnxRuntime, Refusals) { expect_refusals(onnxruntime()); }
TEST(OnnxRuntime, DynamicDimensions) { expect_dynamic_dimensions(onnxruntime()); }
TEST(OnnxRuntime, HalfFloats) { expect_half_floats(onnxruntime()); }

// What the CPU provider computes half floats in is its kernels' matter: the profile of a run tells, the file does not.
TEST(OnnxRuntime, PrecisionOfHalfFloatsIsWhatKernelsTake) {
  const TemporaryFile half = model_file({.type = onnx::TensorProto::FLOAT16}), whole = model_file();
  const engine::EngineInfo info = onnxruntime().info();
  const std::vector<std::string>& listed = info.devices.front().precisions;
  const bool computes_in_half = std::find(listed.begin(), listed.end(), "fp16") != listed.end();
  EXPECT_EQ(info.half_from_file, computes_in_half);
  const auto session = load(onnxruntime(), half.path());
  const engine::ObtainedSettings obtained = session->obtained();
  if (computes_in_half) {
    EXPECT_EQ(obtained.precision, "fp16");
  } else if (obtained.own.at("half_operators") == "none") {
    EXPECT_EQ(obtained.precision, "fp32");
  } else {
    EXPECT_EQ(obtained.precision, "mixed");
  }
  EXPECT_EQ(load(onnxruntime(), whole.path())->obtained().precision, "fp32");

  engine::SessionSettings settings;
  settings.precision = "fp16";
  EXPECT_EQ(load_error(onnxruntime(), whole.path(), settings).code(), ErrorCode::unsupported);
  if (computes_in_half) {
    EXPECT_EQ(load(onnxruntime(), half.path(), settings)->obtained().precision, "fp16");
  } else {
    EXPECT_EQ(load_error(onnxruntime(), half.path(), settings).code(), ErrorCode::unsupported);
  }
}

TEST(OnnxRuntime, PrecisionOfBfloatsIsNotClaimed) {
  onnx::ModelProto model = model_of({.type = onnx::TensorProto::BFLOAT16});
  model.mutable_opset_import(0)->set_version(13);  // the first that allows it
  const TemporaryFile file(model.SerializeAsString());
  try {
    EXPECT_EQ(load(onnxruntime(), file.path())->obtained().precision, "");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported) << error.what();  // no kernel for Relu of bf16
  }
}

TEST(OnnxRuntime, LowerPrecisionsAreRefusedOnTheProcessor) {
  const TemporaryFile file = model_file();
  for (const char* precision : {"fp16", "bf16", "int8"}) {
    engine::SessionSettings settings;
    settings.precision = precision;
    EXPECT_EQ(load_error(onnxruntime(), file.path(), settings).code(), ErrorCode::unsupported);
  }
}

TEST(OnnxRuntime, OneSymbolCannotHaveTwoSizes) {
  const TemporaryFile file = model_file({.input = {"N", "3", "N", "N"}, .output = {"N", "3", "N", "N"}});
  engine::SessionSettings settings;
  settings.shapes["x"] = {1, 3, 4, 4};
  EXPECT_EQ(load_error(onnxruntime(), file.path(), settings).code(), ErrorCode::usage);
  settings.batch = 4;
  EXPECT_EQ(load(onnxruntime(), file.path(), settings)->outputs().at(0).shape, (Shape{4, 3, 4, 4}));
}

// The output's size is the number of elements that are not zero: no run can tell it for the next.
TEST(OnnxRuntime, OutputsThatDependOnValuesAreUnsupported) {
  onnx::ModelProto model = model_of({.op = "NonZero", .input = {"N", "4"}, .output = {"A", "B"}});
  model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);
  const TemporaryFile file(model.SerializeAsString());
  const auto session = load(onnxruntime(), file.path());
  try {
    outputs_of(*session, [](std::size_t) { return 1.0f; });
    ADD_FAILURE() << "ran";
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), "unsupported") << error.what();
  }
}

TEST(OnnxRuntime, ThreadsAreCounted) {
  const TemporaryFile file = model_file();
  struct Case {
    int threads, streams;
  };
  for (const Case& one : {Case{1, 1}, Case{2, 1}, Case{3, 1}, Case{2, 2}, Case{3, 2}}) {
    engine::SessionSettings settings;
    settings.threads = one.threads;
    settings.streams = one.streams;
    EXPECT_EQ(load(onnxruntime(), file.path(), settings)->obtained().threads, one.threads) << one.streams << " streams";
  }
}

TEST(OnnxRuntime, LayerTimes) {
  const TemporaryFile file = model_file();
  engine::SessionSettings settings;
  settings.own["profile"] = "1";
  const auto session = load(onnxruntime(), file.path(), settings);
  for (int run = 0; run < 3; ++run) outputs_of(*session, [](std::size_t i) { return static_cast<float>(i); });
  const std::vector<engine::LayerTime> layers = session->layer_times();
  ASSERT_EQ(layers.size(), 1u);
  EXPECT_EQ(layers[0].name, "the_node");
  EXPECT_EQ(layers[0].op, "Relu");
  EXPECT_EQ(layers[0].kernel, "CPUExecutionProvider");
}

TEST(OnnxRuntime, SqueezeNet) {
  if (!std::filesystem::exists(squeezenet())) GTEST_SKIP() << "the shared data are not here";
  for (const std::int64_t batch : {1, 2}) {
    engine::SessionSettings settings;
    settings.batch = batch;
    expect_squeezenet(*load(onnxruntime(), squeezenet().string(), settings));
  }
}

}  // namespace
}  // namespace inferometer::test

#include "engine_fixture.h"

namespace inferometer::test {
namespace {

engine::Engine& openvino() { return engine_named("openvino"); }

const engine::DeviceInfo& processor() {
  static const engine::EngineInfo info = openvino().info();
  return info.devices.at(0);
}

bool offers(const std::string& precision) {
  return std::find(processor().precisions.begin(), processor().precisions.end(), precision) != processor().precisions.end();
}

TEST(OpenVino, Information) {
  const engine::EngineInfo info = openvino().info();
  EXPECT_TRUE(info.usable) << info.reason;
  EXPECT_TRUE(info.version.starts_with("20")) << info.version;
  EXPECT_EQ(processor().name, "CPU");
  EXPECT_FALSE(processor().description.empty());
  EXPECT_TRUE(offers("fp32"));
}

TEST(OpenVino, Refusals) { expect_refusals(openvino()); }
TEST(OpenVino, DynamicDimensions) { expect_dynamic_dimensions(openvino()); }
TEST(OpenVino, HalfFloats) { expect_half_floats(openvino()); }

// What is not offered is refused, and what is offered is read back from the compiled model.
TEST(OpenVino, PrecisionIsTheOneAsked) {
  const TemporaryFile file = model_file();
  for (const char* precision : {"fp32", "bf16", "fp16"}) {
    engine::SessionSettings settings;
    settings.precision = precision;
    if (offers(precision))
      EXPECT_EQ(load(openvino(), file.path(), settings)->obtained().precision, precision);
    else
      EXPECT_EQ(load_error(openvino(), file.path(), settings).code(), ErrorCode::unsupported) << precision;
  }
}

TEST(OpenVino, NativePrecisionIsReported) {
  const TemporaryFile file = model_file();
  engine::SessionSettings settings;
  settings.precision = "native";
  const std::string obtained = load(openvino(), file.path(), settings)->obtained().precision;
  EXPECT_TRUE(offers(obtained)) << obtained;
}

TEST(OpenVino, ThreadsStreamsAndSettingsAreReadBack) {
  const TemporaryFile file = model_file();
  engine::SessionSettings settings;
  settings.threads = 2;
  settings.streams = 2;
  settings.own["pinning"] = "0";
  settings.own["execution_mode"] = "accuracy";
  const engine::ObtainedSettings obtained = load(openvino(), file.path(), settings)->obtained();
  EXPECT_EQ(obtained.threads, 2);
  EXPECT_EQ(obtained.streams, 2);
  EXPECT_EQ(obtained.own.at("pinning"), "0");
  EXPECT_EQ(obtained.own.at("execution_mode"), "accuracy");
}

// Large enough to take some microseconds: OpenVINO shows a layer of 0 us as not executed.
TEST(OpenVino, LayerTimes) {
  const TemporaryFile file = model_file({.input = {"N", "3", "512", "512"}, .output = {"N", "3", "512", "512"}});
  engine::SessionSettings settings;
  settings.own["profile"] = "1";
  const auto session = load(openvino(), file.path(), settings);
  EXPECT_TRUE(session->layer_times().empty());
  outputs_of(*session, [](std::size_t i) { return static_cast<float>(i); });
  const std::vector<engine::LayerTime> layers = session->layer_times();
  const auto executed = [](const engine::LayerTime& layer) { return layer.executed; };
  ASSERT_EQ(std::count_if(layers.begin(), layers.end(), executed), 1);
  const engine::LayerTime& relu = *std::find_if(layers.begin(), layers.end(), executed);
  EXPECT_EQ(relu.name, "y");
  EXPECT_EQ(relu.precision, "fp32");
  EXPECT_GT(relu.time_us, 0);
}

TEST(OpenVino, SqueezeNet) {
  if (!std::filesystem::exists(squeezenet())) GTEST_SKIP() << "the shared data are not here";
  for (const std::int64_t batch : {1, 2}) {
    engine::SessionSettings settings;
    settings.batch = batch;
    expect_squeezenet(*load(openvino(), squeezenet().string(), settings));
  }
}

}  // namespace
}  // namespace inferometer::test

#include "predict/model.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/builder.h"
#include "predict/columns_identity.h"
#include "predict/predict.h"

namespace inferometer::predict {
namespace {

/// Charges 1 ms for a network and 2 (batch 1) or 3 (batch 16) for each pointwise convolution.
Model small_model() {
  Model model;
  model.engine = "fake";
  model.engine_version = "1.0";
  model.device = "cpu";
  model.precision = "fp32";
  model.engine_settings = {{"delay_ms", "5"}};
  model.threads = 2;
  model.machine = "m";
  model.machine_name = "a machine";
  model.calibrated_at = "2026-01-01T00:00:00Z";
  model.inferometer_version = "0.1.0";
  model.batches = {{1, {{"network.count", 1}, {"pointwise.count", 2}}, 1.5, 0.04, 0.1},
                   {16, {{"network.count", 1}, {"pointwise.count", 3}}, 2, 0.05, 0.2}};
  model.memory = MemoryModel{10, 5, 2, 3, 0.5, 0.3, 0, 1, 1, 1};
  for (const char* kind : {"input", "output", "weights", "reorder"}) model.ranges[kind] = {};
  model.ranges["pointwise"] = {{"channels", {8, 64}}, {"kernel", {1, 1}}, {"map", {7, 56}}};
  HeldOut held;
  held.network = "resnet18";
  held.family = "resnet";
  held.measured_ms = 10;
  held.predicted_ms = 11;
  held.low_ms = 9;
  held.high_ms = 13;
  model.held_out = {held};
  model.probes = {{"pointwise-0", 1, 2, 2.1}};
  model.left_out = {"x b1: not steady, 30 % apart"};
  return model;
}

graph::Graph pointwise_network(std::int64_t channels, int layers) {
  graph::Builder net("net");
  graph::TensorId x = net.input("input", {graph::kBatch, channels, 8, 8});
  for (int i = 0; i < layers; ++i) x = net.conv("conv" + std::to_string(i), x, {.channels = channels, .bias = false});
  return net.finish(x);
}

class ModelFile : public testing::Test {
 protected:
  ModelFile() : path_(std::filesystem::temp_directory_path() / ("inferometer-model-" + std::to_string(::getpid()) + ".json")) {}
  ~ModelFile() override { std::filesystem::remove(path_); }

  /// The message after one text of the file was replaced by another.
  std::string message_after(const std::string& from, const std::string& to) {
    save_model(small_model(), path_);
    std::string text = read_file(path_);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(path_, std::ios::trunc) << text;
    try {
      (void)load_model(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return error.what();
    }
    return "nothing was thrown";
  }

  std::filesystem::path path_;
};

TEST_F(ModelFile, ComesBackWhole) {
  save_model(small_model(), path_);
  const std::string first = read_file(path_);
  const Model model = load_model(path_);
  save_model(model, path_);
  EXPECT_EQ(read_file(path_), first);
  EXPECT_EQ(describe(model), "fake cpu fp32 t2");
  EXPECT_EQ(model.batches[1].coefficients.at("pointwise.count"), 3);
  EXPECT_EQ(model.ranges.at("pointwise").at("channels").high, 64);
  EXPECT_EQ(model.held_out[0].low_ms, 9);
  EXPECT_EQ(model.held_out[0].measured_mb, std::nullopt);
  EXPECT_EQ(model.memory->log_bound, 0.3);
}

TEST_F(ModelFile, DamageNamesLineOrKey) {
  const std::string file = path_.string();
  EXPECT_EQ(message_after("\"threads\": 2", "\"threads\": \"two\""), file + ": 'threads' is no whole number from 1 to 2147483647");
  EXPECT_EQ(message_after("\"threads\": 2", "\"threads\": 4294967298"), file + ": 'threads' is no whole number from 1 to 2147483647");
  EXPECT_EQ(message_after("\"scale\": 2.0", "\"scale\": 2e999").find(file + ": "), 0U);
  EXPECT_EQ(message_after("\"scale\": 2.0", "\"scale\": 0.0"), file + ": 'batches[1].scale' is not above 0");
  EXPECT_EQ(message_after("\"value\": 3.0", "\"value\": -3.0"), file + ": 'batches[1].coefficients[1].value' is negative");
  EXPECT_EQ(message_after("\"low\": 7.0", "\"low\": 70.0"), file + ": 'ranges.pointwise.map.low' is above the high one");
  EXPECT_EQ(message_after("\"batch\": 16", "\"batch\": 1"), file + ": 'batches' is not in ascending order");
  EXPECT_EQ(message_after("\"column\": \"pointwise.count\"", "\"column\": \"network.count\""),
            file + ": 'batches[0].coefficients[1].column' stands there twice");
  EXPECT_EQ(message_after("\"engine_version\"", "\"version_of_engine\""), file + ": 'engine_version' is missing");
  EXPECT_EQ(message_after("\"version\": 2", "\"version\": 1"), file + ": 'version' is one that this inferometer does not know");
  EXPECT_EQ(message_after("\"family\": \"resnet\"", "\"family\": 7"), file + ": 'held_out[0].family' is no text");
  EXPECT_EQ(message_after("\"device\": \"cpu\",", "\"device\": \"cpu\"").find(file + ":10: is no JSON"), 0U);
  EXPECT_THROW((void)load_model("/nowhere/model.json"), Error);
}

TEST_F(ModelFile, CoefficientsOfOtherColumnsAreRefused) {
  EXPECT_EQ(columns_identity().size(), 12U);
  EXPECT_EQ(message_after("\"columns\": \"" + columns_identity(), "\"columns\": \"0123456789ab"),
            path_.string() + ": 'columns' tells that another inferometer wrote it, whose columns count other things");
  EXPECT_EQ(message_after("\"columns\"", "\"rows\""), path_.string() + ": 'columns' is missing");
  EXPECT_EQ(message_after("\"block_channels\": 16", "\"block_channels\": 12"), path_.string() + ": 'block_channels' is neither 8 nor 16");
}

/// Memory's interval reaches further for what no calibrated network had.
TEST(Predict, MemoryBeyondTheNetworksIsLessCertain) {
  Model model = small_model();
  model.memory = MemoryModel{0, 0, 1, 0, 0, 0.3};
  model.memory->most_convolution_mb = 16 * 16 * 4e-6;
  const Prediction inside = predict_latency(model, pointwise_network(16, 1), 1),
                   beyond = predict_latency(model, pointwise_network(32, 1), 1);
  EXPECT_NEAR(*inside.memory_high_mb / *inside.peak_memory_mb, std::exp(0.3), 1e-9);
  EXPECT_NEAR(*beyond.memory_high_mb / *beyond.peak_memory_mb, std::exp(0.3 * (1 + std::log(4))), 1e-9);  // all of it, four times as much
}

TEST(Predict, RefusesAModelThatGivesNoTime) {
  Model model = small_model();
  for (BatchModel& batch : model.batches) batch.coefficients = {{"grouped.gmac", 1}};
  EXPECT_THROW((void)predict_latency(model, pointwise_network(16, 1), 1), Error);
}

/// What was calibrated on another CPU is predicted for that one.
TEST(Predict, CountsInTheBlocksOfTheCpuThatWasTimed) {
  Model model = small_model();
  for (BatchModel& batch : model.batches) batch.coefficients = {{"pointwise.gmac", 1e6}};
  const double wide = predict_latency(model, pointwise_network(24, 1), 1).latency_ms;
  model.block_channels = kNarrowBlock;
  EXPECT_DOUBLE_EQ(predict_latency(model, pointwise_network(24, 1), 1).latency_ms, wide * 24 / 32);
}

TEST(Predict, AddsUpAndInterpolatesBetweenBatches) {
  const Model model = small_model();
  const Prediction one = predict_latency(model, pointwise_network(16, 2), 1);
  EXPECT_DOUBLE_EQ(one.latency_ms, 1.5 * (1 + 2 * 2));
  EXPECT_DOUBLE_EQ(*one.low_ms, one.latency_ms / std::exp(0.1));
  EXPECT_DOUBLE_EQ(*one.high_ms, one.latency_ms * std::exp(0.1));
  EXPECT_TRUE(one.outside.empty());
  const Prediction sixteen = predict_latency(model, pointwise_network(16, 2), 16);
  EXPECT_DOUBLE_EQ(sixteen.latency_ms, 2 * (1 + 2 * 3));
  // Batch 4 is half way from 1 to 16 in logarithms.
  const Prediction four = predict_latency(model, pointwise_network(16, 2), 4);
  EXPECT_NEAR(four.latency_ms, std::sqrt(one.latency_ms * sixteen.latency_ms), 1e-12);
  EXPECT_NEAR(*four.high_ms, four.latency_ms * std::exp(0.15), 1e-12);
  double sum = 0;
  for (const UnitCost& unit : four.units) sum += unit.ms;
  EXPECT_NEAR(sum, four.latency_ms, 1e-12);
  // 10 + 2 x 2 layers of 16 x 16 weights + 3 x two maps of 16 x 8 x 8 that live together + 0.5 x both
  EXPECT_NEAR(*one.peak_memory_mb, 10 + 2 * (2 * 256 * 4e-6) + 3.5 * (2 * 1024 * 4e-6), 1e-12);
}

TEST(Predict, FlagsSizesOutsideWithTheLayer) {
  const Prediction far = predict_latency(small_model(), pointwise_network(128, 1), 1);
  ASSERT_EQ(far.outside.size(), 1U);
  EXPECT_EQ(far.outside[0], "conv0: channels 128, timed 8 to 64");
  // 2/3 of the time lies in a layer that is log 2 away.
  EXPECT_NEAR(*far.high_ms, far.latency_ms * std::exp(0.1 * (1 + std::log(2.0) * 2 / 3)), 1e-12);
}

TEST(Predict, RefusesWhatWasNeverTimed) {
  const Model model = small_model();
  try {
    (void)predict_latency(model, pointwise_network(16, 1), 17);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_STREQ(error.what(), "batch 17 is outside those that were calibrated, 1 to 16");
  }
  graph::Builder net("net");
  const graph::TensorId x = net.input("input", {graph::kBatch, 16, 8, 8});
  const graph::Graph graph = net.finish(net.softmax("probabilities", x));
  try {
    (void)predict_latency(model, graph, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "layer probabilities: no Softmax (softmax) was timed in the calibration");
  }
}

}  // namespace
}  // namespace inferometer::predict

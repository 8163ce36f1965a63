#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/loader.h"
#include "formats/caffe.h"
#include "formats/onnx.h"
#include "graph/cost.h"
#include "measure/agreement.h"
#include "measure/images.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer {
namespace {

engine::Engine& reference() {
  static const auto engine = engine::open_plugin(std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / "reference.so");
  return *engine;
}

/// The reference engine's answer to one of the agreement's pictures.
std::vector<float> outputs_of(const graph::Model& model, std::uint64_t image) {
  engine::ModelFile file;
  file.parse = [&model] { return model; };
  engine::SessionSettings settings;
  settings.threads = 2;
  const auto session = reference().load(file, settings);
  const auto request = session->create_request();
  measure::InputBuffers inputs(session->inputs(), 1, 1, {0});
  inputs.fill(1, {image});
  return measure::to_floats(request->run(inputs.views())[0]);
}

std::vector<float> softmax(std::vector<float> logits) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float& value : logits) sum += static_cast<double>(value = std::exp(value - most));
  for (float& value : logits) value = static_cast<float>(static_cast<double>(value) / sum);
  return logits;
}

std::filesystem::path weights_folder() { return std::filesystem::path(INFEROMETER_SHARED_DIR) / "data/weights"; }

TEST(CaffeFiles, SqueezeNetEqualsItsOnnxTwin) {
  const auto folder = weights_folder() / "squeezenet_v1.1";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the shared data are not here";
  const auto caffemodel = formats::find_caffe_weights(folder / "deploy.prototxt");
  const graph::Model caffe = formats::read_caffe(folder / "deploy.prototxt", caffemodel);
  const graph::Cost cost = graph::compute_cost(caffe.graph).total;
  EXPECT_EQ(cost.parameters, 1235496);
  const graph::Model onnx = formats::read_onnx(folder / "squeezenet_v1.1.derived.onnx");
  for (const std::uint64_t image : {0, 1}) {
    const std::vector<float> expected = softmax(outputs_of(onnx, image));
    EXPECT_LE(measure::relative_error(expected, outputs_of(caffe, image)), 1e-5);
  }
  // The zoo's network takes the same weights by name; it ends in logits, as the twin does.
  graph::Model zoo{zoo::find("caffe_squeezenet1_1")->build({}), {}};
  zoo.weights = formats::read_caffe_weights(caffemodel, zoo.graph);
  EXPECT_LE(measure::relative_error(outputs_of(onnx, 0), outputs_of(zoo, 0)), 1e-5);
}

TEST(CaffeFiles, SampLeNetEqualsItsOnnxTwinWithChannelsTurned) {
  const auto folder = weights_folder() / "cifar10_samplenet";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the shared data are not here";
  graph::Model caffe = formats::read_caffe(folder / "SampLeNet.prototxt", folder / "SampLeNet.caffemodel");
  const graph::Model onnx = formats::read_onnx(folder / "samplenet.onnx");
  EXPECT_GT(measure::relative_error(outputs_of(onnx, 0), outputs_of(caffe, 0)), 0.01);
  // The twin expects blue, green, red: its first convolution's input channels stand in the other order.
  graph::Array& weight = caffe.weights.at("conv1.weight");
  ASSERT_EQ(weight.shape, (Shape{6, 3, 5, 5}));
  for (std::size_t filter = 0; filter < 6; ++filter) {
    float* first = weight.floats() + filter * 75;
    std::swap_ranges(first, first + 25, first + 50);
  }
  for (const std::uint64_t image : {0, 1}) {
    EXPECT_LE(measure::relative_error(outputs_of(onnx, image), outputs_of(caffe, image)), 1e-5);
  }
}

/// Small inputs, so that this takes a second: arithmetic does not depend on the size.
class WrittenNetworks : public testing::TestWithParam<const char*> {};

TEST_P(WrittenNetworks, ReadBackGiveTheSameOutputs) {
  const zoo::Network& network = *zoo::find(GetParam());
  graph::Model model{network.build({.height = 96, .width = 96, .classes = 10}), {}};
  model.weights = zoo::synthetic_weights(model.graph, 1);
  const auto stem = std::filesystem::temp_directory_path() / ("inferometer_written_" + std::to_string(getpid()));
  const std::filesystem::path prototxt = stem.string() + ".prototxt", caffemodel = stem.string() + ".caffemodel";
  formats::write_caffe(model, prototxt, caffemodel);
  const graph::Model read = formats::read_caffe(prototxt, caffemodel);
  const graph::Cost wanted = graph::compute_cost(model.graph).total, found = graph::compute_cost(read.graph).total;
  EXPECT_EQ(found.parameters, wanted.parameters);
  EXPECT_EQ(found.macs, wanted.macs);
  EXPECT_LE(measure::relative_error(outputs_of(model, 0), outputs_of(read, 0)), 1e-4);
  std::filesystem::remove(prototxt);
  std::filesystem::remove(caffemodel);
}

INSTANTIATE_TEST_SUITE_P(Some, WrittenNetworks,
                         testing::Values("caffe_googlenet", "caffe_densenet121", "caffe_resnet50", "mobilenet_v1_depthwise",
                                         "shufflenet_v1_g3", "mobilenet_v2", "mobilenet_v3_small", "googlenet"),
                         [](const auto& network) { return network.param; });

}  // namespace
}  // namespace inferometer

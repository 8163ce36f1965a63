#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

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

/// A file of this test that is gone afterwards.
class TextFile {
 public:
  TextFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() / ("inferometer_" + std::to_string(getpid()) + "_" + name)) {
    std::ofstream(path_) << content;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(CaffeFiles, LayersThatBecomeSeveralNodesComputeWhatCaffeDoes) {
  const TextFile prototxt("several.prototxt", R"(
    layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 4 dim: 1 dim: 2 } } }
    layer { name: 'prelu' type: 'PReLU' bottom: 'data' top: 'p' }
    layer { name: 'power' type: 'Power' bottom: 'p' top: 'q' power_param { scale: 2 shift: 1 } }
    layer { name: 'sum' type: 'Eltwise' bottom: 'q' bottom: 'data' top: 's' eltwise_param { coeff: 1 coeff: -3 } }
    layer { name: 'shuffle' type: 'ShuffleChannel' bottom: 's' top: 't' shuffle_channel_param { group: 2 } }
    layer { name: 'mean' type: 'Pooling' bottom: 't' top: 'm' pooling_param { pool: AVE global_pooling: true } }
    layer { name: 'flat' type: 'Flatten' bottom: 'm' top: 'f' }
    layer { name: 'scale' type: 'Scale' bottom: 't' bottom: 'f' top: 'u' scale_param { axis: 0 } })");
  graph::Model model = formats::read_caffe(prototxt.path());
  const std::vector<float> slopes{0.5F, 0.25F, -1, 2}, x{1, -2, 3, -4, -5, 6, 7, -8};
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::constant) continue;
    graph::Array array{ElementType::f32, tensor.shape, std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * 4)};
    std::fill_n(array.floats(), element_count(tensor.shape), tensor.initial.centre);
    if (tensor.name == "prelu.weight") std::copy(slopes.begin(), slopes.end(), array.floats());
    model.weights.emplace(tensor.name, std::move(array));
  }
  std::vector<float> shuffled(8);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t channel = i / 2, dealt = channel % 2 * 2 + channel / 2;  // (group, place) to (place, group)
    const float rectified = x[i] > 0 ? x[i] : slopes[channel] * x[i];
    shuffled[dealt * 2 + i % 2] = 2 * rectified + 1 - 3 * x[i];
  }
  engine::ModelFile file;
  file.parse = [&model] { return model; };
  const auto session = reference().load(file, {});
  const Shape shape{1, 4, 1, 2};
  const engine::TensorView input{ElementType::f32, shape, x.data(), x.size() * sizeof(float)};
  const auto request = session->create_request();
  const std::vector<float> found = measure::to_floats(request->run({&input, 1})[0]);
  ASSERT_EQ(found.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    const float mean = (shuffled[i / 2 * 2] + shuffled[i / 2 * 2 + 1]) / 2;
    EXPECT_FLOAT_EQ(found[i], shuffled[i] * mean) << i;
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

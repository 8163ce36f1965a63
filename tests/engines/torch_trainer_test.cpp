/// Training with libtorch: gradients of every operator, and steps that equal PyTorch's.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "contract/contract.h"
#include "contract/operator_graphs.h"
#include "engine/loader.h"
#include "engine/trainer.h"
#include "engine_fixture.h"
#include "graph/builder.h"

namespace inferometer {
namespace {

using engine::BatchResult;
using engine::Trainer;
using engine::TrainerSettings;

constexpr std::int64_t kImages = 2, kClasses = 3;

std::unique_ptr<Trainer> make_trainer(graph::Model model, const TrainerSettings& settings) {
  test::engine_named("torch");
  const engine::TrainerTable* table = engine::find_trainer();
  EXPECT_NE(table, nullptr);
  return table->create(std::move(model), settings);
}

TrainerSettings in_doubles(std::int64_t batch = kImages) {
  TrainerSettings settings;
  settings.precision = "fp64";
  settings.batch = batch;
  return settings;
}

void add_parameter(graph::Model& model, const std::string& name, const Shape& shape, std::uint64_t seed, float scale) {
  model.graph.tensors.push_back({name, shape, graph::Role::parameter, ElementType::f32, {}, {}});
  std::vector<float> values = contract::noise(element_count(shape), seed);
  for (float& value : values) value *= scale;
  const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
  model.weights[name] = {ElementType::f32, shape, {bytes, bytes + values.size() * sizeof(float)}};
}

graph::TensorId add_activation(graph::Graph& graph, const std::string& name) {
  graph.tensors.push_back({name, {}, graph::Role::activation, ElementType::f32, {}, {}});
  return graph.tensors.size() - 1;
}

/// The graph as a classifier with parameters in front of it and behind it, so that gradients pass through every node: the image plus a
/// learnt one goes in; all outputs become one row an image (or one row, where images were mixed), and that classes.
graph::Model as_classifier(graph::Model model) {
  graph::Graph& graph = model.graph;
  const std::vector<Shape> shapes = graph::infer_shapes(graph, kImages);
  const graph::TensorId x = graph.inputs.at(0);
  const Shape given_shape = graph.tensors[x].shape;
  graph.tensors[x].role = graph::Role::activation;
  graph.tensors[x].shape = {};
  graph.tensors.push_back({"given", given_shape, graph::Role::input, ElementType::f32, {}, {}});
  const graph::TensorId given = graph.tensors.size() - 1;
  Shape learnt = given_shape;
  learnt[0] = 1;
  add_parameter(model, "learnt image", learnt, 77, 0.5f);
  graph.nodes.insert(graph.nodes.begin(), {"shift", graph::Add{}, {given, graph.tensors.size() - 1}, {x}, {}});
  graph.inputs = {given};

  std::vector<graph::TensorId> rows;
  std::int64_t features = 0;
  const auto is_mixed = [&](graph::TensorId id) { return shapes[id].empty() || shapes[id][0] != kImages; };
  const bool mixed = std::any_of(graph.outputs.begin(), graph.outputs.end(), is_mixed);
  for (const graph::TensorId output : graph.outputs) {
    const std::string name = "row " + std::to_string(output);
    const std::int64_t length = element_count(shapes[output]) / (mixed ? 1 : kImages);
    const graph::TensorId row = add_activation(graph, name);
    graph.nodes.push_back({name, graph::Reshape{{mixed ? 1 : kImages, length}}, {output}, {row}, {}});
    rows.push_back(row);
    features += length;
  }
  const graph::TensorId joined = add_activation(graph, "joined"), scores = add_activation(graph, "scores");
  graph.nodes.push_back({"joined", graph::Concat{1}, rows, {joined}, {}});
  add_parameter(model, "head", {kClasses, features}, 78, 1 / std::sqrt(static_cast<float>(features)));
  graph.nodes.push_back({"scores", graph::Linear{}, {joined, graph.tensors.size() - 1, graph::kNoTensor}, {scores}, {}});
  graph.outputs = {scores};
  if (mixed) {
    add_parameter(model, "own of each image", {kImages, kClasses}, 79, 1);
    const graph::TensorId own = graph.tensors.size() - 1, both = add_activation(graph, "both");
    graph.nodes.push_back({"both", graph::Add{}, {scores, own}, {both}, {}});
    graph.outputs = {both};
  }
  return model;
}

double& element(graph::Array& array, std::size_t index) { return reinterpret_cast<double*>(array.bytes.data())[index]; }

/// Gradients by one step of plain SGD with rate 1; the loss as the trainer computes it at other parameters.
class Gradients {
 public:
  Gradients(graph::Model model, const std::vector<float>& images) : images_(images), graph_(model.graph) {
    trainer_ = make_trainer(std::move(model), in_doubles());
    start_ = trainer_->state();
    loss_ = trainer_->step(images_, labels_, 1).loss;
    moved_ = trainer_->state();
  }
  double loss() const { return loss_; }
  double gradient(const std::string& name, std::size_t index) { return element(start_.at(name), index) - element(moved_.at(name), index); }
  double loss_with(const std::string& name, std::size_t index, double change) {
    graph::Weights state = start_;
    element(state.at(name), index) += change;
    trainer_->set_state(state);
    return trainer_->step(images_, labels_, 0).loss;
  }
  /// The largest disagreement with central differences, relative, over some elements of every parameter.
  void expect_right() {
    constexpr double kStep = 1e-5, kTolerance = 1e-3, kFloor = 1e-8;
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (tensor.role != graph::Role::parameter) continue;
      const auto count = static_cast<std::size_t>(element_count(tensor.shape));
      for (std::size_t index = 0; index < count; index += std::max<std::size_t>(1, count / 7)) {
        const double expected = (loss_with(tensor.name, index, kStep) - loss_with(tensor.name, index, -kStep)) / (2 * kStep);
        const double found = gradient(tensor.name, index);
        EXPECT_NEAR(found, expected, kTolerance * std::abs(expected) + kFloor) << graph_.name << ", " << tensor.name << " " << index;
        if (std::abs(found) > kFloor) ++told;
      }
    }
  }
  int told = 0;  ///< elements whose gradient is not zero

 private:
  std::vector<float> images_;
  graph::Graph graph_;
  std::vector<std::int64_t> labels_{0, 2};
  std::unique_ptr<Trainer> trainer_;
  graph::Weights start_, moved_;
  double loss_ = 0;
};

TEST(TorchTrainer, GradientsOfEveryOperatorEqualCentralDifferences) {
  std::set<std::string> refused, operators;
  for (contract::OperatorGraphs& family : contract::operator_graphs()) {
    for (graph::Model& each : family.models) {
      const std::string name = family.family + ": " + each.graph.name;
      for (const graph::Node& node : each.graph.nodes) operators.insert(std::string(graph::name_of(node.op)));
      graph::Model model = as_classifier(std::move(each));
      Shape shape = model.graph.tensors[model.graph.inputs[0]].shape;
      shape[0] = kImages;
      const std::vector<float> images = contract::noise(element_count(shape), 5);
      try {
        Gradients gradients(std::move(model), images);
        ASSERT_TRUE(std::isfinite(gradients.loss())) << name;
        gradients.expect_right();
        EXPECT_GT(gradients.told, 0) << name << ": no gradient differs from zero, so nothing was shown";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported) << name << ": " << error.what();
        refused.insert(name);
      }
    }
  }
  EXPECT_EQ(refused, (std::set<std::string>{})) << "operators without a gradient must be listed here and in docs/training.md";
  // Every kind of node that a network can have was there.
  const std::set<std::string> all{"Conv",
                                  "BatchNorm",
                                  "Relu",
                                  "Clip",
                                  "LeakyRelu",
                                  "PRelu",
                                  "Sigmoid",
                                  "HardSigmoid",
                                  "HardSwish",
                                  "Silu",
                                  "Gelu",
                                  "Tanh",
                                  "Exp",
                                  "Sqrt",
                                  "Erf",
                                  "MaxPool",
                                  "AveragePool",
                                  "AdaptiveAveragePool",
                                  "GlobalAveragePool",
                                  "ReduceMean",
                                  "Linear",
                                  "MatMul",
                                  "Add",
                                  "Sub",
                                  "Mul",
                                  "Div",
                                  "Concat",
                                  "Split",
                                  "Slice",
                                  "Gather",
                                  "Reshape",
                                  "Transpose",
                                  "Flatten",
                                  "Pad",
                                  "Lrn",
                                  "Softmax",
                                  "LayerNorm",
                                  "Identity"};
  EXPECT_EQ(operators, all);
}

// ---- steps ----

/// Two numbers an image, three classes, weights that a float holds exactly.
graph::Model tiny() {
  graph::Builder net("tiny");
  const graph::TensorId x = net.input("input", {graph::kBatch, 1, 1, 2});
  graph::Model model{net.finish(net.linear("fc", net.flatten("flatten", x), {.features = 3})), {}};
  const std::vector<float> weight{0.125f, -0.25f, 0.25f, 0.5f, -0.5f, 0.625f}, bias{0.0625f, -0.0625f, 0.125f};
  const auto array = [](const std::vector<float>& values, const Shape& shape) {
    const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
    return graph::Array{ElementType::f32, shape, {bytes, bytes + values.size() * sizeof(float)}};
  };
  model.weights["fc.weight"] = array(weight, {3, 2});
  model.weights["fc.bias"] = array(bias, {3});
  return model;
}

struct Steps {
  std::string name;
  TrainerSettings settings;
  std::vector<double> losses, weight, bias;
};

/// Printed by PyTorch 1.13 in float64: three steps of torch.optim on cross_entropy(x W' + b), rates 0.5, 0.25, 0.125.
std::vector<Steps> steps_of_pytorch() {
  TrainerSettings plain = in_doubles(), heavy = plain, nesterov, adamw = plain;
  heavy.momentum = 0.9;
  heavy.weight_decay = 0.1;
  nesterov = heavy;
  nesterov.nesterov = true;
  nesterov.label_smoothing = 0.1;
  adamw.optimizer = engine::Optimizer::adamw;
  adamw.weight_decay = 0.1;
  return {
      {"sgd",
       plain,
       {1.1964321234054687, 0.87184978187697415, 0.76644551846919962},
       {0.47641041523890038, 0.04963018000095705, 0.039218857396596918, 0.13898483466376116, -0.6406292726354974, 0.68638498533528181},
       {0.057708352492795247, 0.068345326941225609, -0.0010536794340208697}},
      {"momentum and decay",
       heavy,
       {1.1964321234054687, 0.86205857690879695, 0.65268997779255633},
       {0.63230585650243942, 0.21992807030821618, -0.094139851096056326, -0.093583327413338052, -0.64712108353138309, 0.63634080398012194},
       {0.05326866053754703, 0.13566032008452905, -0.07997390249707613}},
      {"nesterov with smoothed labels",
       nesterov,
       {1.1990362900721354, 0.74791892622396605, 0.5926267825138507},
       {0.68954668311812972, 0.3823560651994336, -0.16701413092204018, -0.29475783392805166, -0.62296942914921472, 0.61545990740049317},
       {-0.014938018442152493, 0.22502775285306803, -0.10965285745779056}},
      {"adamw",
       adamw,
       {1.1964321234054687, 0.51536165202790807, 0.31058634333313317},
       {0.82877606065239462, 0.61600615569657191, -0.46022117304912064, -0.38234288767985025, -1.2104984501159439, 1.3496397292578985},
       {0.29185804266609183, 0.78612285925635028, -0.64740273521825631}}};
}

const std::vector<float> kTwo{0.5f, -1.0f, 2.0f, 0.25f};
const std::vector<std::int64_t> kTwoLabels{1, 0};

TEST(TorchTrainer, StepsEqualPyTorchs) {
  for (Steps& steps : steps_of_pytorch()) {
    const std::unique_ptr<Trainer> trainer = make_trainer(tiny(), steps.settings);
    for (std::size_t i = 0; i < 3; ++i) {
      const BatchResult result = trainer->step(kTwo, kTwoLabels, 0.5 / static_cast<double>(1 << i));
      EXPECT_NEAR(result.loss, steps.losses[i], 1e-14) << steps.name << " step " << i;
    }
    graph::Weights state = trainer->state();
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(element(state.at("fc.weight"), i), steps.weight[i], 1e-14) << steps.name;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(element(state.at("fc.bias"), i), steps.bias[i], 1e-14) << steps.name;
  }
}

TEST(TorchTrainer, GoesOnFromAStateBitForBit) {
  for (const Steps& steps : steps_of_pytorch()) {
    TrainerSettings settings = steps.settings;
    settings.precision = "fp32";
    const auto step = [](Trainer& trainer, int i) { trainer.step(kTwo, kTwoLabels, 0.3 / (1 + i)); };
    const std::unique_ptr<Trainer> whole = make_trainer(tiny(), settings), first = make_trainer(tiny(), settings),
                                   second = make_trainer(tiny(), settings);
    for (int i = 0; i < 6; ++i) step(*whole, i);
    for (int i = 0; i < 3; ++i) step(*first, i);
    step(*second, 7);  // whatever it was before
    second->set_state(first->state());
    for (int i = 3; i < 6; ++i) step(*second, i);
    const graph::Weights a = whole->state(), b = second->state();
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, array] : a) EXPECT_EQ(array.bytes, b.at(name).bytes) << steps.name << ": " << name;
  }
}

TEST(TorchTrainer, EvaluatesWithoutChangingAnything) {
  TrainerSettings settings = in_doubles(3);
  const std::unique_ptr<Trainer> trainer = make_trainer(tiny(), settings);
  const graph::Weights before = trainer->state();
  const std::vector<float> three{0.5f, -1.0f, 2.0f, 0.25f, 9, 9};
  const BatchResult result = trainer->evaluate(three, std::vector<std::int64_t>{1, 0, engine::kNoLabel});
  // Twice the mean that the first step above has: the third image only fills the batch.
  EXPECT_NEAR(result.loss, 2 * 1.1964321234054687, 1e-14);
  // Scores (0.375, -0.4375, -0.75) and (0.25, 0.5625, -0.71875) by hand: neither label is the best class.
  EXPECT_EQ(result.correct, 0);
  EXPECT_EQ(trainer->evaluate(three, std::vector<std::int64_t>{0, 1, engine::kNoLabel}).correct, 2);
  for (const auto& [name, array] : trainer->state()) EXPECT_EQ(array.bytes, before.at(name).bytes) << name;
}

TEST(TorchTrainer, RunningStatisticsMoveAsPyTorchMovesThem) {
  graph::Builder net("norm");
  const graph::TensorId x = net.input("input", {graph::kBatch, 1, 1, 2});
  graph::Model model{net.finish(net.linear("fc", net.flatten("flatten", net.batch_norm("bn", x)), {.features = 2})), {}};
  model.weights = {};
  const auto put = [&](const std::string& name, const Shape& shape, std::vector<float> values) {
    const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
    model.weights[name] = {ElementType::f32, shape, {bytes, bytes + values.size() * sizeof(float)}};
  };
  put("bn.weight", {1}, {1});
  put("bn.bias", {1}, {0});
  put("bn.running_mean", {1}, {3});
  put("bn.running_var", {1}, {2});
  put("fc.weight", {2, 2}, {1, 2, 3, 4});
  put("fc.bias", {2}, {0, 0});
  const std::unique_ptr<Trainer> trainer = make_trainer(std::move(model), in_doubles());
  trainer->step(std::vector<float>{1, 2, 4, 9}, kTwoLabels, 0);
  graph::Weights state = trainer->state();
  // Of 1, 2, 4, 9 the mean is 4 and the unbiased variance 38 / 3; a tenth of each is taken.
  EXPECT_NEAR(element(state.at("bn.running_mean"), 0), 0.9 * 3 + 0.1 * 4, 1e-12);
  EXPECT_NEAR(element(state.at("bn.running_var"), 0), 0.9 * 2 + 0.1 * 38 / 3, 1e-12);
}

// ---- refusals ----

std::string refusal(const std::function<void()>& action, ErrorCode code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

TEST(TorchTrainer, RefusesInOneLine) {
  const std::unique_ptr<Trainer> trainer = make_trainer(tiny(), in_doubles());
  graph::Weights state = trainer->state();
  state.erase("fc.bias");
  EXPECT_NE(refusal([&] { trainer->set_state(state); }, ErrorCode::input).find("fc.bias"), std::string::npos);
  TrainerSettings half = in_doubles();
  half.precision = "bf16";
  refusal([&] { make_trainer(tiny(), half); }, ErrorCode::unsupported);
  TrainerSettings nowhere = in_doubles();
  nowhere.device = "abacus";
  refusal([&] { make_trainer(tiny(), nowhere); }, ErrorCode::missing_engine);
}

}  // namespace
}  // namespace inferometer

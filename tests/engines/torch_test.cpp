#include <limits>
#include <thread>

#include "engine_fixture.h"
#include "graph/builder.h"

namespace inferometer::test {
namespace {

using graph::Builder;
using graph::TensorId;

engine::Engine& torch() { return engine_named("torch"); }

engine::SessionSettings with(const std::string& key, const std::string& value) {
  engine::SessionSettings settings;
  settings.own[key] = value;
  return settings;
}

/// A net with one input of this shape and made-up weights that follow no pattern.
template <class Body>
graph::Model model_of(const Shape& shape, const Body& body) {
  Builder net("net");
  const TensorId x = net.input("input", shape);
  graph::Model model{net.finish(body(net, x)), {}};
  float value = 0.3f;
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.role == graph::Role::input || tensor.role == graph::Role::activation) continue;
    graph::Array array{tensor.type, tensor.shape, std::vector<std::byte>(static_cast<std::size_t>(element_count(tensor.shape)) * 4)};
    for (std::int64_t i = 0; i < element_count(tensor.shape); ++i) array.floats()[i] = value = 3.7f * value * (1 - value);
    model.weights.emplace(tensor.name, std::move(array));
  }
  return model;
}

std::unique_ptr<engine::Session> load_model(const graph::Model& model, const engine::SessionSettings& settings = {}) {
  engine::ModelFile file;
  file.parse = [model] { return model; };
  return torch().load(file, settings);
}

Error model_error(const graph::Model& model, const engine::SessionSettings& settings = {}) {
  try {
    load_model(model, settings);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ErrorCode::internal, "no error"};
}

graph::Model small_net() {
  return model_of({graph::kBatch, 3, 8, 8}, [](Builder& net, TensorId x) {
    x = net.relu("relu", net.batch_norm("bn", net.conv("conv", x, {.channels = 16, .kernel = 3, .padding = 1, .bias = false})));
    return net.linear("fc", net.flatten("flatten", net.global_average_pool("pool", x)), {.features = 5});
  });
}

std::vector<float> wave(engine::Session& session) {
  return outputs_of(session, [](std::size_t i) { return std::sin(0.1f * static_cast<float>(i)); });
}

TEST(Torch, Information) {
  const engine::EngineInfo info = torch().info();
  EXPECT_TRUE(info.usable) << info.reason;
  EXPECT_TRUE(info.executes_graphs);
  EXPECT_EQ(info.devices.at(0).name, "cpu");
  EXPECT_NE(info.version.find('.'), std::string::npos);
}

// Windows of 2x2 from -1 on, cut off at the image and its padding, which lies above and left only: ATen has no such pooling.
TEST(Torch, PoolingsThatATenLacksAreWorkedOutByHand) {
  const graph::Window window{{2, 2}, {2, 2}, {1, 1}, {1, 1, 0, 0}};
  const auto pooled = [](const graph::Operator& op) {
    const auto session = load_model(model_of({1, 1, 3, 3}, [&](Builder& net, TensorId x) { return net.node("pool", op, {x}); }));
    return outputs_of(*session, [](std::size_t i) { return static_cast<float>(i); });
  };
  EXPECT_EQ(pooled(graph::AveragePool{window, graph::Rounding::ceil, true}), (std::vector<float>{0, 0.75f, 2.25f, 6}));
  EXPECT_EQ(pooled(graph::AveragePool{window, graph::Rounding::ceil, false}), (std::vector<float>{0, 1.5f, 4.5f, 6}));
  EXPECT_EQ(pooled(graph::MaxPool{window, graph::Rounding::ceil}), (std::vector<float>{0, 2, 6, 8}));
}

// Caffe keeps a last window that PyTorch's rule drops: 3x3 stride 2 on 8 pixels with padding on one side only.
TEST(Torch, CaffeRoundingWithPaddingOnOneSide) {
  const graph::MaxPool pool{{{3, 1}, {2, 1}, {1, 1}, {0, 0, 1, 0}}, graph::Rounding::caffe_ceil};
  const auto session = load_model(model_of({1, 1, 8, 1}, [&](Builder& net, TensorId x) { return net.node("pool", pool, {x}); }));
  EXPECT_EQ(outputs_of(*session, [](std::size_t i) { return -static_cast<float>(i); }), (std::vector<float>{0, -2, -4, -6}));
}

TEST(Torch, VariantsAndMemoryFormatsGiveTheSame) {
  const graph::Model model = small_net();
  const std::vector<float> expected = wave(*load_model(model));
  ASSERT_EQ(expected.size(), 5u);
  EXPECT_NE(expected[0], expected[1]);
  for (const char* variant : {"eager", "optimized"}) {
    for (const char* format : {"contiguous", "channels_last"}) {
      SCOPED_TRACE(std::string(variant) + " " + format);
      engine::SessionSettings settings = with("variant", variant);
      settings.own["memory_format"] = format;
      const auto session = load_model(model, settings);
      EXPECT_EQ(session->obtained().own.at("variant"), variant);
      EXPECT_EQ(session->obtained().own.at("memory_format"), format);
      for (int run = 0; run < 3; ++run) {  // TorchScript is compiled anew in the first runs
        const std::vector<float> got = wave(*session);
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5);
      }
    }
  }
}

TEST(Torch, OptimizedHandsLayersToOneDnn) {
  const auto session = load_model(small_net(), with("variant", "optimized"));
  const engine::ObtainedSettings obtained = session->obtained();
  EXPECT_GE(std::stoi(obtained.own.at("onednn_nodes")), 1) << "the convolution";
}

// libtorch 1.13 gives wrong numbers for these behind a convolution whose channels oneDNN pads to a full block.
TEST(Torch, OptimizedActivationsOnAnOddNumberOfChannels) {
  using graph::ActivationKind;
  const struct {
    ActivationKind kind;
    float alpha, beta;
  } cases[] = {{ActivationKind::clip, 0, 6},
               {ActivationKind::clip, -0.1f, 0.2f},
               {ActivationKind::hard_sigmoid, 1.0f / 6, 0.5f},
               {ActivationKind::hard_sigmoid, 0.2f, 0.5f},
               {ActivationKind::hard_swish, 0, 0},
               {ActivationKind::relu, 0, 0},
               {ActivationKind::sigmoid, 0, 0},
               {ActivationKind::tanh, 0, 0},
               {ActivationKind::silu, 0, 0},
               {ActivationKind::gelu, 0, 0},
               {ActivationKind::leaky_relu, 0.1f, 0}};
  for (const auto& activation : cases) {
    for (const int channels : {4, 16, 24}) {
      const graph::Model model = model_of({1, 3, 6, 6}, [&](Builder& net, TensorId x) {
        x = net.conv("a", x, {.channels = channels, .kernel = 3, .padding = 1});
        x = net.activation("activation", x, activation.kind, activation.alpha, activation.beta);
        return net.conv("b", x, {.channels = 5, .kernel = 3});
      });
      SCOPED_TRACE(std::string(graph::name_of(model.graph.nodes[1].op)) + " on " + std::to_string(channels) + " channels");
      const std::vector<float> expected = wave(*load_model(model));
      const auto optimized = load_model(model, with("variant", "optimized"));
      for (int run = 0; run < 3; ++run) {
        const std::vector<float> got = wave(*optimized);
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-5 * (1 + std::abs(expected[i]))) << i;
      }
    }
  }
}

TEST(Torch, OptimizedWithTwoOutputs) {
  graph::Model model = small_net();
  model.graph.outputs.insert(model.graph.outputs.begin(), model.graph.nodes[2].outputs[0]);
  const auto eager = load_model(model), optimized = load_model(model, with("variant", "optimized"));
  ASSERT_EQ(optimized->outputs().size(), 2u);
  EXPECT_EQ(optimized->outputs()[0].shape, (Shape{1, 16, 8, 8}));
  const std::vector<float> expected = wave(*eager), got = wave(*optimized);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5);
}

TEST(Torch, OptimizedRequestsRunSideBySide) {
  engine::SessionSettings settings = with("variant", "optimized");
  settings.threads = settings.streams = 2;
  const auto session = load_model(small_net(), settings);
  const std::vector<float> expected = wave(*session);
  std::vector<std::vector<float>> got(4);
  std::vector<std::thread> threads;
  for (std::vector<float>& result : got)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) result = wave(*session);
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : got)
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(result.at(i), expected[i], 1e-6);
}

TEST(Torch, ThreadsAreReadBack) {
  for (const int threads : {1, 2}) {
    engine::SessionSettings settings;
    settings.threads = threads;
    EXPECT_EQ(load_model(small_net(), settings)->obtained().threads, threads);
  }
}

// bf16 keeps 8 bits: near the fp32 answer, but not equal to it.
TEST(Torch, Bf16IsBf16WhereItIsOffered) {
  engine::SessionSettings settings;
  settings.precision = "bf16";
  const std::vector<std::string> offered = torch().info().devices.at(0).precisions;
  if (std::find(offered.begin(), offered.end(), "bf16") == offered.end()) {
    EXPECT_EQ(model_error(small_net(), settings).code(), ErrorCode::unsupported);
    GTEST_SKIP() << "this processor does not compute in bf16";
  }
  for (const char* variant : {"eager", "optimized"}) {
    SCOPED_TRACE(variant);
    settings.own["variant"] = variant;
    const auto session = load_model(small_net(), settings);
    EXPECT_EQ(session->obtained().precision, "bf16");
    const std::vector<float> expected = wave(*load_model(small_net())), got = wave(*session);
    double difference = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], expected[i], 0.03 * std::abs(expected[i]) + 0.01);
      difference += std::abs(got[i] - expected[i]);
    }
    EXPECT_GT(difference, 1e-5);
  }
}

TEST(Torch, RefusesWhatItCannotDoAndSaysWhat) {
  engine::SessionSettings streams;
  streams.threads = 3;
  streams.streams = 2;
  EXPECT_EQ(model_error(small_net(), streams).code(), ErrorCode::unsupported);
  engine::SessionSettings profile = with("variant", "optimized");
  profile.own["profile"] = "1";
  EXPECT_EQ(model_error(small_net(), profile).code(), ErrorCode::unsupported);
  EXPECT_EQ(model_error(small_net(), with("variant", "eagre")).code(), ErrorCode::usage);

  graph::Model half = small_net();
  half.graph.tensors[half.graph.inputs[0]].type = ElementType::f16;
  EXPECT_EQ(model_error(half).code(), ErrorCode::unsupported);
  graph::Model missing = small_net();
  missing.weights.erase("fc.weight");
  const Error nothing = model_error(missing);
  EXPECT_EQ(nothing.code(), ErrorCode::input);
  EXPECT_NE(std::string(nothing.what()).find("fc.weight"), std::string::npos) << nothing.what();
  graph::Model mis_shaped = small_net();
  mis_shaped.weights.at("fc.bias").shape = {4};
  EXPECT_NE(std::string(model_error(mis_shaped).what()).find("fc.bias"), std::string::npos);
  const graph::AveragePool dilated{{{2, 2}, {1, 1}, {2, 2}, {0, 0, 0, 0}}, graph::Rounding::floor, false};
  const Error pool = model_error(model_of({1, 1, 6, 6}, [&](Builder& net, TensorId x) { return net.node("wide", dilated, {x}); }));
  EXPECT_EQ(pool.code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(pool.what()).find("wide"), std::string::npos) << pool.what();
}

// What a frame needs more than the machine has is one line with the reason, and the session goes on.
TEST(Torch, MemoryThatIsNotThereIsOutOfMemory) {
  const graph::Model huge = model_of({graph::kBatch, 1, 64, 64}, [](Builder& net, TensorId x) {
    return net.node("pad", graph::Pad{{0, 0, 0, 0, 0, 0, 60'000, 60'000'000}, 0}, {x});
  });
  const auto session = load_model(huge);
  try {
    wave(*session);
    FAIL() << "it had the memory";
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(ErrorCode::out_of_memory)) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace inferometer::test

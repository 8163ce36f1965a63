// What the reference engine promises beyond the contract: NaN travels, traces tell ranges, sizes and settings are refused by name.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/loader.h"
#include "graph/builder.h"

namespace inferometer::engine {
namespace {

using graph::Builder;
using graph::TensorId;

class Reference : public ::testing::Test {
 protected:
  static Engine& engine() {
    static const std::unique_ptr<Engine> engine = open_plugin(std::filesystem::path(INFEROMETER_ENGINE_FOLDER) / "reference.so");
    return *engine;
  }

  template <class Body>
  static graph::Model model_of(const Shape& shape, const Body& body) {
    Builder net("net");
    const TensorId x = net.input("input", shape);
    return {net.finish(body(net, x)), {}};
  }

  static std::unique_ptr<Session> load(const graph::Model& model, const SessionSettings& settings = {}) {
    ModelFile file;
    file.parse = [model] { return model; };
    return engine().load(file, settings);
  }

  static std::vector<float> run(Session& session, const std::vector<float>& input) {
    const auto request = session.create_request();
    const TensorView view{ElementType::f32, session.inputs()[0].shape, input.data(), input.size() * sizeof(float)};
    const TensorView output = request->run({&view, 1})[0];
    const auto* values = static_cast<const float*>(output.data);
    return {values, values + output.bytes / sizeof(float)};
  }

  static Error error_of(const graph::Model& model, const SessionSettings& settings = {}) {
    try {
      load(model, settings);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return {ErrorCode::internal, "no error"};
  }

  static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  static graph::Model relu() {
    return model_of({graph::kBatch, 4}, [](Builder& net, TensorId x) { return net.relu("relu", x); });
  }
};

TEST_F(Reference, nan_travels_through_activations_and_pools) {
  using graph::ActivationKind;
  for (const auto kind :
       {ActivationKind::relu, ActivationKind::clip, ActivationKind::leaky_relu, ActivationKind::sigmoid, ActivationKind::hard_sigmoid,
        ActivationKind::hard_swish, ActivationKind::silu, ActivationKind::gelu, ActivationKind::tanh}) {
    const auto session = load(model_of({1, 4}, [&](Builder& net, TensorId x) { return net.activation("a", x, kind, 0, 6); }));
    const auto output = run(*session, {1, kNaN, -1, 2});
    EXPECT_TRUE(std::isnan(output[1])) << static_cast<int>(kind);
    EXPECT_FALSE(std::isnan(output[0]) || std::isnan(output[2]) || std::isnan(output[3])) << static_cast<int>(kind);
  }
  const auto pool =
      load(model_of({1, 1, 2, 4}, [](Builder& net, TensorId x) { return net.max_pool("pool", x, {.kernel = 2, .stride = 2}); }));
  const auto output = run(*pool, {1, 2, kNaN, 9, 3, 0, 5, 6});
  EXPECT_EQ(output[0], 3);
  EXPECT_TRUE(std::isnan(output[1]));
}

// Worked out by hand from the rule of PyTorch and Caffe: windows of 2x2 at -1 and 1, each cut off at the image and its padding.
TEST_F(Reference, average_pool_divides_by_what_lies_in_image_and_padding) {
  const auto pooled = [](bool counts) {
    const graph::AveragePool op{{{2, 2}, {2, 2}, {1, 1}, {1, 1, 0, 0}}, graph::Rounding::ceil, counts};
    const auto session = load(model_of({1, 1, 3, 3}, [&](Builder& net, TensorId x) { return net.node("pool", op, {x}); }));
    return run(*session, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  };
  EXPECT_EQ(pooled(true), (std::vector<float>{0, 0.75f, 2.25f, 6}));
  EXPECT_EQ(pooled(false), (std::vector<float>{0, 1.5f, 4.5f, 6}));
}

// ONNX's definition by hand: alpha / size times 1 + 4 + 9 over channels 0 to 2, and so on.
TEST_F(Reference, local_response_norm_divides_alpha_by_its_size) {
  const auto session = load(model_of({1, 4, 1, 1}, [](Builder& net, TensorId x) { return net.node("lrn", graph::Lrn{3, 3, 1, 1}, {x}); }));
  const auto output = run(*session, {1, 2, 3, 4});
  EXPECT_FLOAT_EQ(output[0], 1.0f / (1 + 1 + 4));
  EXPECT_FLOAT_EQ(output[1], 2.0f / (1 + 1 + 4 + 9));
  EXPECT_FLOAT_EQ(output[2], 3.0f / (1 + 4 + 9 + 16));
  EXPECT_FLOAT_EQ(output[3], 4.0f / (1 + 9 + 16));
}

TEST_F(Reference, copies_an_output_that_is_an_input) {
  graph::Model model = relu();
  model.graph.outputs.push_back(model.graph.inputs[0]);
  const auto session = load(model);
  const auto request = session->create_request();
  std::vector<float> input{-1, 2, -3, 4};
  const TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const auto outputs = request->run({&view, 1});
  input.assign(4, 7);
  EXPECT_EQ(static_cast<const float*>(outputs[1].data)[2], -3);
}

TEST_F(Reference, traces_the_range_of_every_node) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / ("inferometer-trace-" + std::to_string(getpid()) + ".jsonl");
  SessionSettings settings;
  settings.own["trace"] = file.string();
  run(*load(relu(), settings), {-5, 1e-40f, 2.5f, kNaN});
  std::ifstream lines(file);
  std::string line, more;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_FALSE(std::getline(lines, more));
  const auto trace = nlohmann::json::parse(line);
  EXPECT_EQ(trace["node"], "relu");
  EXPECT_EQ(trace["op"], "Relu");
  EXPECT_EQ(trace["shape"], (std::vector<int>{1, 4}));
  EXPECT_EQ(trace["min"], 0);
  EXPECT_EQ(trace["max"], 2.5);
  EXPECT_EQ(trace["denormals"], 1);
  EXPECT_EQ(trace["nonfinite"], 1);
  std::filesystem::remove(file);
}

TEST_F(Reference, refuses_what_it_cannot_do_and_says_what) {
  SessionSettings settings;
  settings.own["depthwise"] = "groupd";
  EXPECT_EQ(error_of(relu(), settings).code(), ErrorCode::usage);
  settings.own.clear();
  settings.threads = 3;
  settings.streams = 2;
  EXPECT_EQ(error_of(relu(), settings).code(), ErrorCode::unsupported);
  graph::Model half = relu();
  half.graph.tensors[half.graph.inputs[0]].type = ElementType::f16;
  const Error type = error_of(half);
  EXPECT_EQ(type.code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(type.what()).find("input"), std::string::npos) << type.what();
  graph::Model picked = model_of({1, 4}, [](Builder& net, TensorId x) {
    return net.gather("pick", x, net.table("order", {2}, ElementType::i64, graph::Role::constant, {3, 0}), 1);
  });
  const std::int64_t beyond[] = {3, 4};
  const auto* first = reinterpret_cast<const std::byte*>(beyond);
  picked.weights["order"] = {ElementType::i64, {2}, {first, first + sizeof beyond}};
  const Error index = error_of(picked);
  EXPECT_EQ(index.code(), ErrorCode::input);
  EXPECT_STREQ(index.what(), "net: order holds the index 4, which is not among 4 elements");
  const Error missing = error_of(model_of({1, 4}, [](Builder& net, TensorId x) { return net.linear("fc", x, {.features = 2}); }));
  EXPECT_EQ(missing.code(), ErrorCode::input);
  EXPECT_NE(std::string(missing.what()).find("fc.weight"), std::string::npos) << missing.what();
}

}  // namespace
}  // namespace inferometer::engine

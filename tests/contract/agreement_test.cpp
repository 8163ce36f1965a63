#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract.h"
#include "graph/builder.h"
#include "naive.h"
#include "operator_graphs.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::contract {
namespace {

using Agreement = Computing;

std::vector<std::vector<float>> outputs_of(engine::Engine& engine, const TestModel& model, const engine::SessionSettings& settings,
                                           const std::vector<float>& input) {
  const auto session = engine.load(model.file(), settings);
  const auto request = session->create_request();
  run(*request, *session, {images(session->inputs()[0].shape, 999)});  // memory that was used before must not show
  return run(*request, *session, {input});
}

/// Convolution, activation, pooling and a linear layer on whole numbers that can be followed by hand.
graph::Model hand_made() {
  graph::Builder net("hand_made");
  graph::TensorId x = net.input("input", {graph::kBatch, 1, 4, 4});
  x = net.conv("conv", x, {.channels = 2, .kernel = 3});
  x = net.relu("relu", x);
  x = net.global_average_pool("pool", x);
  x = net.linear("fc", net.flatten("flatten", x), {.features = 3});
  graph::Model model{net.finish(x), {}};
  model.weights = zoo::synthetic_weights(model.graph, 1);
  const auto set = [&](const std::string& name, const std::vector<float>& values) {
    std::copy(values.begin(), values.end(), model.weights.at(name).floats());
  };
  set("conv.weight", {1, 1, 1, 1, 1, 1, 1, 1, 1, /**/ 0, 0, 0, 0, 1, 0, 0, 0, 0});
  set("conv.bias", {0.5f, -6});
  set("fc.weight", {1, 0, /**/ 0, 1, /**/ 1, -2});
  set("fc.bias", {0, 0.25f, 1});
  return model;
}

// Image n is (n + 1) times 0, 1, ..., 15. Its 3x3 sums are (n + 1) times 45, 54, 81, 90: mean 67.5 (n + 1) + 0.5. Its centres are
// (n + 1) times 5, 6, 9, 10, less 6, not below 0: for the first image 0, 0, 3, 4, mean 1.75; then 9, 16.5, 24.
TEST_F(Agreement, numbers_worked_out_by_hand) {
  const TestModel model(hand_made(), TestModel::Source::file);
  const std::vector<float> expected{68, 2, 65.5f, /**/ 135.5f, 9.25f, 118.5f, /**/ 203, 16.75f, 171, /**/ 270.5f, 24.25f, 223.5f};
  std::vector<float> input(4 * 16);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>((i / 16 + 1) * (i % 16));
  for (const std::int64_t batch : {1, 2, 4}) {
    SCOPED_TRACE(batch);
    const std::vector<float> part(input.begin(), input.begin() + batch * 16);
    const std::vector<float> got = outputs_of(engine(), model, settings(batch), part).at(0);
    ASSERT_EQ(got.size(), static_cast<std::size_t>(batch * 3));
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-4) << i;
  }
}

void check_net(engine::Engine& engine, const TestModel& model, const engine::SessionSettings& settings) {
  const graph::Tensor& declared = model.model().graph.tensors[model.model().graph.inputs[0]];
  Shape shape = declared.shape;
  shape[0] = settings.batch;
  const std::vector<float> input = images(shape, 40);
  const auto expected = compute_naively(model.model(), settings.batch, {input});
  const auto got = outputs_of(engine, model, settings, input);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_LE(largest_error(got[i], expected[i], settings.batch), kTolerance) << "output " << i;
}

TEST_F(Agreement, squeezenet1_1) {
  const TestModel model = zoo_model("squeezenet1_1", 64);
  check_net(engine(), model, settings(1));
  check_net(engine(), model, settings(4));
}

TEST_F(Agreement, resnet18) { check_net(engine(), zoo_model("resnet18", 64), settings(2)); }

TEST_F(Agreement, mobilenet_v3_small) { check_net(engine(), zoo_model("mobilenet_v3_small", 64), settings(2)); }

TEST_F(Agreement, mobilenet_v2_with_two_threads) {
  engine::SessionSettings asked = settings(3);
  asked.threads = 2;
  check_net(engine(), zoo_model("mobilenet_v2", 64), asked);
}

/// Every graph of one family, at two batches and two thread counts; what is refused as unsupported is listed as skipped.
class Operators : public Computing {
 protected:
  void check_family(const std::string& family, const std::map<std::string, std::string>& own = {}) {
    std::string refused;
    bool found = false;
    for (const OperatorGraphs& graphs : operator_graphs()) {
      if (graphs.family != family) continue;
      found = true;
      for (const graph::Model& model : graphs.models) {
        SCOPED_TRACE(family + ": " + model.graph.name);
        try {
          const TestModel test_model(model, TestModel::Source::memory);
          engine::SessionSettings asked = settings(1);
          asked.own = own;
          check_net(engine(), test_model, asked);
          asked.batch = 3;
          asked.threads = 2;
          check_net(engine(), test_model, asked);
        } catch (const Error& error) {
          if (error.code() != ErrorCode::unsupported) {
            ADD_FAILURE() << error.what();
            continue;
          }
          refused += (refused.empty() ? "" : "; ") + model.graph.name + ": " + error.what();
        }
      }
    }
    EXPECT_TRUE(found) << "no family " << family;
    if (!refused.empty()) GTEST_SKIP() << "unsupported: " << refused;
  }
};

TEST_F(Operators, convolution) { check_family("convolution"); }
TEST_F(Operators, pooling) { check_family("pooling"); }
TEST_F(Operators, normalization) { check_family("normalization"); }
TEST_F(Operators, activation) { check_family("activation"); }
TEST_F(Operators, arithmetic) { check_family("arithmetic"); }
TEST_F(Operators, layout) { check_family("layout"); }
TEST_F(Operators, product) { check_family("product"); }

/// Settings by which an engine computes in another way, which must give the same numbers.
struct OtherWay {
  const char* engine;
  std::map<std::string, std::string> own;
};
const std::vector<OtherWay>& other_ways() {
  static const std::vector<OtherWay> ways{{"reference", {{"depthwise", "grouped"}}},
                                          {"torch", {{"variant", "optimized"}}},
                                          {"torch", {{"memory_format", "channels_last"}}},
                                          {"torch", {{"variant", "optimized"}, {"memory_format", "channels_last"}}},
                                          {"opencv", {{"fusion", "0"}}}};
  return ways;
}

TEST_F(Operators, other_ways_of_computing) {
  bool found = false;
  for (const OtherWay& way : other_ways()) {
    if (info().name != way.engine) continue;
    found = true;
    std::string description;
    for (const auto& [key, value] : way.own) description += " " + key + "=" + value;
    SCOPED_TRACE(description);
    for (const OperatorGraphs& graphs : operator_graphs())
      if (graphs.family != "lrn over an even number of channels") check_family(graphs.family, way.own);
    engine::SessionSettings asked = settings(2);
    asked.own = way.own;
    check_net(engine(), zoo_model("mobilenet_v2", 32, TestModel::Source::memory), asked);
  }
  if (!found) GTEST_SKIP() << info().name << " has one way of computing";
}

// ONNX Runtime refuses an even size and OpenVINO places the window otherwise than ONNX says; no network has one.
TEST_F(Operators, lrn_over_an_even_number_of_channels) {
  if (!info().executes_graphs) GTEST_SKIP() << "frameworks disagree on it";
  check_family("lrn over an even number of channels");
}

TEST(OperatorGraphs, cover_every_operator) {
  std::set<std::size_t> seen;
  for (const auto& family : operator_graphs()) {
    for (const graph::Model& model : family.models) {
      for (const graph::Node& node : model.graph.nodes) seen.insert(node.op.index());
    }
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<graph::Operator>);
}

}  // namespace
}  // namespace inferometer::contract

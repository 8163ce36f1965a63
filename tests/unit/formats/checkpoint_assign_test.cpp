#include <functional>

#include "checkpoint_test_files.h"
#include "graph/builder.h"

namespace inferometer::formats {
namespace {

graph::Graph small_net() {
  graph::Builder net("small");
  graph::TensorId x = net.input("input", {graph::kBatch, 3, 4, 4});
  x = net.conv("conv", x, {.channels = 2, .bias = false});
  x = net.batch_norm("bn", x);
  x = net.mul("scale", x, net.constant("factor", {1}, 2.5F));
  x = net.flatten("flatten", net.global_average_pool("pool", x));
  return net.finish(net.linear("fc", x, {.features = 10}));
}

graph::Array filled(Shape shape, float first) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  return array_of(ElementType::f32, std::move(shape), values);
}

Checkpoint whole() {
  Checkpoint checkpoint;
  checkpoint.path = "net.pth";
  float first = 1;
  const graph::Graph net = small_net();
  for (const graph::Tensor& tensor : net.tensors) {
    if (tensor.role == graph::Role::parameter || tensor.role == graph::Role::buffer)
      checkpoint.tensors[tensor.name] = filled(tensor.shape, first += 10);
  }
  checkpoint.tensors["bn.num_batches_tracked"] = array_of<std::int64_t>(ElementType::i64, {}, {7});
  return checkpoint;
}

struct Case {
  const char* what;
  std::function<void(graph::Weights&)> change;
  const char* message;
};

void rename(graph::Weights& tensors, const char* from, const char* to) {
  auto tensor = tensors.extract(from);
  tensor.key() = to;
  tensors.insert(std::move(tensor));
}

Error error_of_assigning(Checkpoint checkpoint, const std::vector<std::string>& training_only = {}) {
  try {
    (void)assign_weights(small_net(), std::move(checkpoint), training_only);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "was taken";
  return {ErrorCode::internal, ""};
}

TEST(AssignWeights, TakesEveryTensorByName) {
  const graph::Weights weights = assign_weights(small_net(), whole(), {});
  EXPECT_EQ(weights.size(), 8u);
  EXPECT_EQ(numbers_of<float>(weights.at("conv.weight")), (std::vector<float>{11, 12, 13, 14, 15, 16}));
  EXPECT_EQ(numbers_of<float>(weights.at("factor")), std::vector<float>{2.5F});
  EXPECT_FALSE(weights.contains("bn.num_batches_tracked"));
}

TEST(AssignWeights, TakesACheckpointWithoutCounters) {
  Checkpoint checkpoint = whole();
  checkpoint.tensors.erase("bn.num_batches_tracked");
  EXPECT_NO_THROW((void)assign_weights(small_net(), std::move(checkpoint), {}));
}

TEST(AssignWeights, NamesWhatDoesNotFit) {
  const Case cases[] = {
      {"missing", [](graph::Weights& w) { w.erase("fc.bias"); }, "net.pth does not fit small: fc.bias is missing"},
      {"extra", [](graph::Weights& w) { w["extra.weight"] = filled({1}, 0); },
       "net.pth does not fit small: extra.weight is none of the network's"},
      {"renamed", [](graph::Weights& w) { rename(w, "fc.weight", "fc.weigth"); },
       "fc.weight is missing, but fc.weigth is there; fc.weigth is none of the network's"},
      {"transposed",
       [](graph::Weights& w) {
         w["fc.weight"] = filled({2, 10}, 0);
       },
       "fc.weight is 2x10, the network has 10x2"},
      {"cut off",
       [](graph::Weights& w) {
         w["fc.weight"] = filled({9, 2}, 0);
       },
       "fc.weight is 9x2, the network has 10x2"},
      {"flattened", [](graph::Weights& w) { w["conv.weight"] = filled({6}, 0); }, "conv.weight is 6, the network has 2x3x1x1"},
      {"whole numbers",
       [](graph::Weights& w) { w["fc.bias"] = array_of<std::int8_t>(ElementType::i8, {10}, std::vector<std::int8_t>(10)); },
       "fc.bias has elements of type i8"},
      {"a counter of no layer", [](graph::Weights& w) { rename(w, "bn.num_batches_tracked", "other.num_batches_tracked"); },
       "other.num_batches_tracked is none of the network's"},
  };
  for (const Case& changed : cases) {
    Checkpoint checkpoint = whole();
    changed.change(checkpoint.tensors);
    const Error error = error_of_assigning(std::move(checkpoint));
    EXPECT_EQ(error.code(), ErrorCode::input) << changed.what;
    EXPECT_NE(std::string(error.what()).find(changed.message), std::string::npos) << changed.what << ": " << error.what();
    EXPECT_EQ(error.hint(), "") << changed.what;
  }
}

TEST(AssignWeights, CountsWhatItDoesNotShow) {
  Checkpoint checkpoint = whole();
  checkpoint.tensors.clear();
  const std::string message = error_of_assigning(std::move(checkpoint)).what();
  EXPECT_EQ(message,
            "net.pth does not fit small: conv.weight is missing; bn.weight is missing; bn.bias is missing; bn.running_mean is missing; "
            "bn.running_var is missing; and 2 more");
}

TEST(AssignWeights, HintsAtTheNumberOfClasses) {
  Checkpoint checkpoint = whole();
  checkpoint.tensors["fc.weight"] = filled({100, 2}, 0);
  checkpoint.tensors["fc.bias"] = filled({100}, 0);
  EXPECT_EQ(error_of_assigning(checkpoint).hint(), "it has 100 classes: --classes 100");
  checkpoint.tensors["conv.weight"] = filled({3, 3, 1, 1}, 0);
  EXPECT_EQ(error_of_assigning(checkpoint).hint(), "");
}

TEST(AssignWeights, LeavesHeadsThatOnlyTrain) {
  Checkpoint checkpoint = whole();
  checkpoint.tensors["aux.fc.weight"] = filled({1}, 0);
  checkpoint.tensors["aux.bn.num_batches_tracked"] = filled({1}, 0);
  EXPECT_NO_THROW((void)assign_weights(small_net(), checkpoint, {"aux."}));
  EXPECT_NE(std::string(error_of_assigning(checkpoint).what()).find("aux.fc.weight"), std::string::npos);
}

TEST(AssignWeights, ConvertsReals) {
  Checkpoint checkpoint = whole();
  checkpoint.tensors["bn.weight"] = array_of<std::uint16_t>(ElementType::f16, {2}, {0x3E00, 0x0001});
  checkpoint.tensors["bn.bias"] = array_of<std::uint16_t>(ElementType::bf16, {2}, {0x3FC0, 0xC000});
  checkpoint.tensors["bn.running_mean"] = array_of<double>(ElementType::f64, {2}, {0.1, -2});
  const graph::Weights weights = assign_weights(small_net(), std::move(checkpoint), {});
  EXPECT_EQ(numbers_of<float>(weights.at("bn.weight")), (std::vector<float>{1.5F, 0x1p-24F}));
  EXPECT_EQ(numbers_of<float>(weights.at("bn.bias")), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(numbers_of<float>(weights.at("bn.running_mean")), (std::vector<float>{0.1F, -2}));
  for (const auto& [name, array] : weights) EXPECT_EQ(array.type, ElementType::f32) << name;
}

TEST(AssignWeights, HoldsTablesToTheGraphs) {
  graph::Graph net;
  net.name = "table";
  net.tensors.push_back({.name = "index", .shape = {3}, .role = graph::Role::buffer, .type = ElementType::i64, .values = {2, 0, 1}});
  Checkpoint checkpoint;
  checkpoint.path = "net.pth";
  checkpoint.tensors["index"] = array_of<std::int64_t>(ElementType::i64, {3}, {2, 0, 1});
  const graph::Weights weights = assign_weights(net, checkpoint, {});
  EXPECT_EQ(numbers_of<std::int64_t>(weights.at("index")), (std::vector<std::int64_t>{2, 0, 1}));
  checkpoint.tensors["index"] = array_of<std::int64_t>(ElementType::i64, {3}, {2, 0, 9});
  try {
    (void)assign_weights(net, checkpoint, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("index is another table than the network's"), std::string::npos);
  }
}

}  // namespace
}  // namespace inferometer::formats

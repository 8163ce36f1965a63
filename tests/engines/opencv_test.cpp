#include <thread>

#include "engine_fixture.h"

namespace inferometer::test {
namespace {

engine::Engine& opencv() { return engine_named("opencv"); }

engine::SessionSettings with(const std::string& key, const std::string& value) {
  engine::SessionSettings settings;
  settings.own[key] = value;
  return settings;
}

TEST(OpenCv, Information) {
  const engine::EngineInfo info = opencv().info();
  EXPECT_TRUE(info.usable) << info.reason;
  EXPECT_FALSE(info.executes_graphs);
  EXPECT_TRUE(info.version.starts_with("4.")) << info.version;
  EXPECT_EQ(info.devices.at(0).name, "cpu");
}

TEST(OpenCv, Refusals) { expect_refusals(opencv()); }
TEST(OpenCv, DynamicDimensions) { expect_dynamic_dimensions(opencv()); }

TEST(OpenCv, SettingsAreReadBack) {
  const TemporaryFile file = model_file();
  for (const int threads : {1, 2}) {
    engine::SessionSettings settings = with("fusion", "0");
    settings.threads = threads;
    const engine::ObtainedSettings obtained = load(opencv(), file.path(), settings)->obtained();
    EXPECT_EQ(obtained.threads, threads);
    EXPECT_EQ(obtained.own.at("fusion"), "0");
    EXPECT_EQ(obtained.precision, "fp32");
  }
  engine::SessionSettings uneven;
  uneven.threads = 4;
  uneven.streams = 2;
  EXPECT_EQ(load_error(opencv(), file.path(), uneven).code(), ErrorCode::unsupported);
}

onnx::ModelProto average_pool(bool counts_padding, const std::string& producer, std::int64_t pad) {
  onnx::ModelProto model = model_of({.op = "AveragePool", .input = {"N", "1", "2", "2"}, .output = {"N", "1", "", ""}});
  model.set_producer_name(producer);
  const auto integers = [&](const char* name, std::initializer_list<std::int64_t> values) {
    onnx::AttributeProto& attribute = *model.mutable_graph()->mutable_node(0)->add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
  };
  integers("kernel_shape", {2, 2});
  integers("pads", {0, 0, pad, 0});
  onnx::AttributeProto& counts = *model.mutable_graph()->mutable_node(0)->add_attribute();
  counts.set_name("count_include_pad");
  counts.set_type(onnx::AttributeProto::INT);
  counts.set_i(counts_padding ? 1 : 0);
  return model;
}

// OpenCV 4.6 counts padding by the producer's name: what it would get wrong is refused, what it gets right is computed.
TEST(OpenCv, PoolingsThatItWouldGetWrongAreRefused) {
  const struct {
    bool counts;
    const char* producer;
    std::int64_t pad;
    bool right;
  } cases[] = {{false, "", 1, true},         {true, "", 1, false}, {true, "pytorch", 1, true},
               {false, "pytorch", 1, false}, {true, "", 0, true},  {false, "pytorch", 0, true}};
  for (const auto& one : cases) {
    SCOPED_TRACE(std::string(one.producer) + (one.counts ? " counts, pad " : " leaves out, pad ") + std::to_string(one.pad));
    const TemporaryFile file(average_pool(one.counts, one.producer, one.pad).SerializeAsString());
    if (!one.right) {
      const Error error = load_error(opencv(), file.path());
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_NE(std::string(error.what()).find("AveragePool 'the_node'"), std::string::npos) << error.what();
      continue;
    }
    // 1 2 / 3 6: the whole window has mean 3, the one over the padding sums to 9, over 2 or 4 elements.
    const auto session = load(opencv(), file.path());
    const std::vector<float> got = outputs_of(*session, [](std::size_t i) { return std::vector<float>{1, 2, 3, 6}.at(i); });
    ASSERT_EQ(got.size(), one.pad == 0 ? 1u : 2u);
    EXPECT_FLOAT_EQ(got[0], 3);
    if (one.pad == 1) {
      EXPECT_FLOAT_EQ(got[1], one.counts ? 2.25f : 4.5f);
    }
  }
}

TEST(OpenCv, WeightsBesideTheFileAreRefused) {
  onnx::ModelProto model = model_of({});
  onnx::TensorProto& weight = *model.mutable_graph()->add_initializer();
  weight.set_name("w");
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  const TemporaryFile file(model.SerializeAsString());
  EXPECT_EQ(load_error(opencv(), file.path()).code(), ErrorCode::unsupported);
}

// Outputs by the file's names and in its order, also where one is read by another node.
TEST(OpenCv, OutputsKeepNameAndOrder) {
  onnx::ModelProto model = model_of({.op = "Neg"});
  onnx::NodeProto& relu = *model.mutable_graph()->add_node();
  relu.set_op_type("Relu");
  relu.set_name("second");
  relu.add_input(std::string("y"));
  relu.add_output(std::string("z"));
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.clear_output();
  describe(*graph.add_output(), "z", onnx::TensorProto::FLOAT, {"N", "3", "4", "4"});
  describe(*graph.add_output(), "y", onnx::TensorProto::FLOAT, {"N", "3", "4", "4"});
  const TemporaryFile file(model.SerializeAsString());
  const auto session = load(opencv(), file.path());
  ASSERT_EQ(session->outputs().size(), 2u);
  EXPECT_EQ(session->outputs()[0].name, "z");
  EXPECT_EQ(session->outputs()[1].name, "y");
  std::vector<float> input(48, 2);
  input[7] = -5;
  const engine::TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const auto request = session->create_request();
  const auto outputs = request->run({&view, 1});
  const auto *z = static_cast<const float*>(outputs[0].data), *y = static_cast<const float*>(outputs[1].data);
  EXPECT_EQ(z[6], 0);
  EXPECT_EQ(z[7], 5);
  EXPECT_EQ(y[6], -2);
  EXPECT_EQ(y[7], 5);
}

TEST(OpenCv, ReadsCaffeFiles) {
  const std::filesystem::path folder = squeezenet().parent_path();
  std::filesystem::path prototxt, weights;
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".prototxt") prototxt = entry.path();
      if (entry.path().extension() == ".caffemodel") weights = entry.path();
    }
  }
  if (prototxt.empty() || weights.empty()) GTEST_SKIP() << "the shared data are not here";
  engine::ModelFile model;
  model.kind = engine::ModelKind::caffe;
  model.path = prototxt.string();
  model.weights_path = weights.string();
  for (const std::int64_t batch : {1, 2}) {
    engine::SessionSettings settings;
    settings.batch = batch;
    const auto session = opencv().load(model, settings);
    EXPECT_EQ(session->inputs().at(0).name, "data");
    EXPECT_EQ(session->inputs()[0].shape, (Shape{batch, 3, 227, 227}));
    ASSERT_EQ(session->outputs().size(), 1u);
    const std::vector<float> got = outputs_of(*session, [](std::size_t i) { return 100 * std::sin(0.001f * static_cast<float>(i)); });
    ASSERT_EQ(got.size(), static_cast<std::size_t>(batch * 1000));
    EXPECT_EQ(std::max_element(got.begin(), got.begin() + 1000) - got.begin(), 905);
  }
}

TEST(OpenCv, LayerTimes) {
  const TemporaryFile file = model_file({.input = {"N", "3", "512", "512"}, .output = {"N", "3", "512", "512"}});
  const auto session = load(opencv(), file.path(), with("profile", "1"));
  EXPECT_TRUE(session->layer_times().empty());
  outputs_of(*session, [](std::size_t i) { return static_cast<float>(i); });
  const std::vector<engine::LayerTime> layers = session->layer_times();
  const auto relu = std::find_if(layers.begin(), layers.end(), [](const auto& layer) { return layer.name == "onnx_node!the_node"; });
  ASSERT_NE(relu, layers.end());
  EXPECT_EQ(relu->op, "ReLU");
  EXPECT_GT(relu->time_us, 0);
}

TEST(OpenCv, SqueezeNet) {
  if (!std::filesystem::exists(squeezenet())) GTEST_SKIP() << "the shared data are not here";
  for (const std::int64_t batch : {1, 2}) {
    engine::SessionSettings settings;
    settings.batch = batch;
    expect_squeezenet(*load(opencv(), squeezenet().string(), settings));
  }
}

}  // namespace
}  // namespace inferometer::test

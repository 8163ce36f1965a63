#include <cstring>

#include <gtest/gtest.h>

#include "caffe_test_files.h"

namespace inferometer::formats {
namespace {

using Values = std::vector<float>;

Values values_of(const graph::Weights& weights, const std::string& name) {
  const graph::Array& array = weights.at(name);
  return {array.floats(), array.floats() + element_count(array.shape)};
}

const std::string kNet = with_input(R"(
  layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { num_output: 1 kernel_size: 1 } }
  layer { name: 'bn' type: 'BatchNorm' bottom: 'c' top: 'c' }
  layer { name: 'sc' type: 'Scale' bottom: 'c' top: 'c' }
  layer { name: 'f' type: 'InnerProduct' bottom: 'c' top: 'f' inner_product_param { num_output: 2 transpose: true } })");

/// A caffemodel that fits kNet.
inferometer_caffe::Weights fitting() {
  inferometer_caffe::Weights file;
  auto add = [&file](const char* name) -> inferometer_caffe::WeightsLayer& {
    auto& layer = *file.add_layer();
    layer.set_name(name);
    return layer;
  };
  auto& c = add("c");
  add_blob(c, {1, 4, 1, 1}, {1, 2, 3, 4});
  add_blob(c, {1}, {5});
  auto& bn = add("bn");
  add_blob(bn, {1}, {6});
  add_blob(bn, {1}, {8});
  add_blob(bn, {1}, {4});
  add_blob(add("sc"), {1}, {9});
  Values matrix(144);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i);
  auto& f = add("f");
  add_blob(f, {72, 2}, matrix);
  add_blob(f, {2}, {10, 11});
  return file;
}

graph::Model read(const inferometer_caffe::Weights& file) {
  return read_caffe(TestFile("net.prototxt", kNet).path(), TestFile("net.caffemodel", file.SerializeAsString()).path());
}

std::string error_of(const std::string& caffemodel) {
  try {
    read_caffe(TestFile("net.prototxt", kNet).path(), TestFile("net.caffemodel", caffemodel).path());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    const std::string message = error.what();
    const std::size_t end = message.find("_net.caffemodel: ");
    EXPECT_NE(end, std::string::npos) << message;
    return message.substr(end + 17);
  }
  ADD_FAILURE() << "was read";
  return {};
}

TEST(CaffeWeights, FollowTheNames) {
  const graph::Weights weights = read(fitting()).weights;
  EXPECT_EQ(weights.size(), 8u);
  EXPECT_EQ(values_of(weights, "c.weight"), (Values{1, 2, 3, 4}));
  EXPECT_EQ(weights.at("c.weight").shape, (Shape{1, 4, 1, 1}));
  EXPECT_EQ(values_of(weights, "c.bias"), (Values{5}));
  EXPECT_EQ(values_of(weights, "bn.running_mean"), (Values{1.5F}));  // divided by the factor
  EXPECT_EQ(values_of(weights, "bn.running_var"), (Values{2}));
  EXPECT_EQ(values_of(weights, "sc.weight"), (Values{9}));
  EXPECT_EQ(values_of(weights, "sc.bias"), (Values{0}));
  const Values matrix = values_of(weights, "f.weight");
  EXPECT_EQ(weights.at("f.weight").shape, (Shape{2, 72}));
  EXPECT_EQ(Values(matrix.begin(), matrix.begin() + 3), (Values{0, 2, 4}));
  EXPECT_EQ(Values(matrix.begin() + 72, matrix.begin() + 75), (Values{1, 3, 5}));
}

TEST(CaffeWeights, OlderShapesDoublesAndLayersAreTaken) {
  inferometer_caffe::Weights file = fitting();
  // `layers` and num, channels, height, width, as before 2014.
  auto& old = *file.add_layers();
  old.set_name("c");
  for (int i = 0; i < 2; ++i) {
    auto& blob = *old.add_blobs();
    blob.set_num(1), blob.set_channels(i == 0 ? 4 : 1), blob.set_height(1), blob.set_width(1);
    for (int j = 0; j < (i == 0 ? 4 : 1); ++j) blob.add_double_data(0.5 + j);
  }
  file.mutable_layer()->DeleteSubrange(0, 1);
  const graph::Weights weights = read(file).weights;
  EXPECT_EQ(values_of(weights, "c.weight"), (Values{0.5F, 1.5F, 2.5F, 3.5F}));
  EXPECT_EQ(values_of(weights, "c.bias"), (Values{0.5F}));
}

TEST(CaffeWeights, AFactorOfZeroMeansThatNothingWasSummed) {
  inferometer_caffe::Weights file = fitting();
  file.mutable_layer(1)->mutable_blobs(2)->set_data(0, 0);
  EXPECT_EQ(values_of(read(file).weights, "bn.running_mean"), (Values{0}));
}

TEST(CaffeWeights, ExtraLayersAreIgnoredWithAPrototxtAndRefusedWithout) {
  inferometer_caffe::Weights file = fitting();
  auto& extra = *file.add_layer();
  extra.set_name("loss1/fc");
  add_blob(extra, {1}, {1});
  const graph::Graph graph = read(file).graph;
  const TestFile caffemodel("net.caffemodel", file.SerializeAsString());
  inferometer_caffe::Weights right = file;
  // The graph's own order of the matrix is not the file's here, so compare shapes that fit both.
  right.mutable_layer(3)->mutable_blobs(0)->mutable_shape()->set_dim(0, 2);
  right.mutable_layer(3)->mutable_blobs(0)->mutable_shape()->set_dim(1, 72);
  const TestFile fits("right.caffemodel", right.SerializeAsString());
  EXPECT_EQ(read_caffe_weights(fits.path(), graph, {"loss1/"}).size(), 8u);
  try {
    read_caffe_weights(fits.path(), graph);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("does not fit net: layer loss1/fc of the file is not in the network"), std::string::npos)
        << error.what();
  }
}

TEST(CaffeWeights, Errors) {
  inferometer_caffe::Weights file = fitting();
  file.mutable_layer(0)->mutable_blobs(0)->mutable_shape()->set_dim(1, 2);
  EXPECT_EQ(error_of(file.SerializeAsString()), "layer c: a blob of 1x2x1x1 has 4 values");
  file = fitting();
  file.mutable_layer(0)->mutable_blobs(0)->mutable_shape()->set_dim(1, 2);
  file.mutable_layer(0)->mutable_blobs(0)->mutable_shape()->set_dim(2, 2);
  EXPECT_EQ(error_of(file.SerializeAsString()), "does not fit net: c.weight is 1x2x2x1 there, not 1x4x1x1");
  file = fitting();
  file.mutable_layer(0)->mutable_blobs()->RemoveLast();
  file.mutable_layer()->DeleteSubrange(1, 1);
  EXPECT_EQ(error_of(file.SerializeAsString()), "does not fit net: layer c has 1 blobs there, not 2; layer bn has no weights there");
  file = fitting();
  *file.add_layer() = file.layer(0);
  EXPECT_EQ(error_of(file.SerializeAsString()), "two layers with weights are named c");
  file = fitting();
  file.mutable_layer(0)->mutable_blobs(0)->mutable_shape()->set_dim(1, -4);
  EXPECT_NE(error_of(file.SerializeAsString()).find("layer c"), std::string::npos);
  const std::string whole = fitting().SerializeAsString();
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    const std::string message = error_of(whole.substr(0, size));
    EXPECT_TRUE(message.starts_with("is no caffemodel, or cut off") || message.starts_with("does not fit net: ")) << size << message;
  }
  EXPECT_EQ(error_of("\x89HDF\r\n\x1a\n"), "is no caffemodel, or cut off");
}

TEST(CaffeWeights, TheFileBesideAPrototxtIsFound) {
  const auto folder = std::filesystem::temp_directory_path() / ("inferometer_beside_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto touch = [&](const char* name) { std::ofstream(folder / name) << "x"; };
  EXPECT_EQ(find_caffe_weights(folder / "deploy.prototxt"), "");
  touch("one.caffemodel");
  EXPECT_EQ(find_caffe_weights(folder / "deploy.prototxt"), folder / "one.caffemodel");
  touch("two.caffemodel");
  EXPECT_THROW(find_caffe_weights(folder / "deploy.prototxt"), Error);
  touch("deploy.caffemodel");
  EXPECT_EQ(find_caffe_weights(folder / "deploy.prototxt"), folder / "deploy.caffemodel");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace inferometer::formats

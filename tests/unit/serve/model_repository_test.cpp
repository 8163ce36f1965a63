#include "serve/model_repository.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "formats/caffe.h"
#include "formats/onnx.h"
#include "serve/status_error.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer::serve {
namespace {

namespace fs = std::filesystem;

graph::Model small_model(const std::string& name, bool with_softmax) {
  graph::Model model;
  model.graph = zoo::find(name)->build({});
  if (with_softmax) {
    graph::Tensor scores = model.graph.tensors[model.graph.outputs.front()];
    scores.name = "prob";
    model.graph.tensors.push_back(scores);
    const graph::TensorId result = model.graph.tensors.size() - 1;
    model.graph.nodes.push_back({"prob", graph::Softmax{1}, {model.graph.outputs.front()}, {result}});
    model.graph.outputs = {result};
  }
  model.weights = zoo::synthetic_weights(model.graph, 1);
  return model;
}

/// A root with folders of models, gone afterwards; and a folder beside it that is none.
class ModelRepository : public testing::Test {
 protected:
  ModelRepository() {
    for (const char* folder : {"root", "outside", "root/onnx", "root/caffe", "root/empty"}) fs::create_directories(base_ / folder);
    formats::write_onnx(small_model("lenet5", false), base_ / "root/onnx/model.onnx");
    formats::write_caffe(small_model("samplenet", true), base_ / "root/caffe/deploy.prototxt", base_ / "root/caffe/net.caffemodel");
  }
  ~ModelRepository() override { fs::remove_all(base_); }

  RepositoryModel open(const std::string& name, std::int64_t height = 0, std::int64_t width = 0) {
    return open_repository(name, {base_ / "root"}, height, width);
  }
  /// The refusal's text; fails the test where there is none or another status.
  std::string refusal(const std::string& name, std::int64_t height = 0, std::int64_t width = 0) {
    try {
      open(name, height, width);
    } catch (const StatusError& error) {
      EXPECT_EQ(error.http(), 400);
      EXPECT_EQ(error.code(), DdCode::service_bad_request);
      return error.what();
    }
    ADD_FAILURE() << name << " was not refused";
    return "";
  }
  void write(const std::string& file, const std::string& text) { std::ofstream(base_ / file) << text; }

  const fs::path base_ = fs::temp_directory_path() / ("inferometer_repository_" + std::to_string(getpid()));
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(ModelRepository, ZooNamesBringTheirOwnPreprocessing) {
  const RepositoryModel found = open("resnet18");
  EXPECT_TRUE(found.model.zoo);
  ASSERT_TRUE(found.own.has_value());
  EXPECT_EQ(found.own->crop, 224);
  EXPECT_EQ(found.own_input, 224);
  EXPECT_FALSE(found.ends_in_softmax);
  EXPECT_GT(found.facts.parameters.value_or(0), 11'000'000);
  EXPECT_EQ(open("resnet18", 160, 160).model.height, 160);
  EXPECT_EQ(open("resnet18", 0, 160).model.height, 160);
  EXPECT_SAYS(refusal("resnet18", 224, 160), "squares");
  EXPECT_SAYS(refusal("alexnet", 8, 8), "by itself it takes 224");
}

TEST_F(ModelRepository, FoldersHoldCaffeOrOnnx) {
  const RepositoryModel caffe = open("caffe", 32, 32);
  EXPECT_TRUE(caffe.model.path.ends_with("deploy.prototxt"));
  EXPECT_TRUE(caffe.model.weights_path.ends_with("net.caffemodel"));
  EXPECT_TRUE(caffe.ends_in_softmax);
  EXPECT_FALSE(caffe.own.has_value());
  const RepositoryModel onnx = open((base_ / "root/onnx").string());
  EXPECT_TRUE(onnx.model.path.ends_with("model.onnx"));
  EXPECT_FALSE(onnx.ends_in_softmax);
  EXPECT_TRUE(onnx.labels.empty());
  EXPECT_EQ(open("onnx/model.onnx").model.sha256, onnx.model.sha256);
  EXPECT_SAYS(refusal("caffe", 64, 64), "takes 32 x 32 pixels");
  EXPECT_SAYS(refusal("onnx", 224, 224), "takes 28 x 28 pixels");
  formats::write_onnx(small_model("lenet5", true), base_ / "root/onnx/newer.onnx");
  fs::last_write_time(base_ / "root/onnx/newer.onnx", fs::last_write_time(base_ / "root/onnx/model.onnx") + std::chrono::seconds(5));
  EXPECT_TRUE(open("onnx").ends_in_softmax) << "the newest";
  fs::last_write_time(base_ / "root/onnx/newer.onnx", fs::last_write_time(base_ / "root/onnx/model.onnx") - std::chrono::seconds(5));
  EXPECT_FALSE(open("onnx").ends_in_softmax);
}

TEST_F(ModelRepository, AFolderGoesBeforeANetworkOfTheZoo) {
  fs::rename(base_ / "root/onnx", base_ / "root/lenet5");
  EXPECT_FALSE(open("lenet5").model.zoo);
}

TEST_F(ModelRepository, WhatIsNoRepositoryIsRefused) {
  EXPECT_SAYS(refusal(""), "empty");
  EXPECT_SAYS(refusal(" "), "empty");
  EXPECT_SAYS(refusal("resnet19"), "no network of the zoo");
  EXPECT_SAYS(refusal("empty"), "neither deploy.prototxt");
  EXPECT_SAYS(refusal("caffe/net.caffemodel"), "neither a folder nor an .onnx file");
  write("root/empty/broken.onnx", "no protobuf");
  EXPECT_SAYS(refusal("empty"), "broken.onnx");
  fs::remove(base_ / "root/caffe/deploy.prototxt");
  EXPECT_SAYS(refusal("caffe"), "neither deploy.prototxt");
}

TEST_F(ModelRepository, NothingOutsideTheRootsIsRead) {
  formats::write_onnx(small_model("lenet5", false), base_ / "outside/model.onnx");
  write("outside/corresp.txt", "0 secret\n");
  const std::string missing = refusal((base_ / "nowhere").string());
  EXPECT_SAYS(missing, "nothing of that name");
  EXPECT_SAYS(refusal((base_ / "outside").string()), "nothing of that name");
  EXPECT_SAYS(refusal("../outside"), "nothing of that name");
  fs::create_directory_symlink(base_ / "outside", base_ / "root/link");
  EXPECT_SAYS(refusal("link"), "nothing of that name");
  fs::create_symlink(base_ / "outside/model.onnx", base_ / "root/empty/model.onnx");
  EXPECT_SAYS(refusal("empty"), "a link out of the model folders");
  fs::create_symlink(base_ / "outside/corresp.txt", base_ / "root/onnx/corresp.txt");
  EXPECT_SAYS(refusal("onnx"), "a link out of the model folders");
  fs::remove(base_ / "root/onnx/corresp.txt");
  fs::create_symlink(base_ / "outside/none", base_ / "root/onnx/corresp.txt");
  EXPECT_SAYS(refusal("onnx"), "corresp.txt is not readable");
  fs::remove(base_ / "root/onnx/corresp.txt");
  fs::create_directory_symlink(base_ / "root/onnx", base_ / "root/inner");
  EXPECT_FALSE(open("inner").model.zoo) << "links within are followed";
}

TEST_F(ModelRepository, LabelsByClass) {
  write("root/onnx/corresp.txt", "0 n01440764 tench, Tinca tinca\r\n2   cat  \n\n1\n");
  EXPECT_EQ(open("onnx").labels, (std::vector<std::string>{"n01440764 tench, Tinca tinca", "", "cat"}));
  const std::pair<const char*, const char*> bad[] = {
      {"0 a\nx b\n", "line 2: 'x b'"}, {"-1 a\n", "line 1"}, {"0 a\n0 b\n", "line 2: class 0 is named twice"}, {"99999999 a\n", "line 1"}};
  for (const auto& [text, said] : bad) {
    write("root/onnx/corresp.txt", text);
    EXPECT_SAYS(refusal("onnx"), said);
  }
}

TEST_F(ModelRepository, ThePrototxtsTransformIsTakenOver) {
  const fs::path file = base_ / "root/caffe/deploy.prototxt";
  std::ifstream in(file);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const auto with = [&](const std::string& transform) {
    std::string text = whole;
    const auto at = text.find("input_param");
    EXPECT_NE(at, std::string::npos);
    write("root/caffe/deploy.prototxt", text.insert(at, "transform_param { " + transform + " }\n"));
  };
  with("scale: 0.5 mean_value: 104 mean_value: 117 mean_value: 123 crop_size: 32 mirror: true");
  const RepositoryModel found = open("caffe");
  ASSERT_TRUE(found.own.has_value());
  EXPECT_EQ(found.own->scale, 0.5);
  EXPECT_EQ(found.own->mean, (std::array<double, 3>{52, 58.5, 61.5})) << "taken away after scaling here, before in Caffe";
  EXPECT_EQ(found.own->channels, zoo::ChannelOrder::bgr);
  EXPECT_EQ(found.own->resize, zoo::ResizeRule::warp);
  EXPECT_EQ(found.own->resize_to, 32);
  EXPECT_EQ(found.own->crop, 0);
  EXPECT_EQ(found.own_input, 32);
  with("mean_value: 7");
  EXPECT_EQ(open("caffe").own->mean, (std::array<double, 3>{7, 7, 7}));
  with("mean_file: 'mean.binaryproto'");
  EXPECT_SAYS(refusal("caffe"), "mean_file");
  with("crop_size: 31");
  EXPECT_SAYS(refusal("caffe"), "crops to 31");
  with("mean_value: 7 mean_value: 8");
  EXPECT_SAYS(refusal("caffe"), "2 mean values for 3 channels");
}

}  // namespace
}  // namespace inferometer::serve

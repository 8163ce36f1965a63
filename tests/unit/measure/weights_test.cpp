#include "measure/weights.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/checkpoint.h"
#include "formats/onnx.h"
#include "measure/models.h"
#include "measure/plan.h"
#include "samples.h"
#include "zoo/synthetic_weights.h"

namespace inferometer::measure {
namespace {

constexpr std::int64_t kSize = 64, kClasses = 10;

graph::Weights state(std::uint64_t seed) {
  graph::Model model{zoo::find("squeezenet1_1")->build({.height = kSize, .width = kSize, .classes = kClasses}), {}};
  model.weights = zoo::synthetic_weights(model.graph, seed);
  return formats::state_of(std::move(model));
}

ModelReference resolve(const std::filesystem::path& weights) {
  return resolve_model("squeezenet1_1", {.input = kSize, .classes = kClasses, .seed = 9, .weights_path = weights.string()});
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Weights, a_files_content_is_part_of_the_identity) {
  const TemporaryFolder folder;
  formats::write_torch_checkpoint(state(2), folder.path() / "two.pth");
  formats::write_torch_checkpoint(state(3), folder.path() / "three.pth");
  const ModelReference two = resolve(folder.path() / "two.pth"), three = resolve(folder.path() / "three.pth");
  EXPECT_TRUE(two.zoo);
  EXPECT_EQ(two.seed, 1u);
  EXPECT_EQ(two.weights_path, (folder.path() / "two.pth").string());
  EXPECT_NE(two.sha256, three.sha256);
  EXPECT_NE(two.sha256, resolve_model("squeezenet1_1", {.input = kSize, .classes = kClasses}).sha256);
  std::filesystem::copy_file(folder.path() / "two.pth", folder.path() / "copy.pth");
  EXPECT_EQ(resolve(folder.path() / "copy.pth").sha256, two.sha256);
}

TEST(Weights, the_artefact_holds_the_files_values) {
  const TemporaryFolder folder;
  formats::write_safetensors(state(4), folder.path() / "net.safetensors");
  const ModelReference model = resolve(folder.path() / "net.safetensors");
  const std::filesystem::path artefact = model_file_path(model);
  const graph::Model read = formats::read_onnx(artefact);
  const graph::Weights wanted = state(4);
  EXPECT_EQ(wanted.size(), 52u);
  for (const auto& [name, array] : wanted) {
    ASSERT_TRUE(read.weights.contains(name)) << name;
    EXPECT_EQ(read.weights.at(name).bytes, array.bytes) << name;
  }
  std::filesystem::remove(artefact);
}

TEST(Weights, what_does_not_fit_is_refused_before_anything_runs) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "net.pth";
  graph::Weights broken = state(5);
  broken.erase("classifier.1.bias");
  formats::write_torch_checkpoint(broken, file);
  EXPECT_NE(message_of([&] { resolve(file); }).find("does not fit squeezenet1_1: classifier.1.bias is missing"), std::string::npos);
  EXPECT_NE(message_of([&] { resolve(folder.path() / "none.pth"); }).find("none.pth"), std::string::npos);
}

TEST(Weights, one_file_is_for_one_network) {
  RunSpec run;
  run.models = {"squeezenet1_*"};
  run.weights_path = "net.pth";
  EXPECT_EQ(message_of([&] { (void)expand({run}, {}, MissingEngine::is_error); }),
            "--weights net.pth: holds the weights of one network, and 2 are named");
}

TEST(Weights, an_onnx_file_has_its_own) {
  const TemporaryFolder folder;
  const ModelReference model = resolve_model("squeezenet1_1", {.input = kSize, .classes = kClasses});
  const std::string file = model_file_path(model).string();
  EXPECT_NE(message_of([&] { (void)resolve_model(file, {.weights_path = "net.pth"}); }).find("an .onnx file has its own"),
            std::string::npos);
}

TEST(Weights, as_text) {
  EXPECT_EQ(to_string(WeightsChoice{.seed = 7}), "random:7");
  EXPECT_EQ(to_string(WeightsChoice{.path = "a b.pth"}), "a b.pth");
}

}  // namespace
}  // namespace inferometer::measure

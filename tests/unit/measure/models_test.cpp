#include "measure/models.h"

#include <algorithm>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "formats/onnx.h"
#include "samples.h"
#include "zoo/zoo.h"

namespace inferometer::measure {
namespace {

void expect_refused(const std::function<void()>& act, ErrorCode code, const std::string& part) {
  try {
    act();
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE((std::string(error.what()) + " | " + error.hint()).find(part), std::string::npos) << error.what() << " | " << error.hint();
  }
}

TEST(Models, what_looks_like_a_file) {
  for (const char* file : {"a.onnx", "./resnet18", "nets/resnet18", "/x", "deploy.prototxt", "w.caffemodel", "w.pth"})
    EXPECT_TRUE(looks_like_file(file)) << file;
  for (const char* name : {"resnet18", "resnet*", "a.onnx2", "onnx", ""}) EXPECT_FALSE(looks_like_file(name)) << name;
}

TEST(Models, names_expand_and_files_stay) {
  EXPECT_EQ(expand_names({"a.onnx", "vgg11", "vgg11*", "a.onnx", "no/such/file"}),
            (std::vector<std::string>{"a.onnx", "vgg11", "vgg11_bn", "no/such/file"}));
}

TEST(Models, identity_of_a_zoo_net_is_what_decides_its_numbers) {
  const ModelReference plain = resolve_model("squeezenet1_1", {});
  EXPECT_TRUE(plain.zoo);
  EXPECT_EQ(plain.name, "squeezenet1_1");
  EXPECT_EQ(plain.path, "");
  EXPECT_EQ(plain.height, 0);
  EXPECT_EQ(plain.seed, 1u);
  EXPECT_EQ(resolve_model("squeezenet1_1", {}).sha256, plain.sha256);
  std::set<std::string> seen{plain.sha256};
  EXPECT_TRUE(seen.insert(resolve_model("squeezenet1_0", {}).sha256).second);
  EXPECT_TRUE(seen.insert(resolve_model("squeezenet1_1", {.input = 192}).sha256).second);
  EXPECT_TRUE(seen.insert(resolve_model("squeezenet1_1", {.classes = 10}).sha256).second);
  EXPECT_TRUE(seen.insert(resolve_model("squeezenet1_1", {.seed = 2}).sha256).second);
  // Asking for a net's own size asks for the same net.
  EXPECT_FALSE(seen.insert(resolve_model("squeezenet1_1", {.input = 224}).sha256).second);
}

TEST(Models, options_that_a_zoo_net_cannot_take) {
  expect_refused([] { resolve_model("alexnet", {.input = 16}); }, ErrorCode::input, "");
  expect_refused([] { resolve_model("alexnet", {.shapes = {{"input", {1, 3, 8, 8}}}}); }, ErrorCode::usage, "--shape does not apply");
}

TEST(Models, facts_of_zoo_nets) {
  const ModelFacts facts = model_facts(resolve_model("alexnet", {}));
  EXPECT_EQ(facts.parameters, 61'100'840);
  EXPECT_EQ(facts.macs, 714'188'480);
  EXPECT_EQ(facts.top1, 56.522);
  EXPECT_EQ(facts.top5, 79.066);
  EXPECT_FALSE(facts.quantized);
  EXPECT_EQ(model_facts(resolve_model("squeezenet1_1", {})).parameters, 1'235'496);
}

TEST(Models, published_accuracy_belongs_to_the_published_network) {
  EXPECT_TRUE(model_facts(resolve_model("alexnet", {.input = 224})).top1);
  EXPECT_FALSE(model_facts(resolve_model("alexnet", {.input = 192})).top1);
  EXPECT_FALSE(model_facts(resolve_model("alexnet", {.classes = 10})).top1);
  EXPECT_FALSE(model_facts(resolve_model("alexnet", {.classes = 10})).top5);
}

/// A small net of the zoo as a file, made once.
const std::filesystem::path& small_file() {
  static const std::filesystem::path path = model_file_path(resolve_model("squeezenet1_1", {.input = 64, .classes = 10}));
  return path;
}

TEST(Models, artefacts_are_made_once_in_the_cache) {
  const ModelReference model = resolve_model("squeezenet1_1", {.input = 65, .classes = 10});
  const std::filesystem::path path = artefact_path(model);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(model_file_path(model), path);
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto names_it = [&](const std::string& part) { return path.filename().string().find(part) != std::string::npos; };
  EXPECT_TRUE(names_it("squeezenet1_1") && names_it(model.sha256.substr(0, 16)));
  const formats::OnnxSummary summary = formats::summarize_onnx(path);
  ASSERT_EQ(summary.inputs.size(), 1u);
  EXPECT_EQ(summary.inputs[0].shape, (Shape{-1, 3, 65, 65}));

  // What is there is taken as it is, and marked as used.
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000);
  std::filesystem::resize_file(path, 17);
  std::filesystem::last_write_time(path, old);
  EXPECT_EQ(model_file_path(model), path);
  EXPECT_EQ(std::filesystem::file_size(path), 17u);
  EXPECT_GT(std::filesystem::last_write_time(path), old + std::chrono::hours(999));
  std::filesystem::remove(path);
}

TEST(Models, a_users_file_is_its_content) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "my net.onnx";
  std::filesystem::copy_file(small_file(), file);
  const ModelReference model = resolve_model(file.string(), {});
  EXPECT_FALSE(model.zoo);
  EXPECT_EQ(model.sha256, sha256_file_hex(file));
  EXPECT_EQ(model.path, file.string());
  EXPECT_EQ(model_file_path(model), file);

  const std::filesystem::path copy = folder.path() / "copy.onnx";
  std::filesystem::copy_file(file, copy);
  EXPECT_EQ(resolve_model(copy.string(), {}).sha256, model.sha256);

  // The same path with other content, of the same size: the remembered hash must not be used.
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file_atomically(file, bytes);
  EXPECT_EQ(resolve_model(file.string(), {}).sha256, sha256_hex(bytes));
  EXPECT_NE(resolve_model(file.string(), {}).sha256, model.sha256);
}

TEST(Models, facts_of_a_file_are_those_of_its_graph) {
  const ModelFacts from_zoo = model_facts(resolve_model("squeezenet1_1", {.input = 64, .classes = 10}));
  const ModelFacts from_file = model_facts(resolve_model(small_file().string(), {}));
  EXPECT_EQ(from_file.parameters, from_zoo.parameters);
  EXPECT_EQ(from_file.macs, from_zoo.macs);
  EXPECT_EQ(from_file.top1, std::nullopt);
  EXPECT_FALSE(from_file.quantized);
  EXPECT_EQ(resolve_model(small_file().string(), {}).stored_as, "");
}

TEST(Models, a_quantized_file_is_known_as_such) {
  const std::filesystem::path file =
      std::filesystem::path(INFEROMETER_SHARED_DIR) / "data/weights/mobilenet_v2/mobilenetv2_quant_static.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  const ModelReference model = resolve_model(file.string(), {});
  EXPECT_TRUE(model_facts(model).quantized);
  EXPECT_EQ(model.stored_as, "int8");
}

TEST(Models, files_that_cannot_be_used) {
  const TemporaryFolder folder;
  const std::string small = small_file().string();
  expect_refused([&] { resolve_model((folder.path() / "absent.onnx").string(), {}); }, ErrorCode::input, "absent.onnx");
  expect_refused([&] { resolve_model(folder.path().string() + "/", {}); }, ErrorCode::input, folder.path().filename().string());
  expect_refused([&] { resolve_model(folder.write("weights.pth", "x").string(), {}); }, ErrorCode::input, "weights.pth");
  expect_refused([&] { resolve_model(folder.write("text.onnx", "this is no ONNX file").string(), {}); }, ErrorCode::input, "text.onnx");
  expect_refused([&] { resolve_model(folder.write("empty.onnx", "").string(), {}); }, ErrorCode::input, "empty.onnx");
  expect_refused([&] { resolve_model(folder.write("half.onnx", read_file(small).substr(0, 100'000)).string(), {}); }, ErrorCode::input,
                 "half.onnx");
  expect_refused([&] { resolve_model(small, {.input = 64}); }, ErrorCode::usage, "--input does not apply");
  expect_refused([&] { resolve_model(small, {.shapes = {{"imput", {1, 3, 64, 64}}}}); }, ErrorCode::usage, "no input named imput");
  const ModelReference shaped = resolve_model(small, {.shapes = {{"input", {1, 3, 64, 64}}}});
  EXPECT_EQ(shaped.shapes.at("input"), (Shape{1, 3, 64, 64}));
}

}  // namespace
}  // namespace inferometer::measure

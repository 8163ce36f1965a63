#include <fstream>

#include "base/files.h"
#include "contract.h"
#include "engine/loader.h"
#include "formats/onnx.h"

namespace inferometer::contract {
namespace {

using Files = Computing;
using Precisions = Usable;

constexpr std::int64_t kSize = 64;
const char* const kNet = "squeezenet1_1";

TEST_F(Loading, declares_concrete_inputs_and_outputs) {
  const TestModel model = zoo_model(kNet, kSize);
  for (const std::int64_t batch : {1, 4}) {
    SCOPED_TRACE(batch);
    const auto session = load(model, batch);
    ASSERT_EQ(session->inputs().size(), 1U);
    ASSERT_EQ(session->outputs().size(), 1U);
    EXPECT_EQ(session->inputs()[0].type, ElementType::f32);
    EXPECT_EQ(session->outputs()[0].type, ElementType::f32);
    EXPECT_EQ(session->inputs()[0].shape.at(0), batch);
    EXPECT_EQ(session->outputs()[0].shape.at(0), batch);
    EXPECT_FALSE(session->inputs()[0].name.empty());
    EXPECT_FALSE(session->outputs()[0].name.empty());
    if (!info().computes) continue;  // it has a shape of its own
    const graph::Graph& graph = model.model().graph;
    EXPECT_EQ(session->inputs()[0].name, graph.tensors[graph.inputs[0]].name);
    EXPECT_EQ(session->outputs()[0].name, graph.tensors[graph.outputs[0]].name);
    EXPECT_EQ(session->inputs()[0].shape, (Shape{batch, 3, kSize, kSize}));
    EXPECT_EQ(session->outputs()[0].shape, (Shape{batch, 100}));
  }
}

TEST_F(Loading, reports_what_was_obtained) {
  const TestModel model = zoo_model(kNet, kSize);
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    engine::SessionSettings asked = settings();
    asked.threads = threads;
    const engine::ObtainedSettings obtained = engine().load(model.file(), asked)->obtained();
    EXPECT_TRUE(engine::same_device(obtained.device, asked.device)) << obtained.device;
    EXPECT_EQ(obtained.precision, "fp32");
    EXPECT_TRUE(obtained.threads == threads || obtained.threads == 0) << obtained.threads;
    EXPECT_TRUE(obtained.streams == 1 || obtained.streams == 0) << obtained.streams;
  }
}

TEST_F(Loading, compares_devices_without_case) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  for (char& letter : asked.device) letter = static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
  EXPECT_NO_THROW(engine().load(model.file(), asked));
}

TEST_F(Loading, refuses_an_unknown_setting_by_name) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  asked.own["no_such_setting"] = "1";
  const Error error = error_of([&] { engine().load(model.file(), asked); });
  EXPECT_EQ(error.code(), ErrorCode::usage);
  EXPECT_NE(std::string(error.what()).find("no_such_setting"), std::string::npos) << error.what();
}

TEST_F(Loading, refuses_values_that_a_setting_does_not_list) {
  const TestModel model = zoo_model(kNet, kSize);
  for (const engine::OwnSetting& setting : info().settings) {
    if (setting.values.empty()) continue;
    engine::SessionSettings asked = settings();
    asked.own[setting.key] = "no such value";
    const Error error = error_of([&] { engine().load(model.file(), asked); });
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find(setting.key + "='no such value'"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find(setting.values.front()), std::string::npos) << error.hint();
  }
}

TEST_F(Loading, refuses_an_unknown_device) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  asked.device = "nosuchdevice:7";
  const Error error = error_of([&] { engine().load(model.file(), asked); });
  EXPECT_EQ(error.code(), ErrorCode::missing_engine);
  EXPECT_NE(std::string(error.what()).find("nosuchdevice:7"), std::string::npos) << error.what();
}

TEST_F(Loading, works_again_after_an_error) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  asked.device = "nosuchdevice:7";
  EXPECT_THROW(engine().load(model.file(), asked), Error);
  const auto session = load(model);
  const auto request = session->create_request();
  EXPECT_EQ(run(*request, *session, {images(session->inputs()[0].shape, 1)}).size(), 1U);
}

TEST_F(Precisions, fp32_is_fp32) { EXPECT_EQ(load(zoo_model(kNet, kSize))->obtained().precision, "fp32"); }

TEST_F(Precisions, native_is_allowed_and_named) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  asked.precision = "native";
  EXPECT_FALSE(engine().load(model.file(), asked)->obtained().precision.empty());
}

TEST_F(Precisions, refuses_one_that_no_device_has) {
  const TestModel model = zoo_model(kNet, kSize);
  engine::SessionSettings asked = settings();
  asked.precision = "fp12";
  const Error error = error_of([&] { engine().load(model.file(), asked); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(error.what()).find("fp12"), std::string::npos) << error.what();
}

TEST_F(Precisions, gives_each_listed_one_or_refuses_it) {
  const TestModel model = zoo_model(kNet, kSize);
  for (const std::string precision : {"fp32", "fp16", "bf16"}) {
    SCOPED_TRACE(precision);
    engine::SessionSettings asked = settings();
    asked.precision = precision;
    const auto& listed = info().devices.front().precisions;
    const bool wants_another_file = precision == "fp16" && info().half_from_file;  // the model is stored in fp32
    if (!wants_another_file && std::find(listed.begin(), listed.end(), precision) != listed.end()) {
      EXPECT_EQ(engine().load(model.file(), asked)->obtained().precision, precision);
    } else {
      EXPECT_EQ(error_of([&] { engine().load(model.file(), asked); }).code(), ErrorCode::unsupported);
    }
  }
}

/// A file that is no model, however the engine gets at it.
engine::ModelFile broken_file(const std::string& name, const std::string& content) {
  const std::filesystem::path path = scratch_folder() / name;
  std::ofstream(path, std::ios::binary) << content;
  engine::ModelFile file;
  file.path = path.string();
  file.parse = [path] { return formats::read_onnx(path); };
  return file;
}

TEST_F(Files, a_missing_file_is_an_input_error_that_names_it) {
  engine::ModelFile file;
  file.path = (scratch_folder() / "missing.onnx").string();
  file.parse = [path = file.path] { return formats::read_onnx(path); };
  const Error error = error_of([&] { engine().load(file, settings()); });
  EXPECT_EQ(error.code(), ErrorCode::input);
  EXPECT_NE(std::string(error.what()).find("missing.onnx"), std::string::npos) << error.what();
}

TEST_F(Files, broken_files_are_input_errors) {
  const TestModel model = zoo_model(kNet, kSize);
  const std::string whole = read_file(model.file().path);
  const struct {
    const char* name;
    std::string content;
  } cases[] = {{"empty.onnx", ""},
               {"text.onnx", "this is no model\n"},
               {"half.onnx", whole.substr(0, whole.size() / 2)},
               {"almost.onnx", whole.substr(0, whole.size() - 1)}};
  for (const auto& broken : cases) {
    SCOPED_TRACE(broken.name);
    const engine::ModelFile file = broken_file(broken.name, broken.content);
    const Error error = error_of([&] { engine().load(file, settings()); });
    EXPECT_EQ(error.code(), ErrorCode::input) << error.what();
  }
}

TEST_F(Files, a_folder_is_an_input_error) {
  engine::ModelFile file;
  file.path = scratch_folder().string();
  file.parse = [path = file.path] { return formats::read_onnx(path); };
  EXPECT_EQ(error_of([&] { engine().load(file, settings()); }).code(), ErrorCode::input);
}

TEST_F(Files, a_fixed_batch_serves_that_batch_alone) {
  const TestModel dynamic = zoo_model(kNet, kSize);
  const TestModel fixed(dynamic.model(), TestModel::Source::file, 2);
  EXPECT_EQ(load(fixed, 2)->inputs()[0].shape, (Shape{2, 3, kSize, kSize}));
  EXPECT_EQ(error_of([&] { load(fixed, 3); }).code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace inferometer::contract

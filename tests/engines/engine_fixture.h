/// Load models with one engine's plugin and run them.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/loader.h"
#include "onnx_models.h"

namespace inferometer::test {

inline engine::Engine& engine_named(const std::string& name) {
  static const std::unique_ptr<engine::Engine> engine =
      engine::open_plugin(std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / (name + ".so"));
  return *engine;
}

inline std::unique_ptr<engine::Session> load(engine::Engine& engine, const std::string& path,
                                             const engine::SessionSettings& settings = {}) {
  engine::ModelFile model;
  model.path = path;
  return engine.load(model, settings);
}

/// The outputs of one run on floats given by `value` of the element's index. For models with one input and output of f32.
inline std::vector<float> outputs_of(engine::Session& session, const std::function<float(std::size_t)>& value) {
  const engine::TensorInfo& info = session.inputs().at(0);
  std::vector<float> input(static_cast<std::size_t>(element_count(info.shape)));
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = value(i);
  const engine::TensorView view{info.type, info.shape, input.data(), input.size() * sizeof(float)};
  const std::unique_ptr<engine::Request> request = session.create_request();
  const engine::TensorView output = request->run({&view, 1}).front();
  const auto* first = static_cast<const float*>(output.data);
  return {first, first + output.bytes / sizeof(float)};
}

/// The error that loading ends in; fails the test when it does not.
inline Error load_error(engine::Engine& engine, const std::string& path, const engine::SessionSettings& settings = {}) {
  try {
    load(engine, path, settings);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << path << " was loaded";
  return Error(ErrorCode::internal, "");
}

inline std::filesystem::path squeezenet() {
  return std::filesystem::path(INFEROMETER_SHARED_DIR) / "data/weights/squeezenet_v1.1/squeezenet_v1.1.derived.onnx";
}

/// SqueezeNet 1.1 on 100 sin(i / 1000): class and logit on which ONNX Runtime 1.31.1 and OpenVINO 2026.4.1 agree to 2e-6.
inline void expect_squeezenet(engine::Session& session) {
  const std::vector<float> logits = outputs_of(session, [](std::size_t i) { return 100 * std::sin(0.001f * static_cast<float>(i)); });
  ASSERT_EQ(logits.size() % 1000, 0u);
  const auto best = std::max_element(logits.begin(), logits.begin() + 1000);
  EXPECT_EQ(best - logits.begin(), 905);
  EXPECT_NEAR(*best, 19.13221f, 1e-3);
}

/// What both engines that read files must refuse, and how.
inline void expect_refusals(engine::Engine& engine) {
  const auto refuses = [&](const std::string& path, const engine::SessionSettings& settings, ErrorCode code, const std::string& word) {
    const Error error = load_error(engine, path, settings);
    EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  };
  engine::SessionSettings two;
  two.batch = 2;
  engine::SessionSettings strange_precision;
  strange_precision.precision = "fp13";
  engine::SessionSettings strange_device;
  strange_device.device = "abacus";
  engine::SessionSettings streams;
  streams.streams = 2;
  refuses("nowhere/model.onnx", {}, ErrorCode::input, "does not exist");
  const TemporaryFile good = model_file(), unknown = model_file({.op = "Flurb"}),
                      foreign = model_file({.op = "Flurb", .domain = "foo.bar"});
  const TemporaryFile fixed = model_file({.input = {"1", "3", "4", "4"}, .output = {"1", "3", "4", "4"}});
  const TemporaryFile strings = model_file({.op = "Identity", .type = onnx::TensorProto::STRING});
  const TemporaryFile text("hello world"), empty("");
  refuses(unknown.path(), {}, ErrorCode::unsupported, "Flurb");
  refuses(foreign.path(), {}, ErrorCode::unsupported, "foo.bar");
  refuses(text.path(), {}, ErrorCode::input, ".onnx");
  refuses(empty.path(), {}, ErrorCode::input, ".onnx");
  refuses(fixed.path(), two, ErrorCode::unsupported, "batch fixed at 1");
  refuses(strings.path(), {}, ErrorCode::unsupported, "element type");
  refuses(good.path(), strange_precision, ErrorCode::unsupported, "fp13");
  refuses(good.path(), strange_device, ErrorCode::missing_engine, "abacus");
  refuses(good.path(), streams, ErrorCode::unsupported, "streams");
}

/// Dynamic dimensions of every kind become what was asked, and are computed right.
inline void expect_dynamic_dimensions(engine::Engine& engine) {
  for (const Dimensions& dimensions : {Dimensions{"N", "3", "H", "W"}, Dimensions{"", "3", "", ""}, Dimensions{"N", "3", "5", "6"}}) {
    const TemporaryFile file = model_file({.input = dimensions, .output = dimensions});
    engine::SessionSettings settings;
    settings.batch = 4;
    settings.shapes["x"] = {1, 3, 5, 6};
    const auto session = load(engine, file.path(), settings);
    EXPECT_EQ(session->inputs().at(0).shape, (Shape{4, 3, 5, 6}));
    EXPECT_EQ(session->outputs().at(0).shape, (Shape{4, 3, 5, 6}));
    const std::vector<float> relu = outputs_of(*session, [](std::size_t i) { return static_cast<float>(i) - 100; });
    ASSERT_EQ(relu.size(), 360u);
    EXPECT_EQ(relu[99], 0);
    EXPECT_EQ(relu[359], 259);
  }
}

/// Half floats go in and out as they are.
inline void expect_half_floats(engine::Engine& engine) {
  const TemporaryFile file = model_file({.type = onnx::TensorProto::FLOAT16});
  const auto session = load(engine, file.path());
  ASSERT_EQ(session->inputs().at(0).type, ElementType::f16);
  ASSERT_EQ(session->outputs().at(0).type, ElementType::f16);
  std::vector<std::uint16_t> input(48, 0x3c00);  // 1
  input[7] = 0xc000;                             // -2
  const engine::TensorView view{ElementType::f16, session->inputs()[0].shape, input.data(), 96};
  const auto request = session->create_request();
  const auto* output = static_cast<const std::uint16_t*>(request->run({&view, 1}).front().data);
  EXPECT_EQ(output[6], 0x3c00);
  EXPECT_EQ(output[7] & 0x7fff, 0);
}

}  // namespace inferometer::test

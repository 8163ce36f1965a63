#include "serve/deepdetect_members.h"

#include <array>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace inferometer::serve {
namespace {

using nlohmann::json;
using zoo::ChannelOrder;
using zoo::Interpolation;
using zoo::ResizeRule;

constexpr dataset::InputGeometry kColour{3, 227, 227}, kGrey{1, 28, 28}, kWide{3, 120, 160};

json of(const char* text) { return json::parse(text); }

void expect_refused(const std::function<void()>& read, DdCode code, const std::string& part) {
  try {
    read();
    ADD_FAILURE() << "accepted; should say " << part;
  } catch (const StatusError& error) {
    EXPECT_EQ(error.http(), 400);
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(DeepDetectMembersTest, ChangesNothingThatIsNotGiven) {
  const dataset::PreprocessingChanges changes = picture_changes(of(R"({"connector":"image","cuda":true,"other":[1]})"), kColour);
  EXPECT_FALSE(changes.resize || changes.interpolation || changes.crop || changes.channels || changes.scale || changes.mean ||
               changes.standard_deviation);
}

TEST(DeepDetectMembersTest, WidthAndHeightWarpAndDropTheCrop) {
  const dataset::PreprocessingChanges changes = picture_changes(of(R"({"width":160,"height":120})"), kWide);
  EXPECT_EQ(changes.resize, ResizeRule::warp);
  EXPECT_EQ(changes.resize_to, 160);
  EXPECT_EQ(changes.resize_height, 120);
  EXPECT_EQ(changes.crop, 0);
  const dataset::PreprocessingChanges one = picture_changes(of(R"({"height":120})"), kWide);
  EXPECT_EQ(one.resize_to, 160);
  EXPECT_EQ(one.resize_height, 120);
}

TEST(DeepDetectMembersTest, TheCropIsTheNetworksAndTheResizeIsFree) {
  const dataset::PreprocessingChanges changes =
      picture_changes(of(R"({"width":200,"height":150,"crop_width":160,"crop_height":120})"), kWide);
  EXPECT_EQ(changes.resize, ResizeRule::warp);
  EXPECT_EQ(changes.resize_to, 200);
  EXPECT_EQ(changes.resize_height, 150);
  EXPECT_EQ(changes.crop, 160);
  EXPECT_EQ(changes.crop_height, 120);
  const dataset::PreprocessingChanges crop = picture_changes(of(R"({"crop_width":160})"), kWide);
  EXPECT_FALSE(crop.resize);
  EXPECT_EQ(crop.crop, 160);
  EXPECT_EQ(crop.crop_height, 120);
}

TEST(DeepDetectMembersTest, SizesThatTheNetworkWasNotLoadedForAreRefused) {
  constexpr DdCode kWrong = DdCode::service_bad_request;
  expect_refused([] { picture_changes(of(R"({"width":224})"), kColour); }, kWrong, "parameters.input.width: 224");
  expect_refused([] { picture_changes(of(R"({"height":224})"), kColour); }, kWrong, "height 227");
  expect_refused([] { picture_changes(of(R"({"width":256,"height":256,"crop_width":224})"), kColour); }, kWrong, "crop_width: 224");
  expect_refused([] { picture_changes(of(R"({"crop_height":224})"), kColour); }, kWrong, "crop_height");
  expect_refused([] { picture_changes(of(R"({"width":0})"), kColour); }, kWrong, "1 to 16384");
  expect_refused([] { picture_changes(of(R"({"width":true})"), kColour); }, kWrong, "whole number");
  expect_refused([] { picture_changes(of(R"({"width":"227"})"), kColour); }, kWrong, "is string");
}

TEST(DeepDetectMembersTest, SizeForLoadingIsTheCropsElseTheResizes) {
  const auto size = [](const char* text) {
    const InputSize asked = asked_size(of(text));
    return std::array{asked.height, asked.width};
  };
  EXPECT_EQ(size("{}"), (std::array<std::int64_t, 2>{0, 0}));
  EXPECT_EQ(size(R"({"width":160,"height":120})"), (std::array<std::int64_t, 2>{120, 160}));
  EXPECT_EQ(size(R"({"width":160})"), (std::array<std::int64_t, 2>{0, 160}));
  EXPECT_EQ(size(R"({"width":256,"height":256,"crop_width":224,"crop_height":200})"), (std::array<std::int64_t, 2>{200, 224}));
}

TEST(DeepDetectMembersTest, Interpolations) {
  const std::pair<const char*, Interpolation> cases[] = {{"cubic", Interpolation::bicubic},
                                                         {"linear", Interpolation::bilinear},
                                                         {"nearest", Interpolation::nearest},
                                                         {"lanczos4", Interpolation::lanczos4},
                                                         {"area", Interpolation::area}};
  for (const auto& [name, interpolation] : cases) {
    EXPECT_EQ(picture_changes({{"interp", name}}, kColour).interpolation, interpolation) << name;
  }
  expect_refused([] { picture_changes({{"interp", "bilinear"}}, kColour); }, DdCode::service_bad_request, "'bilinear' is not known");
}

TEST(DeepDetectMembersTest, ChannelsAreBlueFirstUnlessRgb) {
  EXPECT_EQ(picture_changes(of(R"({"rgb":true,"bw":false})"), kColour).channels, ChannelOrder::rgb);
  EXPECT_EQ(picture_changes(of(R"({"rgb":false})"), kColour).channels, ChannelOrder::bgr);
  EXPECT_FALSE(picture_changes(of(R"({"bw":false})"), kColour).channels);
  EXPECT_FALSE(picture_changes(of(R"({"rgb":true,"bw":false})"), kGrey).channels);
  EXPECT_FALSE(picture_changes(of(R"({"bw":true})"), kGrey).channels);
  expect_refused([] { picture_changes(of(R"({"bw":true})"), kColour); }, DdCode::service_bad_request, "three channels");
  expect_refused([] { picture_changes(of(R"({"rgb":1})"), kColour); }, DdCode::service_bad_request, "true or false");
}

TEST(DeepDetectMembersTest, ScaleMeanAndDeviation) {
  const dataset::PreprocessingChanges changes = picture_changes(of(R"({"scale":1,"mean":[104,117.5,123],"std":2})"), kColour);
  EXPECT_EQ(changes.scale, 1.0);
  EXPECT_EQ(changes.mean, (std::array<double, 3>{104, 117.5, 123}));
  EXPECT_EQ(changes.standard_deviation, (std::array<double, 3>{2, 2, 2}));
  EXPECT_EQ(picture_changes(of(R"({"mean":[33.3]})"), kGrey).mean->at(0), 33.3);
  constexpr DdCode kWrong = DdCode::service_bad_request, kInput = DdCode::service_input;
  expect_refused([] { picture_changes(of(R"({"mean":[1,2]})"), kColour); }, kInput, "parameters.input.mean has 2 values");
  expect_refused([] { picture_changes(of(R"({"mean":[1]})"), kColour); }, kInput, "3 channels");
  expect_refused([] { picture_changes(of(R"({"std":[1,1,1]})"), kGrey); }, kInput, "parameters.input.std has 3 values");
  expect_refused([] { picture_changes(of(R"({"std":[]})"), kColour); }, kInput, "0 values");
  expect_refused([] { picture_changes(of(R"({"std":[1,0,1]})"), kColour); }, kWrong, "parameters.input.std: 0");
  expect_refused([] { picture_changes(of(R"({"std":-1})"), kColour); }, kWrong, "parameters.input.std");
  expect_refused([] { picture_changes(of(R"({"scale":0})"), kColour); }, kWrong, "parameters.input.scale");
  expect_refused([] { picture_changes(of(R"({"scale":1e300})"), kColour); }, kWrong, "parameters.input.scale");
  expect_refused([] { picture_changes(of(R"({"mean":1e300})"), kColour); }, kWrong, "parameters.input.mean");
}

TEST(DeepDetectMembersTest, PartsAreObjects) {
  const Parameters parameters = read_parameters(of(R"({"parameters":{"input":{"a":1},"output":{}}})"));
  EXPECT_EQ(parameters.input, of(R"({"a":1})"));
  EXPECT_EQ(parameters.mllib, json::object());
  EXPECT_EQ(read_parameters(json::object()).output, json::object());
  expect_refused([] { read_parameters(of(R"({"parameters":[]})")); }, DdCode::bad_request, "parameters: must be an object");
  expect_refused([] { read_parameters(of(R"({"parameters":{"output":"x"}})")); }, DdCode::bad_request, "parameters.output");
}

TEST(DeepDetectMembersTest, ACallOverridesMemberByMember) {
  const Parameters merged =
      overridden({of(R"({"a":1,"b":[1,2]})"), {}, of(R"({"best":3})")}, {of(R"({"b":[3]})"), of(R"({"c":1})"), json::object()});
  EXPECT_EQ(merged.input, of(R"({"a":1,"b":[3]})"));
  EXPECT_EQ(merged.mllib, of(R"({"c":1})"));
  EXPECT_EQ(merged.output, of(R"({"best":3})"));
}

TEST(DeepDetectMembersTest, WhatIsNotBuiltIsRefused) {
  const std::pair<const char*, const char*> refused[] = {
      {"input", R"({"segmentation":true})"}, {"input", R"({"histogram_equalization":true})"},
      {"input", R"({"regression":1})"},      {"mllib", R"({"extract_layer":"fc7"})"},
      {"output", R"({"template":"{{a}}"})"}, {"output", R"({"network":{"url":"x"}})"},
      {"output", R"({"measure":["acc"]})"},  {"output", R"({"bbox":true})"},
      {"output", R"({"search":true})"},      {"output", R"({"regression":true})"}};
  for (const auto& [part, text] : refused) {
    Parameters parameters;
    (part == std::string("input") ? parameters.input : part == std::string("mllib") ? parameters.mllib : parameters.output) = of(text);
    expect_refused([&] { refuse_what_is_not_built(parameters); }, DdCode::service_bad_request, std::string("parameters.") + part);
  }
  Parameters harmless;
  harmless.input = of(R"({"segmentation":false,"histogram_equalization":false,"regression":false})");
  harmless.output = of(R"({"bbox":false,"regression":false,"template":"","measure":[],"network":{}})");
  EXPECT_NO_THROW(refuse_what_is_not_built(harmless));
}

TEST(DeepDetectMembersTest, Selection) {
  EXPECT_EQ(class_selection(json::object()).best, 1);
  EXPECT_EQ(class_selection(of(R"({"best":-1})")).best, -1);
  EXPECT_EQ(class_selection(of(R"({"confidence_threshold":0.3})")).confidence_threshold, 0.3);
  for (const char* bad : {R"({"best":0})", R"({"best":-2})", R"({"best":1.5})", R"({"best":"3"})", R"({"best":true})"}) {
    expect_refused([&] { class_selection(of(bad)); }, DdCode::service_bad_request, "parameters.output.best");
  }
  expect_refused([] { class_selection(of(R"({"confidence_threshold":"0.3"})")); }, DdCode::service_bad_request, "confidence_threshold");
}

engine::EngineInfo engine_with(std::vector<engine::DeviceInfo> devices) {
  engine::EngineInfo engine;
  engine.name = "some";
  engine.devices = std::move(devices);
  engine.settings = {{"graph", {}}, {"spinning", {}}, {"profile", {}}};
  return engine;
}

TEST(DeepDetectMembersTest, EngineRequests) {
  const engine::EngineInfo cpu = engine_with({{"cpu", "", {"fp32", "bf16"}}});
  const engine::EngineInfo gpus = engine_with({{"cpu", "", {"fp32"}}, {"cuda:0", "", {"fp32", "fp16"}}, {"cuda:1", "", {"fp32"}}});
  const json bench = of(R"({"nclasses":1000,"datatype":"fp32","readEngine":true,"writeEngine":true,"maxBatchSize":1,"maxWorkspaceSize":1024,
                            "gpu":true,"gpuid":0,"dla":0})");
  EXPECT_EQ(engine_request(bench, cpu).device, "cpu");
  EXPECT_EQ(engine_request(bench, cpu).precision, "fp32");
  EXPECT_TRUE(engine_request(bench, cpu).settings.empty());
  EXPECT_EQ(engine_request(bench, gpus).device, "cuda:0");
  EXPECT_EQ(engine_request(of(R"({"gpu":false,"gpuid":1})"), gpus).device, "cpu");
  EXPECT_EQ(engine_request(of(R"({"gpu":true,"gpuid":[1,0]})"), gpus).device, "cuda:1");
  EXPECT_EQ(engine_request(of(R"({"gpu":true,"gpuid":-1,"datatype":"FP16"})"), gpus).precision, "fp16");
  EXPECT_EQ(engine_request(of(R"({"datatype":"bf16"})"), cpu).precision, "bf16");
  const EngineRequest settings = engine_request(of(R"({"graph":"basic","spinning":false,"profile":1,"other":2})"), cpu);
  EXPECT_EQ(settings.settings, (std::map<std::string, std::string>{{"graph", "basic"}, {"spinning", "0"}}));
  EXPECT_EQ(engine_request(of(R"({"spinning":1})"), cpu).settings.at("spinning"), "1");

  constexpr DdCode kWrong = DdCode::service_bad_request;
  expect_refused([&] { engine_request(of(R"({"datatype":"fp16"})"), cpu); }, kWrong, "computes in fp32, bf16, not in 'fp16'");
  expect_refused([&] { engine_request(of(R"({"gpu":true,"gpuid":7})"), gpus); }, kWrong, "no GPU 7");
  expect_refused([&] { engine_request(of(R"({"gpu":1})"), gpus); }, kWrong, "parameters.mllib.gpu");
  expect_refused([&] { engine_request(of(R"({"graph":["a"]})"), cpu); }, kWrong, "parameters.mllib.graph");
  expect_refused([&] { engine_request(of("{}"), engine_with({})); }, kWrong, "no device");
}

}  // namespace
}  // namespace inferometer::serve

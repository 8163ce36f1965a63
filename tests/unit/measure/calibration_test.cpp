#include "measure/calibration.h"

#include <limits>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "formats/onnx.h"
#include "formats/quantize.h"
#include "graph/fold_batch_norm.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer::measure {
namespace {

TEST(RangeObserver, extremes_over_all_calls) {
  RangeObserver observer;
  observer.observe(std::vector<float>{3, -1});
  observer.observe(std::vector<float>{});
  observer.observe(std::vector<float>{7, 2});
  EXPECT_EQ(observer.extremes(), (ObservedRange{-1, 7}));
}

TEST(RangeObserver, of_one_sign_and_constant) {
  RangeObserver positive, constant;
  positive.observe(std::vector<float>{5, 4});
  constant.observe(std::vector<float>{2, 2, 2});
  EXPECT_EQ(positive.extremes(), (ObservedRange{4, 5}));
  EXPECT_EQ(constant.extremes(), (ObservedRange{2, 2}));
  constant.begin_counting();
  constant.count(std::vector<float>{2, 2, 2});
  EXPECT_EQ(constant.within(99), (ObservedRange{2, 2}));
}

TEST(RangeObserver, values_that_are_not_finite_are_refused) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    RangeObserver observer;
    EXPECT_THROW(observer.observe(std::vector<float>{1, value}), Error);
  }
}

TEST(RangeObserver, a_percentile_leaves_out_what_lies_outside) {
  // 0, 1, ... 4095 fill one bin each; of 98 % one percent goes on either side: 40.96 values, so 40 whole bins.
  std::vector<float> values(4097);
  std::iota(values.begin(), values.end(), 0.0F);
  RangeObserver observer;
  observer.observe(values);
  observer.begin_counting();
  observer.count(std::span(values).first(4096));
  EXPECT_EQ(observer.within(98), (ObservedRange{40, 4056}));
  EXPECT_EQ(observer.within(100), (ObservedRange{0, 4096}));
}

TEST(RangeObserver, an_outlier_goes_and_many_equal_values_stay) {
  std::vector<float> values(10000, 0.0F);
  values.back() = 4096;
  RangeObserver observer;
  observer.observe(values);
  observer.begin_counting();
  observer.count(values);
  EXPECT_EQ(observer.within(99), (ObservedRange{0, 1}));  // one bin, of the zeros
}

TEST(CalibrationRecord, json_both_ways) {
  CalibrationRecord record;
  record.ranges = {{"a", {-1.5, 2}}, {"b/c", {0, 0}}};
  record.images = 7;
  record.damaged = {{3, "cut off"}};
  record.preprocessing = "--resize none";
  record.engine_precision = "fp32";
  const auto copy = nlohmann::json::parse(nlohmann::json(record).dump()).get<CalibrationRecord>();
  EXPECT_EQ(copy.ranges, record.ranges);
  EXPECT_EQ(copy.images, 7U);
  ASSERT_EQ(copy.damaged.size(), 1U);
  EXPECT_EQ(copy.damaged[0].reason, "cut off");
  EXPECT_EQ(copy.preprocessing, "--resize none");
  EXPECT_EQ(copy.engine_precision, "fp32");
}

/// Families by what is special in them: fire modules, residual sums, depthwise, shuffles, gates, normalisations that stay.
TEST(QuantizedZoo, networks_become_int8_files) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("inferometer-quantized-" + std::to_string(::getpid()) + ".onnx");
  for (const char* name : {"squeezenet1_1", "resnet18", "mobilenet_v2", "shufflenet_v2_x0_5", "mobilenet_v3_small", "densenet121"}) {
    SCOPED_TRACE(name);
    graph::Model model{zoo::find(name)->build({.height = 64, .width = 64, .classes = 10}), {}};
    model.weights = zoo::synthetic_weights(model.graph, 1);
    model = graph::fold_batch_norms(std::move(model));
    const formats::QuantizationPlan plan = formats::plan_quantization(model);
    formats::ActivationRanges ranges;
    for (const std::string& tensor : plan.activations) ranges[tensor] = {-4, 4};
    formats::write_quantized_onnx(model, ranges, path);
    EXPECT_TRUE(formats::summarize_onnx(path).quantized);
    std::size_t layers = 0;
    for (const graph::Node& node : model.graph.nodes) {
      layers += std::holds_alternative<graph::Conv>(node.op) || std::holds_alternative<graph::Linear>(node.op) ? 1 : 0;
    }
    EXPECT_EQ(plan.layers, layers);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace inferometer::measure

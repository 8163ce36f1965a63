#include "onnxruntime/profile.h"

#include <fstream>

#include <gtest/gtest.h>

#include "onnx_models.h"

namespace inferometer::engine {
namespace {

/// A trace of two runs at 0 and 1000 us of two nodes that share a name, and of a third run at 2000.
constexpr const char* kTrace = R"([
  {"cat": "Session", "name": "model_loading", "ts": 1, "dur": 5},
  {"cat": "Node", "name": "a_kernel_time", "ts": 100, "dur": 900, "args": {"op_name": "Conv", "provider": "CPU", "node_index": "0"}},
  {"cat": "Node", "name": "b_kernel_time", "ts": 150, "dur": 30, "args": {"op_name": "Relu", "provider": "CPU", "node_index": "1"}},
  {"cat": "Session", "name": "model_run", "ts": 90, "dur": 910},
  {"cat": "Node", "name": "a_fence_before", "ts": 1005, "dur": 1, "args": {"op_name": "Conv"}},
  {"cat": "Node", "name": "b_kernel_time", "ts": 1020, "dur": 20, "args": {"op_name": "Relu", "provider": "CPU", "node_index": "1"}},
  {"cat": "Node", "name": "a_kernel_time", "ts": 1010, "dur": 8, "args": {"op_name": "Conv", "provider": "CPU", "node_index": "0"}},
  {"cat": "Node", "name": "a_kernel_time", "ts": 1045, "dur": 2, "args": {"op_name": "Relu", "provider": "CPU", "node_index": "2"}},
  {"cat": "Session", "name": "model_run", "ts": 1000, "dur": 60},
  {"cat": "Node", "name": "a_kernel_time", "ts": 2010, "dur": 10, "args": {"op_name": "Conv", "provider": "CPU", "node_index": "0"}},
  {"cat": "Node", "name": "b_kernel_time", "ts": 2021, "dur": 40, "args": {"op_name": "Relu", "provider": "CPU", "node_index": "1"}},
  {"cat": "Node", "name": "a_kernel_time", "ts": 2062, "dur": 4, "args": {"op_name": "Relu", "provider": "CPU", "node_index": "2"}},
  {"cat": "Session", "name": "model_run", "ts": 2000, "dur": 70}
])";

TEST(OnnxRuntimeProfile, medians_of_the_runs_that_count) {
  const test::TemporaryFile file{std::string(kTrace)};
  const std::vector<LayerTime> layers = read_profile(file.path(), 1);
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].name, "a");
  EXPECT_EQ(layers[0].op, "Conv");
  EXPECT_EQ(layers[0].time_us, 9);
  EXPECT_EQ(layers[1].name, "b");
  EXPECT_EQ(layers[1].time_us, 30);
  EXPECT_EQ(layers[2].name, "a");
  EXPECT_EQ(layers[2].op, "Relu");
  EXPECT_EQ(layers[2].time_us, 3);
  EXPECT_EQ(read_profile(file.path(), 0).at(0).time_us, 10);  // of 900, 8 and 10
  EXPECT_EQ(read_profile(file.path(), 2).at(1).time_us, 40);
  EXPECT_TRUE(read_profile(file.path(), 3).empty());
  EXPECT_TRUE(read_profile(file.path(), 9).empty());
}

TEST(OnnxRuntimeProfile, what_is_no_trace) {
  const test::TemporaryFile text("hello"), object("{}");
  EXPECT_THROW(read_profile(text.path(), 0), Error);
  EXPECT_THROW(read_profile(object.path(), 0), Error);
}

TEST(OnnxRuntimeProfile, names_that_a_node_may_have_in_the_file) {
  EXPECT_EQ(origins_of("conv"), "");
  EXPECT_EQ(origins_of("relu_nchwc"), "relu");
  EXPECT_EQ(origins_of("norm_bn_nchwc"), "norm_bn,norm");
  EXPECT_EQ(origins_of("act/QuickGeluFusion/"), "act");
  EXPECT_EQ(origins_of("block.1/act/GeluFusion/"), "block.1/act");
  EXPECT_EQ(origins_of("fc/MatMul/MatMulAddFusion"), "fc/MatMul");
  EXPECT_EQ(origins_of("Transpose_token_12"), "Transpose");
  EXPECT_EQ(origins_of("relu_nchwc_token_3"), "relu_nchwc,relu");
  EXPECT_EQ(origins_of("a_token_x"), "");
  EXPECT_EQ(origins_of("_token_1"), "");
  EXPECT_EQ(origins_of("_nchwc"), "");
  EXPECT_EQ(origins_of("/Fusion/"), "");
}

}  // namespace
}  // namespace inferometer::engine

/// Files that were not made here: real models, and what the fuzzer starts from and has found.
#include "onnx_test_model.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "formats/onnx.h"
#include "graph/cost.h"

namespace inferometer::formats {
namespace {

using std::filesystem::path;

TEST(OnnxFiles, RealModels) {
  struct Case {
    std::string file;
    std::int64_t parameters, macs;
    Shape output;  ///< at batch 1
  };
  // Parameters and MACs counted by hand-checked rules on the layers' shapes; SqueezeNet's 1,235,496 is its paper's network.
  const Case cases[]{
      {"cifar10_samplenet/samplenet.onnx", 62006, 651720, {1, 10}},
      {"mnist/mnist-load.onnx", 421642, 4241152, {1, 10}},
      {"mobilenet_v1_0.25_128/mobilenet_v1_0.25_128.derived.onnx", 467593, 13570304, {1, 1001}},
      {"squeezenet_v1.1/squeezenet_v1.1.derived.onnx", 1235496, 387747520, {1, 1000}},
  };
  const path folder = path(INFEROMETER_SHARED_DIR) / "data/weights";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "real weights are not here: " << folder;
  const TemporaryFolder temporary;
  for (const Case& item : cases) {
    SCOPED_TRACE(item.file);
    const graph::Model model = read_onnx(folder / item.file);
    const graph::Cost cost = graph::compute_cost(model.graph).total;
    EXPECT_EQ(cost.parameters, item.parameters);
    EXPECT_EQ(cost.macs, item.macs);
    EXPECT_EQ(graph::infer_shapes(model.graph, 1)[model.graph.outputs[0]], item.output);
    // Written by us and read back, it costs the same.
    write_onnx(model, temporary / "again.onnx");
    const graph::Cost again = graph::compute_cost(read_onnx(temporary / "again.onnx").graph).total;
    EXPECT_EQ(again.parameters, cost.parameters);
    EXPECT_EQ(again.macs, cost.macs);
    EXPECT_EQ(again.elementwise_operations, cost.elementwise_operations);
    EXPECT_EQ(again.activations, cost.activations);
  }
}

TEST(OnnxFiles, AQuantizedModelIsSummarizedAndRefusedByName) {
  const path file = path(INFEROMETER_SHARED_DIR) / "data/weights/mobilenet_v2/mobilenetv2_quant_static.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "the quantized model is not here: " << file;
  const OnnxSummary summary = summarize_onnx(file);
  EXPECT_TRUE(summary.quantized);
  EXPECT_EQ(summary.opset, 17);
  EXPECT_EQ(summary.inputs.at(0).shape, (Shape{-1, 3, 224, 224}));
  try {
    read_onnx(file);
    FAIL() << "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_NE(std::string(error.what()).find("QuantizeLinear"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
  }
}

/// Every input that a fuzzer started from or has found ends in a model or in a one-line error, within seconds.
TEST(OnnxFiles, FuzzedInputs) {
  std::size_t files = 0;
  for (const char* kind : {"seeds", "crashes"}) {
    const path folder = path(INFEROMETER_SOURCE_DIR) / "tests/fuzz" / kind / "onnx";
    if (!std::filesystem::exists(folder)) continue;  // nothing found so far
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      SCOPED_TRACE(entry.path().string());
      ++files;
      const auto begin = std::chrono::steady_clock::now();
      for (const bool summary : {true, false}) {
        try {
          if (summary) summarize_onnx(entry.path());
          if (!summary) graph::compute_cost(read_onnx(entry.path()).graph);
        } catch (const Error& error) {
          EXPECT_TRUE(error.code() == ErrorCode::input || error.code() == ErrorCode::unsupported) << error.what();
          EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        }
      }
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    }
  }
  EXPECT_GE(files, 7U);  // the seeds
}

}  // namespace
}  // namespace inferometer::formats

// Synthetic weights make every zoo network a usable test object: activations finite and within half precision's range, outputs
// that tell images apart, so that an engine's mistakes show (see the agreement check in docs/measuring.md).
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/loader.h"
#include "graph/graph.h"
#include "measure/agreement.h"
#include "measure/images.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer {
namespace {

/// Fifty tolerances of fp32: ten times what the agreement check needs to prove anything.
constexpr double kLeastDifference = 0.05;
constexpr double kLargestHalf = 65504;

engine::Engine& reference() {
  static const auto engine = engine::open_plugin(std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / "reference.so");
  return *engine;
}

class ZooOutputs : public testing::TestWithParam<std::string> {};

/// What the reference engine's trace says of all activations of all runs.
void check_trace(const std::filesystem::path& path) {
  std::ifstream file(path);
  double elements = 0, denormals = 0;
  for (std::string text; std::getline(file, text);) {
    const auto line = nlohmann::json::parse(text);
    const std::string node = line.at("node");
    EXPECT_EQ(line.at("nonfinite"), 0) << node;
    ASSERT_FALSE(line.at("min").is_null()) << node;
    EXPECT_LT(std::max(std::fabs(line.at("min").get<double>()), std::fabs(line.at("max").get<double>())), kLargestHalf) << node;
    EXPECT_LT(line.at("min").get<double>(), line.at("max").get<double>()) << node << " is constant";
    elements += line.at("elements").get<double>();
    denormals += line.at("denormals").get<double>();
  }
  EXPECT_GT(elements, 0);
  EXPECT_LT(denormals, 1e-6 * elements);
}

TEST_P(ZooOutputs, TellImagesApart) {
  const zoo::Network& network = *zoo::find(GetParam());
  const auto trace = std::filesystem::temp_directory_path() / ("inferometer_zoo_" + std::to_string(getpid()) + ".jsonl");
  engine::ModelFile file;
  file.parse = [&network] {
    graph::Model model{network.build({}), {}};
    model.weights = zoo::synthetic_weights(model.graph, 1);
    return model;
  };
  engine::SessionSettings settings;
  settings.threads = 2;
  settings.own["trace"] = trace.string();
  const auto session = reference().load(file, settings);
  const auto request = session->create_request();

  std::vector<std::vector<float>> outputs;
  measure::InputBuffers inputs(session->inputs(), 1, 1, {0});
  for (std::uint64_t image = 0; image < measure::kAgreementImages; ++image) {
    inputs.fill(1, {image});
    outputs.push_back(measure::to_floats(request->run(inputs.views())[0]));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t j = 0; j < outputs.size(); ++j) {
      if (i != j) {
        EXPECT_GE(measure::relative_error(outputs[i], outputs[j]), kLeastDifference) << "images " << i << " and " << j;
      }
    }
  }
  check_trace(trace);
  std::filesystem::remove(trace);
}

std::vector<std::string> all_names() { return zoo::match("*"); }

INSTANTIATE_TEST_SUITE_P(All, ZooOutputs, testing::ValuesIn(all_names()), [](const auto& network) { return network.param; });

}  // namespace
}  // namespace inferometer

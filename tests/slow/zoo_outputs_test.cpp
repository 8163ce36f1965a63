// Synthetic weights make every zoo network a usable test object: activations finite and within half precision's range, outputs
// that tell images apart, so that an engine's mistakes show (see the agreement check in docs/measuring.md).
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
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
constexpr double kFewValues = 16;

engine::Engine& reference() {
  static const auto engine = engine::open_plugin(std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / "reference.so");
  return *engine;
}

/// A network, and the height and width of its input; 0: its own.
using Subject = std::pair<std::string, std::int64_t>;

class ZooOutputs : public testing::TestWithParam<Subject> {};

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
    // Of a gate's few values a ReLU may leave none.
    if (line.at("elements").get<double>() > kFewValues)
      EXPECT_LT(line.at("min").get<double>(), line.at("max").get<double>()) << node << " is constant";
    elements += line.at("elements").get<double>();
    denormals += line.at("denormals").get<double>();
  }
  EXPECT_GT(elements, 0);
  EXPECT_LT(denormals, 1e-6 * elements);
}

TEST_P(ZooOutputs, TellImagesApart) {
  const zoo::Network& network = *zoo::find(GetParam().first);
  const zoo::BuildOptions options{.height = GetParam().second, .width = GetParam().second};
  const auto trace = std::filesystem::temp_directory_path() / ("inferometer_zoo_" + std::to_string(getpid()) + ".jsonl");
  engine::ModelFile file;
  file.parse = [&network, options] {
    graph::Model model{network.build(options), {}};
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

std::vector<Subject> all_networks() {
  std::vector<Subject> subjects;
  for (const std::string& name : zoo::match("*")) subjects.emplace_back(name, 0);
  return subjects;
}

/// At the size of CIFAR's pictures, where maps end up smaller than kernels; not all networks have something left there.
std::vector<Subject> networks_of_small_pictures() {
  std::vector<Subject> subjects;
  for (const std::string& name : zoo::match("*")) {
    if (zoo::find(name)->input_size <= 32) continue;
    try {
      (void)zoo::find(name)->build({.height = 32, .width = 32});
      subjects.emplace_back(name, 32);
    } catch (const Error&) {
    }
  }
  return subjects;
}

INSTANTIATE_TEST_SUITE_P(All, ZooOutputs, testing::ValuesIn(all_networks()), [](const auto& network) { return network.param.first; });
INSTANTIATE_TEST_SUITE_P(Small, ZooOutputs, testing::ValuesIn(networks_of_small_pictures()),
                         [](const auto& network) { return network.param.first; });

}  // namespace
}  // namespace inferometer

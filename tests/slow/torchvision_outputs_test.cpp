// torchvision, given our seeded weights through a checkpoint that it loads strictly, computes what the reference engine computes.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../unit/zoo/listings.h"
#include "engine/engine.h"
#include "engine/loader.h"
#include "formats/checkpoint.h"
#include "measure/agreement.h"
#include "measure/images.h"
#include "zoo/synthetic_weights.h"

namespace inferometer {
namespace {

constexpr double kTolerance = 1e-4;  ///< of the spread of an output's values
constexpr std::uint64_t kImages = 2;
constexpr int kSkipped = 77;  ///< what the Python program exits with where torchvision is missing
constexpr std::size_t kClasses = 1000;

/// A folder that goes with the test.
struct Folder {
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("inferometer_torchvision_" + std::to_string(getpid()));
};

engine::Engine& reference() {
  static const auto engine = engine::open_plugin(std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / "reference.so");
  return *engine;
}

graph::Model seeded_model(const zoo::Network& network) {
  graph::Model model{network.build({}), {}};
  model.weights = zoo::synthetic_weights(model.graph, 1);
  return model;
}

/// Outputs of the images, which are written to `images` as well.
std::vector<std::vector<float>> run_reference(const zoo::Network& network, const std::filesystem::path& images) {
  engine::ModelFile file;
  file.parse = [&network] { return seeded_model(network); };
  engine::SessionSettings settings;
  settings.threads = 2;
  const auto session = reference().load(file, settings);
  const auto request = session->create_request();
  std::ofstream stream(images, std::ios::binary);
  std::vector<std::vector<float>> outputs;
  measure::InputBuffers inputs(session->inputs(), 1, 1, {0});
  for (std::uint64_t image = 0; image < kImages; ++image) {
    inputs.fill(1, {image});
    const std::vector<float> values = measure::to_floats(inputs.views()[0]);
    stream.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    outputs.push_back(measure::to_floats(request->run(inputs.views())[0]));
  }
  return outputs;
}

class TorchvisionOutputs : public testing::TestWithParam<std::string> {};

TEST_P(TorchvisionOutputs, AreTheReferenceEngines) {
  const zoo::Network& network = *zoo::find(GetParam());
  const Folder folder;
  const auto inside = [&folder](const char* name) { return (folder.path / name).string(); };
  formats::write_torch_checkpoint(formats::state_of(seeded_model(network)), inside("weights.pth"));
  const std::vector<std::vector<float>> expected = run_reference(network, inside("images"));

  const int status =
      std::system(fmt::format("/usr/bin/python3 '{}/tests/peers/torchvision_outputs.py' {} '{}' '{}' {} '{}' 2>&1", INFEROMETER_SOURCE_DIR,
                              network.name, inside("weights.pth"), inside("images"), network.input_size, inside("outputs"))
                      .c_str());
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "needs python3-torchvision";
  if (WEXITSTATUS(status) == 127) GTEST_SKIP() << "needs /usr/bin/python3";
  ASSERT_EQ(WEXITSTATUS(status), 0);
  std::ifstream stream(inside("outputs"), std::ios::binary);
  for (const std::vector<float>& known : expected) {
    std::vector<float> theirs(kClasses);
    stream.read(reinterpret_cast<char*>(theirs.data()), static_cast<std::streamsize>(kClasses * sizeof(float)));
    ASSERT_TRUE(stream.good());
    const double error = measure::relative_error(theirs, known);
    EXPECT_LE(error, kTolerance);
    RecordProperty("relative_error", fmt::format("{:.2e}", error));
  }
}

/// The networks of torchvision that the zoo is held against.
std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const zoo::Listing& listing : zoo::read_listings("torchvision_names.txt")) {
    if (!listing.auxiliary) result.push_back(listing.name);
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(All, TorchvisionOutputs, testing::ValuesIn(names()), [](const auto& network) { return network.param; });

}  // namespace
}  // namespace inferometer

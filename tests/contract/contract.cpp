#include "contract.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "engine/loader.h"
#include "formats/onnx.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer::contract {

namespace {

std::filesystem::path& plugin_path_storage() {
  static std::filesystem::path path;
  return path;
}

/// Created on first use, removed when the process ends by itself.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "inferometer-contract-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error(ErrorCode::io, "cannot create " + name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

engine::Engine& the_engine() {
  static const std::unique_ptr<engine::Engine> engine = engine::open_plugin(plugin_path());
  return *engine;
}

const engine::EngineInfo& the_info() {
  static const engine::EngineInfo info = the_engine().info();
  return info;
}

std::filesystem::path next_file() {
  static int files = 0;
  return scratch_folder() / ("model" + std::to_string(files++) + ".onnx");
}

}  // namespace

const std::filesystem::path& plugin_path() { return plugin_path_storage(); }
void set_plugin_path(std::filesystem::path path) { plugin_path_storage() = std::move(path); }

const std::filesystem::path& scratch_folder() {
  static const ScratchFolder folder;
  return folder.path();
}

TestModel::TestModel(graph::Model model, Source source, std::int64_t batch) : model_(std::move(model)) {
  if (source == Source::memory && the_info().executes_graphs) {
    file_.parse = [copy = model_] { return copy; };
    return;
  }
  if (!the_info().computes) {
    file_.parse = []() -> graph::Model { throw Error(ErrorCode::internal, "an engine that computes nothing parses nothing"); };
    return;
  }
  const std::filesystem::path path = next_file();
  formats::write_onnx(model_, path, {batch, "contract"});
  file_.path = path.string();
  file_.parse = [path] { return formats::read_onnx(path); };
}

TestModel zoo_model(const std::string& name, std::int64_t size, TestModel::Source source) {
  const zoo::Network* network = zoo::find(name);
  if (network == nullptr) throw Error(ErrorCode::internal, "the zoo has no " + name);
  graph::Model model;
  model.graph = network->build({size, size, 100});
  model.weights = zoo::synthetic_weights(model.graph, 1);
  return TestModel(std::move(model), source);
}

std::vector<float> images(const Shape& shape, std::uint64_t first) {
  std::vector<float> batch;
  const std::int64_t elements = element_count(shape) / shape[0];
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    const std::vector<float> image = noise(elements, first + static_cast<std::uint64_t>(n));
    batch.insert(batch.end(), image.begin(), image.end());
  }
  return batch;
}

std::vector<std::vector<float>> run(engine::Request& request, const engine::Session& session,
                                    const std::vector<std::vector<float>>& inputs) {
  std::vector<engine::TensorView> views;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    views.push_back({ElementType::f32, session.inputs().at(i).shape, inputs[i].data(), inputs[i].size() * sizeof(float)});
  }
  std::vector<std::vector<float>> copies;
  for (const engine::TensorView& view : request.run(views)) {
    const auto* values = static_cast<const float*>(view.data);
    copies.emplace_back(values, values + view.bytes / sizeof(float));
  }
  return copies;
}

double largest_error(const std::vector<float>& a, const std::vector<double>& b, std::int64_t batch) {
  if (a.size() != b.size() || b.empty()) return std::numeric_limits<double>::infinity();
  const std::size_t image = b.size() / static_cast<std::size_t>(batch);
  double largest = 0;
  for (std::size_t start = 0; start < b.size(); start += image) {
    const auto begin = b.begin() + static_cast<std::ptrdiff_t>(start), end = begin + static_cast<std::ptrdiff_t>(image);
    const double mean = std::accumulate(begin, end, 0.0) / static_cast<double>(image);
    double difference = 0, spread = 0;
    for (std::size_t i = start; i < start + image; ++i) {
      if (!std::isfinite(a[i])) return std::numeric_limits<double>::infinity();
      difference = std::max(difference, std::abs(a[i] - b[i]));
      spread = std::max(spread, std::abs(b[i] - mean));
    }
    // One output of an image has no spread; then its size is the measure.
    if (spread == 0) spread = std::max(std::abs(mean), 1e-30);
    largest = std::max(largest, difference / spread);
  }
  return largest;
}

double largest_error(const std::vector<float>& a, const std::vector<float>& b, std::int64_t batch) {
  return largest_error(a, std::vector<double>(b.begin(), b.end()), batch);
}

engine::Engine& Contract::engine() { return the_engine(); }
const engine::EngineInfo& Contract::info() { return the_info(); }

engine::SessionSettings Contract::settings(std::int64_t batch) {
  engine::SessionSettings result;
  if (!info().devices.empty()) result.device = info().devices.front().name;
  result.batch = batch;
  return result;
}

void Usable::SetUp() {
  if (!info().usable) GTEST_SKIP() << info().name << " cannot run here: " << info().reason;
}

void Computing::SetUp() {
  Usable::SetUp();
  if (info().usable && !info().computes) GTEST_SKIP() << info().name << " computes nothing";
}

}  // namespace inferometer::contract

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc > 1) inferometer::contract::set_plugin_path(argv[1]);
  if (argc != 2 && !::testing::GTEST_FLAG(list_tests)) {
    std::fprintf(stderr, "usage: contract PLUGIN.so [--gtest_filter=...]\n");
    return 2;
  }
  return RUN_ALL_TESTS();
}

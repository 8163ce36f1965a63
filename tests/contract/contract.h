/// What the contract cases share: the engine under test, models on disk, runs and comparisons.
///
/// One process tests one engine, named on the command line. Which cases an engine may leave out is decided here, by what its
/// info() says, and shows as skipped with the reason:
///   every case with a session       an engine that cannot run here (usable = false)
///   Agreement.*, Files.*            an engine that computes nothing (computes = false): it reads no model either
///   Profiling.*, Layers             an engine without the setting `profile`
///   single operators in Agreement.* an engine or format that refuses one with Error{unsupported}; listed in the message
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "graph/graph.h"

namespace inferometer::contract {

/// Largest |a - b| / max |b - mean(b)| that fp32 arithmetic in another order may give (spec of the agreement check).
inline constexpr double kTolerance = 1e-3;
/// For two runs of the same engine on the same image.
inline constexpr double kSameTolerance = 1e-5;

/// The plugin named on the command line; set once by main().
const std::filesystem::path& plugin_path();
void set_plugin_path(std::filesystem::path path);

/// A folder of this process, removed at its end.
const std::filesystem::path& scratch_folder();

/// A model with its file. Outlives the sessions made of it.
class TestModel {
 public:
  enum class Source : std::uint8_t { file, memory };
  /// @param source  memory: engines that execute graphs are given this very Model and no file is written for them
  TestModel(graph::Model model, Source source, std::int64_t batch = graph::kBatch);
  const graph::Model& model() const { return model_; }
  const engine::ModelFile& file() const { return file_; }

 private:
  graph::Model model_;
  engine::ModelFile file_;
};

/// squeezenet1_1 and the like on small images, with synthetic weights.
TestModel zoo_model(const std::string& name, std::int64_t size, TestModel::Source source = TestModel::Source::file);

/// Reproducible values without a pattern, from -1 to 1, that depend on `seed` alone.
std::vector<float> noise(std::int64_t elements, std::uint64_t seed);

/// Images first, first + 1, ... packed into one batch of this shape.
std::vector<float> images(const Shape& shape, std::uint64_t first);

/// Copies of all outputs of one run on f32 inputs that have the session's shapes.
std::vector<std::vector<float>> run(engine::Request& request, const engine::Session& session,
                                    const std::vector<std::vector<float>>& inputs);

/// Largest |a - b| / max |b - mean(b)|, taken image by image; NaN in a or other sizes count as infinite.
double largest_error(const std::vector<float>& a, const std::vector<double>& b, std::int64_t batch);
double largest_error(const std::vector<float>& a, const std::vector<float>& b, std::int64_t batch);

/// Run the function and return the Error it throws; any other outcome is a test failure and an Error that says so.
template <class Function>
Error error_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_STRNE(error.what(), "");
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "threw something else: " << error.what();
    return {ErrorCode::internal, error.what()};
  }
  ADD_FAILURE() << "threw nothing";
  return {ErrorCode::internal, "nothing"};
}

class Contract : public ::testing::Test {
 protected:
  static engine::Engine& engine();
  static const engine::EngineInfo& info();
  /// fp32 on the default device with one thread.
  static engine::SessionSettings settings(std::int64_t batch = 1);
  static std::unique_ptr<engine::Session> load(const TestModel& model, std::int64_t batch = 1) {
    return engine().load(model.file(), settings(batch));
  }
};

/// Cases that need a session.
class Usable : public Contract {
 protected:
  void SetUp() override;
};

/// Cases that need right numbers or a model that is read.
class Computing : public Usable {
 protected:
  void SetUp() override;
};

using Loading = Usable;
using Running = Usable;

}  // namespace inferometer::contract

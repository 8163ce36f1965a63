/// Workers on the fake and the reference engine that are there in a few milliseconds.
#pragma once

#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "measure/engines_here.h"
#include "measure/models.h"
#include "serve/worker.h"

namespace inferometer::serve {

inline std::filesystem::path plugin_of(const std::string& engine) {
  return std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / (engine + ".so");
}

/// Use in a test's body: skips it, with the reason, where the plugin has not been built.
#define REQUIRE_ENGINE(engine) \
  if (!std::filesystem::exists(plugin_of(engine))) GTEST_SKIP() << plugin_of(engine) << " is not built"

inline WorkerOptions worker_options(const std::string& engine, const std::string& model,
                                    const std::map<std::string, std::string>& settings = {}) {
  WorkerOptions options;
  options.plugin = plugin_of(engine).string();
  options.entry.model = measure::resolve_model(model, {});
  options.entry.engine = engine;
  options.entry.engine_settings = settings;
  options.entry.device = "cpu";
  options.entry.limits.load_timeout_s = 60;
  options.model_path = measure::model_file_path(options.entry.model).string();
  return options;
}

inline WorkerOptions fake_options(const std::map<std::string, std::string>& settings = {}) {
  return worker_options("fake", "lenet5", settings);
}

/// Item `number`'s input, another for each: small whole numbers, so that sums are exact.
inline void fill_item(std::span<std::byte> bytes, std::size_t number) {
  for (std::size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    const auto value = static_cast<float>((number * 31 + i / sizeof(float) * 7) % 23) - 11.0F;
    std::memcpy(bytes.data() + i, &value, sizeof(value));
  }
}

inline std::vector<float> floats_of(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Item `number`'s first output, run alone.
inline std::vector<float> run_alone(Worker& worker, std::size_t number) {
  using namespace std::chrono_literals;
  Places places = worker.take(1, 60s);
  fill_item(places.input(0, 0), number);
  places.run(60s);
  return floats_of(places.output(0, 0));
}

}  // namespace inferometer::serve

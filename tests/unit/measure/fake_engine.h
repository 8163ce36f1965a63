/// The fake engine's plugin and entries that run on it in a few milliseconds.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "measure/engines_here.h"
#include "measure/entry.h"
#include "measure/models.h"

namespace inferometer::measure {

inline std::filesystem::path fake_plugin() { return std::filesystem::path(INFEROMETER_BINARY_DIR) / "engines" / "fake.so"; }

/// Use in a test's body: skips it, with the reason, where the plugin has not been built.
#define REQUIRE_FAKE_ENGINE() \
  if (!std::filesystem::exists(fake_plugin())) GTEST_SKIP() << fake_plugin() << " is not built"

/// One start of six requests without warm-up.
inline Entry fake_entry(const std::map<std::string, std::string>& settings = {}) {
  static const ModelReference model = resolve_model("squeezenet1_1", {});
  Entry entry;
  entry.model = model;
  entry.engine = "fake";
  entry.engine_version = "1";
  entry.engine_settings = settings;
  entry.device = "cpu";
  entry.protocol = Protocol::dd;
  entry.starts = 1;
  entry.limits.load_timeout_s = 60;
  return entry;
}

/// A catalogue of the fake engine alone.
inline EngineCatalog fake_catalog() {
  EngineHere fake;
  fake.info.name = "fake";
  fake.info.version = "1";
  fake.info.usable = true;
  fake.info.devices = {{"cpu", "", {"fp32"}}};
  fake.info.computes = false;
  fake.built = fake.loadable = true;
  EngineCatalog catalog;
  catalog.engines.push_back(fake);
  catalog.plugins["fake"] = fake_plugin().string();
  return catalog;
}

}  // namespace inferometer::measure

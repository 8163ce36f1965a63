/// Ask every engine of the plugin folder what it can do here.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "measure/plan.h"

namespace inferometer::measure {

/// Engines of a folder and where their plugins lie. This process opens none of them: a worker each is asked, side by
/// side, and the answers are kept in the cache folder until the plugin's file changes.
struct EngineCatalog {
  std::vector<EngineHere> engines;                        ///< sorted by name
  std::map<std::string, std::string> plugins;             ///< path of the shared object by name; built ones only
  const EngineHere* find(const std::string& name) const;  ///< nullptr when there is none
};

EngineCatalog ask_engines(const std::filesystem::path& folder);

}  // namespace inferometer::measure

/// Read all settings of an engine at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/own_settings.h"

namespace inferometer::engine {

/// A value for every key of the table, which lists the values of each. Throws Error{usage} as OwnSettings does.
inline std::map<std::string, std::string> own_values(const std::string& engine, const std::vector<OwnSetting>& table,
                                                     const SessionSettings& settings) {
  const OwnSettings own(engine, settings.own, table);
  std::map<std::string, std::string> values;
  for (const OwnSetting& setting : table) values[setting.key] = setting.values[own.choice(setting.key)];
  return values;
}

}  // namespace inferometer::engine

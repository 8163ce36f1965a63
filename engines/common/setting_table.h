/// Describe an engine's own settings as a table, and read all of them at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/own_settings.h"

namespace inferometer::engine {

struct OwnSetting {
  std::string key;
  std::vector<std::string> values;  ///< all that are allowed; the first is the default
};

inline std::vector<std::string> keys_of(const std::vector<OwnSetting>& table) {
  std::vector<std::string> keys;
  for (const OwnSetting& setting : table) keys.push_back(setting.key);
  return keys;
}

/// A value for every key of the table. Throws Error{usage} as OwnSettings does.
inline std::map<std::string, std::string> own_values(const std::string& engine, const std::vector<OwnSetting>& table,
                                                     const SessionSettings& settings) {
  const OwnSettings own(engine, settings.own, keys_of(table));
  std::map<std::string, std::string> values;
  for (const OwnSetting& setting : table) values[setting.key] = setting.values[own.choice(setting.key, 0, setting.values)];
  return values;
}

}  // namespace inferometer::engine

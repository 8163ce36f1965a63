/// Read settings of an engine that are numbers, switches or words; for plugins, header only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// nullptr when the table has no such key.
inline const OwnSetting* find_setting(const std::vector<OwnSetting>& table, const std::string& key) {
  for (const OwnSetting& setting : table) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

inline std::vector<std::string> keys_of(const std::vector<OwnSetting>& table) {
  std::vector<std::string> keys;
  for (const OwnSetting& setting : table) keys.push_back(setting.key);
  return keys;
}

/// Refuse keys that the table has not, and values that it does not list where it lists any.
/// Throws Error{usage} that names engine, key and value, with what is allowed or the nearest to it as the hint.
inline void check_own_settings(const std::string& engine, const std::vector<OwnSetting>& table,
                               const std::map<std::string, std::string>& own) {
  for (const auto& [key, value] : own) {
    const OwnSetting* setting = find_setting(table, key);
    if (setting == nullptr) {
      const std::vector<std::string> known = keys_of(table);
      const std::string meant = did_you_mean(key, known);
      throw Error(ErrorCode::usage, engine + " has no setting '" + one_line(key, 80) + "'",
                  meant.empty() ? engine + " knows: " + (known.empty() ? "none" : join(known, ", ")) : meant);
    }
    if (setting->values.empty() || std::find(setting->values.begin(), setting->values.end(), value) != setting->values.end()) continue;
    const std::string meant = did_you_mean(value, setting->values);
    throw Error(ErrorCode::usage, engine + ": setting " + key + "='" + one_line(value, 80) + "' cannot be used",
                "give one of " + join(setting->values, ", ") + (meant.empty() ? "" : "; " + meant));
  }
}

/// A checked view of SessionSettings::own, which must outlive it, as must the table. Everything throws Error{usage} that names engine, key
/// and value.
class OwnSettings {
 public:
  /// @param table  EngineInfo::settings; checked against it as check_own_settings() does
  OwnSettings(std::string engine, const std::map<std::string, std::string>& values, const std::vector<OwnSetting>& table)
      : engine_(std::move(engine)), values_(values), table_(table) {
    check_own_settings(engine_, table_, values_);
  }

  bool has(const std::string& key) const { return values_.contains(key); }

  std::string text(const std::string& key, const std::string& fallback) const {
    const auto found = values_.find(key);
    return found == values_.end() ? fallback : found->second;
  }

  double number(const std::string& key, double fallback, double least, double most) const {
    if (!has(key)) return fallback;
    const auto value = parse_number(values_.at(key));
    if (!value || *value < least || *value > most) refuse(key, "a number from " + plain(least) + " to " + plain(most));
    return *value;
  }

  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t least, std::int64_t most) const {
    if (!has(key)) return fallback;
    const auto value = parse_integer(values_.at(key));
    if (!value || *value < least || *value > most) {
      refuse(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return *value;
  }

  /// Of a setting whose values are listed, the first being what it is where none is given: the value's index.
  std::size_t choice(const std::string& key) const {
    const std::vector<std::string>& allowed = find_setting(table_, key)->values;
    return has(key) ? static_cast<std::size_t>(std::find(allowed.begin(), allowed.end(), values_.at(key)) - allowed.begin()) : 0;
  }

  /// Of a setting whose values are 0 and 1, in either order.
  bool flag(const std::string& key) const { return find_setting(table_, key)->values.at(choice(key)) == "1"; }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& wanted) const {
    throw Error(ErrorCode::usage, engine_ + ": setting " + key + "='" + one_line(values_.at(key), 80) + "' cannot be used",
                "give " + wanted);
  }
  static std::string plain(double value) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%g", value);
    return digits.data();
  }

  std::string engine_;
  const std::map<std::string, std::string>& values_;
  const std::vector<OwnSetting>& table_;
};

}  // namespace inferometer::engine

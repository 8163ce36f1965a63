/// Read settings of an engine that are numbers, switches or words; for plugins, header only.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::engine {

/// A checked view of SessionSettings::own, which must outlive it. Everything throws Error{usage} that names engine, key and value.
class OwnSettings {
 public:
  /// @param known  EngineInfo::settings; any other key is an error that names the nearest known one
  OwnSettings(std::string engine, const std::map<std::string, std::string>& values, const std::vector<std::string>& known)
      : engine_(std::move(engine)), values_(values) {
    for (const auto& [key, value] : values_) {
      bool found = false;
      for (const std::string& name : known) found = found || name == key;
      if (found) continue;
      const std::string meant = did_you_mean(key, known);
      throw Error(ErrorCode::usage, engine_ + " has no setting '" + one_line(key, 80) + "'",
                  meant.empty() ? engine_ + " knows: " + (known.empty() ? "none" : join(known, ", ")) : meant);
    }
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

  /// 0 or 1.
  bool flag(const std::string& key, bool fallback) const { return integer(key, fallback ? 1 : 0, 0, 1) == 1; }

  /// One of `allowed`; returns its index.
  std::size_t choice(const std::string& key, std::size_t fallback, const std::vector<std::string>& allowed) const {
    if (!has(key)) return fallback;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      if (allowed[i] == values_.at(key)) return i;
    }
    const std::string meant = did_you_mean(values_.at(key), allowed);
    refuse(key, "one of " + join(allowed, ", ") + (meant.empty() ? "" : "; " + meant));
  }

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
};

}  // namespace inferometer::engine

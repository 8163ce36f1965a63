/// Read members of a request's JSON objects by type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "serve/status_error.h"

namespace inferometer::serve {

/// One object of a request, or nothing at all: then every member is absent, as is one that is null.
/// A member of another type than asked for is refused with 400 and the code given here, naming member and type. A boolean is no number and
/// a number no boolean; a number without a fraction (224.0) is a whole one. Refers to the object and to the text: shorter-lived than both.
class Members {
 public:
  /// @param object  a JSON object; nullptr: no members
  /// @param where   what precedes a member's name in messages: "parameters.input."
  Members(const nlohmann::json* object, const char* where, DdCode wrong_type) : object_(object), where_(where), wrong_type_(wrong_type) {}

  const nlohmann::json* find(const char* name) const;  ///< nullptr when absent or null
  const nlohmann::json* object(const char* name) const;
  std::optional<std::string> text(const char* name) const;
  std::optional<bool> flag(const char* name) const;
  std::optional<std::int64_t> whole(const char* name) const;
  std::optional<double> number(const char* name) const;
  /// An array of numbers, or a single one (then `*single` is set). An array whose first item is null: 400 without a dd_code; of several
  /// types: 400/400.
  std::optional<std::vector<double>> numbers(const char* name, bool* single) const;

  std::string path(const char* name) const { return std::string(where_) + name; }
  [[noreturn]] void refuse(const char* name, const std::string& what) const;  ///< with the code for wrong types: "<path>: <what>"

 private:
  const nlohmann::json* object_;
  const char* where_;
  DdCode wrong_type_;
};

}  // namespace inferometer::serve

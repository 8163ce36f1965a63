#include "serve/json_members.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace inferometer::serve {

using nlohmann::json;

namespace {

/// Whole numbers above this are not exact as a double, and no member of the interface comes near.
constexpr double kMostWhole = 9007199254740992.0;

}  // namespace

const json* Members::find(const char* name) const {
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

void Members::refuse(const char* name, const std::string& what) const {
  throw StatusError(400, wrong_type_, fmt::format("{}: {}", path(name), what));
}

const json* Members::object(const char* name) const {
  const json* value = find(name);
  if (value != nullptr && !value->is_object()) refuse(name, fmt::format("must be an object, is {}", value->type_name()));
  return value;
}

std::optional<std::string> Members::text(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(name, fmt::format("must be a string, is {}", value->type_name()));
  return value->get_ref<const std::string&>();
}

std::optional<bool> Members::flag(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse(name, fmt::format("must be true or false, is {}", value->type_name()));
  return value->get<bool>();
}

std::optional<std::int64_t> Members::whole(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse(name, fmt::format("must be a whole number, is {}", value->type_name()));
  const double as_double = value->get<double>();
  if (!std::isfinite(as_double) || std::trunc(as_double) != as_double)
    refuse(name, fmt::format("must be a whole number, is {}", as_double));
  if (std::abs(as_double) > kMostWhole) refuse(name, fmt::format("{} is out of range", as_double));
  return static_cast<std::int64_t>(as_double);
}

std::optional<double> Members::number(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse(name, fmt::format("must be a number, is {}", value->type_name()));
  return value->get<double>();
}

std::optional<std::vector<double>> Members::numbers(const char* name, bool* single) const {
  const json* value = find(name);
  *single = value != nullptr && value->is_number();
  if (value == nullptr) return std::nullopt;
  if (*single) return std::vector<double>{value->get<double>()};
  if (!value->is_array()) refuse(name, fmt::format("must be an array of numbers, is {}", value->type_name()));
  if (!value->empty() && value->front().is_null()) throw StatusError(400, DdCode::none, fmt::format("{}: begins with null", path(name)));
  std::vector<double> numbers;
  for (const json& item : *value) {
    if (!item.is_number()) {
      throw StatusError(400, DdCode::bad_request,
                        fmt::format("{}: item {} is {}, not a number", path(name), numbers.size(), item.type_name()));
    }
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

}  // namespace inferometer::serve

#include "base/error.h"

#include <array>
#include <utility>

namespace inferometer {
namespace {

constexpr std::array<std::pair<ErrorCode, std::string_view>, 9> kNames{{
    {ErrorCode::usage, "usage"},
    {ErrorCode::input, "input"},
    {ErrorCode::unsupported, "unsupported"},
    {ErrorCode::engine_failure, "engine_failure"},
    {ErrorCode::out_of_memory, "out_of_memory"},
    {ErrorCode::missing_engine, "missing_engine"},
    {ErrorCode::io, "io"},
    {ErrorCode::interrupted, "interrupted"},
    {ErrorCode::internal, "internal"},
}};

}  // namespace

std::string_view name_of(ErrorCode code) {
  for (const auto& [known, name] : kNames) {
    if (known == code) return name;
  }
  return "internal";
}

ErrorCode error_code(std::string_view name) {
  for (const auto& [code, known] : kNames) {
    if (known == name) return code;
  }
  return ErrorCode::internal;
}

}  // namespace inferometer

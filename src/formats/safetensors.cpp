#include "formats/safetensors.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace inferometer::formats {
namespace {

constexpr std::array<std::pair<ElementType, std::string_view>, 9> kTypes{{{ElementType::f32, "F32"},
                                                                          {ElementType::f16, "F16"},
                                                                          {ElementType::bf16, "BF16"},
                                                                          {ElementType::f64, "F64"},
                                                                          {ElementType::u8, "U8"},
                                                                          {ElementType::i8, "I8"},
                                                                          {ElementType::i32, "I32"},
                                                                          {ElementType::i64, "I64"},
                                                                          {ElementType::boolean, "BOOL"}}};

}  // namespace

std::string_view safetensors_type(ElementType type) {
  for (const auto& [known, name] : kTypes) {
    if (known == type) return name;
  }
  throw Error(ErrorCode::internal, fmt::format("no safetensors type for {}", name_of(type)));
}

std::optional<ElementType> element_type_of_safetensors(std::string_view name) {
  for (const auto& [type, known] : kTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

}  // namespace inferometer::formats

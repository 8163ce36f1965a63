#include "base/element_type.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace inferometer {
namespace {

struct Description {
  ElementType type;
  std::string_view name;
  std::size_t size;
};

constexpr std::array<Description, 9> kDescriptions{{
    {ElementType::f32, "f32", 4},
    {ElementType::f16, "f16", 2},
    {ElementType::bf16, "bf16", 2},
    {ElementType::f64, "f64", 8},
    {ElementType::u8, "u8", 1},
    {ElementType::i8, "i8", 1},
    {ElementType::i32, "i32", 4},
    {ElementType::i64, "i64", 8},
    {ElementType::boolean, "bool", 1},
}};

const Description& describe(ElementType type) {
  for (const auto& description : kDescriptions) {
    if (description.type == type) return description;
  }
  throw Error(ErrorCode::internal, "element type " + std::to_string(static_cast<int>(type)) + " is not known");
}

}  // namespace

std::size_t size_of(ElementType type) { return describe(type).size; }

std::string_view name_of(ElementType type) { return describe(type).name; }

std::optional<ElementType> element_type(std::string_view name) {
  for (const auto& description : kDescriptions) {
    if (description.name == name) return description.type;
  }
  return std::nullopt;
}

std::int64_t element_count(const Shape& shape) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t dimension) { return dimension < 0; })) {
    throw Error(ErrorCode::input, "shape " + to_string(shape) + " has a dimension that is not fixed");
  }
  // A zero anywhere means no elements, however large the others are.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const auto dimension : shape) {
    if (__builtin_mul_overflow(count, dimension, &count)) {
      throw Error(ErrorCode::input, "shape " + to_string(shape) + " has more elements than 63 bits can count");
    }
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text;
  for (const auto dimension : shape) {
    if (!text.empty()) text += 'x';
    text += dimension < 0 ? "N" : std::to_string(dimension);
  }
  return text;
}

}  // namespace inferometer

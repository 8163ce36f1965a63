#include "base/element_type.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer {
namespace {

TEST(ElementType, NamesAndSizes) {
  struct Case {
    ElementType type;
    const char* name;
    std::size_t size;
  };
  const Case cases[] = {
      {ElementType::f32, "f32", 4}, {ElementType::f16, "f16", 2}, {ElementType::bf16, "bf16", 2},
      {ElementType::f64, "f64", 8}, {ElementType::u8, "u8", 1},   {ElementType::i8, "i8", 1},
      {ElementType::i32, "i32", 4}, {ElementType::i64, "i64", 8}, {ElementType::boolean, "bool", 1},
  };
  for (const auto& [type, name, size] : cases) {
    EXPECT_EQ(name_of(type), name);
    EXPECT_EQ(size_of(type), size) << name;
    EXPECT_EQ(element_type(name), type);
  }
  EXPECT_EQ(element_type("F32"), std::nullopt);
  EXPECT_EQ(element_type("float"), std::nullopt);
  EXPECT_EQ(element_type(""), std::nullopt);
  EXPECT_THROW(size_of(static_cast<ElementType>(200)), Error);
}

TEST(Shape, ElementCount) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({7}), 7);
  EXPECT_EQ(element_count({2, 3, 224, 224}), 301056);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(element_count({kMost}), kMost);
  EXPECT_EQ(element_count({std::int64_t{1} << 31, std::int64_t{1} << 31}), std::int64_t{1} << 62);
  EXPECT_EQ(element_count({kMost, kMost, 0}), 0);
}

TEST(Shape, ElementCountErrors) {
  const Shape cases[] = {{-1}, {-1, 0}, {1, -5, 3}, {std::int64_t{1} << 32, std::int64_t{1} << 31}};
  for (const auto& shape : cases) {
    try {
      element_count(shape);
      ADD_FAILURE() << to_string(shape);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      EXPECT_NE(std::string(error.what()).find(to_string(shape)), std::string::npos) << error.what();
    }
  }
}

TEST(Shape, Text) {
  EXPECT_EQ(to_string(Shape{1, 3, 224, 224}), "1x3x224x224");
  EXPECT_EQ(to_string(Shape{-1, 3}), "Nx3");
  EXPECT_EQ(to_string(Shape{0}), "0");
  EXPECT_EQ(to_string(Shape{}), "");
}

}  // namespace
}  // namespace inferometer

/// Name torch's storages.
///
/// Internal to formats.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "base/element_type.h"

namespace inferometer::formats {

/// Classes of module torch, by the type of their elements.
inline constexpr std::array<std::pair<ElementType, std::string_view>, 9> kTorchStorages{{{ElementType::f32, "FloatStorage"},
                                                                                         {ElementType::f16, "HalfStorage"},
                                                                                         {ElementType::bf16, "BFloat16Storage"},
                                                                                         {ElementType::f64, "DoubleStorage"},
                                                                                         {ElementType::u8, "ByteStorage"},
                                                                                         {ElementType::i8, "CharStorage"},
                                                                                         {ElementType::i32, "IntStorage"},
                                                                                         {ElementType::i64, "LongStorage"},
                                                                                         {ElementType::boolean, "BoolStorage"}}};

}  // namespace inferometer::formats

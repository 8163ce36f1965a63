/// Name torch's storages.
///
/// Internal to formats.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/element_type.h"

namespace inferometer::formats {

/// A class of module torch whose objects hold elements of one type.
struct TorchStorageClass {
  std::string_view name;
  std::size_t element_bytes;
  std::optional<ElementType> type;  ///< nullopt: Graph has none for it; such a tensor may lie in a file, but not in a network
};

inline constexpr std::array<TorchStorageClass, 16> kTorchStorages{{{"FloatStorage", 4, ElementType::f32},
                                                                   {"HalfStorage", 2, ElementType::f16},
                                                                   {"BFloat16Storage", 2, ElementType::bf16},
                                                                   {"DoubleStorage", 8, ElementType::f64},
                                                                   {"ByteStorage", 1, ElementType::u8},
                                                                   {"CharStorage", 1, ElementType::i8},
                                                                   {"IntStorage", 4, ElementType::i32},
                                                                   {"LongStorage", 8, ElementType::i64},
                                                                   {"BoolStorage", 1, ElementType::boolean},
                                                                   {"UntypedStorage", 1, ElementType::u8},
                                                                   {"ShortStorage", 2, std::nullopt},
                                                                   {"ComplexFloatStorage", 8, std::nullopt},
                                                                   {"ComplexDoubleStorage", 16, std::nullopt},
                                                                   {"QInt8Storage", 1, std::nullopt},
                                                                   {"QUInt8Storage", 1, std::nullopt},
                                                                   {"QInt32Storage", 4, std::nullopt}}};

}  // namespace inferometer::formats

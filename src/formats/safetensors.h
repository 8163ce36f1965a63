/// The words of a safetensors header.
///
/// Internal to formats. A file is eight bytes of length, a JSON header of that length, and the tensors' bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "graph/graph.h"

namespace inferometer::formats {

inline constexpr const char* kSafetensorsMetadata = "__metadata__";

std::string_view safetensors_type(ElementType type);                            ///< "F32", "BF16", ...
std::optional<ElementType> element_type_of_safetensors(std::string_view name);  ///< nullopt: Graph has none for it

}  // namespace inferometer::formats

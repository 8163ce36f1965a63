/// The words of a safetensors header.
///
/// Internal to formats. A file is eight bytes of length, a JSON header of that length, and the tensors' bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "formats/input_file.h"
#include "graph/graph.h"

namespace inferometer::formats {

inline constexpr const char* kSafetensorsMetadata = "__metadata__";
/// Enough for 100,000 tensors; a parsed header takes some forty times its text.
inline constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{16} << 20;

std::string_view safetensors_type(ElementType type);                            ///< "F32", "BF16", ...
std::optional<ElementType> element_type_of_safetensors(std::string_view name);  ///< nullopt: Graph has none for it

/// What the first eight bytes say if these are the begin of such a file; nullopt: they are not.
std::optional<std::uint64_t> safetensors_header_bytes(std::string_view head);

/// Throws as read_checkpoint() does. Names must be unique, and the tensors fill the file without gap or overlap.
graph::Weights read_safetensors(const InputFile& file);

}  // namespace inferometer::formats

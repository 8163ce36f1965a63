/// Find the state in a torch pickle and make its tensors.
///
/// Internal to formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "formats/pickle.h"
#include "graph/graph.h"

namespace inferometer::formats {

/// Tensors may take this many times the file's size: several may share one storage, but a file must not ask for memory at will.
inline constexpr std::uint64_t kMostExpansion = 8;
/// Sizes that a small file may have beside that.
inline constexpr std::uint64_t kFreeBytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t most_bytes(std::uint64_t file_bytes) { return kMostExpansion * file_bytes + kFreeBytes; }

/// The bytes of a whole storage, count x element_bytes of them.
using StorageReader = std::function<std::vector<std::byte>(const TorchStorage&)>;

/// Tensors by name. Every storage is read once, one at a time. Throws Error{input}, Error{unsupported} naming the tensor.
graph::Weights read_state(const Pickle& pickle, const StorageReader& read, std::uint64_t file_bytes, const std::filesystem::path& path);

}  // namespace inferometer::formats

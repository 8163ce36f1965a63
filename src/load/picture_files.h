/// Write pictures that nobody took, as files for a server to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace inferometer::load {

/// A common size of photographs in ImageNet.
inline constexpr std::int64_t kPictureWidth = 500, kPictureHeight = 375;

/// Write `count` JPEGs (quality 90, colour) of smooth seeded patterns, different from one another. @return their paths, in order.
/// Throws Error{io}.
std::vector<std::filesystem::path> write_pictures(const std::filesystem::path& folder, std::size_t count, std::uint64_t seed);

}  // namespace inferometer::load

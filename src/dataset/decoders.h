/// Decode one format each; decode_picture() chooses. What they share: see picture.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "dataset/picture.h"

namespace inferometer::dataset {

bool is_jpeg(std::span<const std::uint8_t> bytes);
bool is_png(std::span<const std::uint8_t> bytes);
Picture decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits);
Picture decode_png(std::span<const std::uint8_t> bytes, const std::string& name, const PictureLimits& limits);

/// Throws PictureTooLarge naming the picture for a size beyond the limits, Error{input} for an empty one.
void require_size(std::int64_t width, std::int64_t height, const std::string& name, const PictureLimits& limits);

}  // namespace inferometer::dataset

/// Turn what a client sent into a network's input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/picture.h"
#include "dataset/preprocess.h"

namespace inferometer::serve {

struct InputLimits {
  std::vector<std::filesystem::path> folders;       ///< readable ones; files elsewhere are refused
  std::int64_t pixels = 50'000'000;                 ///< of one decoded picture, told by its header: beyond 413
  std::size_t items = 1024;                         ///< of one call, folders expanded: beyond 413
  std::size_t file_bytes = std::size_t{256} << 20;  ///< of one file: beyond 413
};

/// One picture of a call, not decoded yet.
struct DataItem {
  std::string uri;             ///< of the answer: the path as given (within a folder: folder/name), or the index of a base64 item
  std::filesystem::path file;  ///< resolved; empty: `bytes`
  std::string bytes;           ///< of the encoded picture
};

/// Resolve the items of `data`: a URL (refused), an existing file, an existing folder (its pictures, sorted by name), else base64 of a JPEG
/// or PNG. Whether something exists outside the folders is never looked at, so that no answer tells it.
/// Throws StatusError 400/1005 naming the item (its first 200 characters), 413 beyond a limit.
std::vector<DataItem> resolve_items(const std::vector<std::string>& data, const InputLimits& limits);

/// Decode and preprocess an item into `out`. A file is opened once; a link that took its place since is not followed. Any thread. Throws
/// StatusError 400/1005 "Could not read image(s): ..." or 413.
void prepare_item(const DataItem& item, const dataset::Preprocessor& preprocessor, const InputLimits& limits, std::span<float> out);

/// base64 with padding, as RFC 4648 section 4; nullopt for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace inferometer::serve

/// Read a file by its resolved path, so that a link put in its place since then leads nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/descriptor.h"

namespace inferometer::serve {

enum class ReadOutcome : std::uint8_t { well, not_readable, too_large };

/// The content of a regular file of at most `most` bytes.
/// @param path  as resolve_below() gave it: absolute, without any link; one that has a link by now is not readable
ReadOutcome read_resolved_file(const std::filesystem::path& path, std::size_t most, std::string& content);

/// The two ways to open one, for tests: the kernel's own refusal of links (none where it has no such call: then `supported` is false),
/// and a look at where the descriptor ended up.
Descriptor open_without_links(const std::filesystem::path& path, bool& supported);
Descriptor open_and_look(const std::filesystem::path& path);

}  // namespace inferometer::serve

/// Read the two forms of torch's checkpoints.
///
/// Internal to formats. The zip form (torch 1.6 and later) has the pickle in one entry and every storage in another. The
/// legacy form is five pickles (magic number, version, system, the object, keys of storages), then the storages.
#pragma once

#include "formats/checkpoint.h"
#include "formats/input_file.h"

namespace inferometer::formats {

bool is_legacy_checkpoint(std::string_view head);
/// The tar form of torch before 0.1.10; not read.
bool is_tar(std::string_view head);

/// Throw as read_checkpoint() does.
graph::Weights read_torch_zip(const InputFile& file);
graph::Weights read_torch_legacy(const InputFile& file);

}  // namespace inferometer::formats

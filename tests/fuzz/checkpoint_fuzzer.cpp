/// Feed arbitrary bytes to the readers of checkpoints: what is read can be written, and then reads the same.
///
/// A zip's checksums keep mutations out of its pickle, so that the bytes are also given to the pickle machine alone.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <unistd.h>

#include "formats/checkpoint.h"
#include "formats/pickle.h"
#include "memory_file.h"

namespace {

using namespace inferometer;

bool same(const graph::Weights& a, const graph::Weights& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.type == y.second.type && x.second.shape == y.second.shape && x.second.bytes == y.second.bytes;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryFile file;
  static const std::string again = (std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(getpid()) + ".pth")).string();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    (void)formats::read_pickle(bytes, file.path());
  } catch (const Error& error) {
    require_good_error(error, file.path());
  }
  file.put(bytes);
  formats::Checkpoint checkpoint;
  try {
    checkpoint = formats::read_checkpoint(file.path());
  } catch (const Error& error) {
    require_good_error(error, file.path());
    return 0;
  }
  // A prefix "module." is dropped once a reading: what still has it would lose it.
  const bool keeps_prefix = std::any_of(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                                        [](const auto& tensor) { return !tensor.first.starts_with("module."); });
  if (!keeps_prefix) return 0;
  formats::write_torch_checkpoint(checkpoint.tensors, again);
  if (!same(formats::read_checkpoint(again).tensors, checkpoint.tensors)) std::abort();
  return 0;
}

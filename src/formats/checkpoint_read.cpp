#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "formats/checkpoint.h"
#include "formats/checkpoint_tensor.h"
#include "formats/input_file.h"
#include "formats/safetensors.h"
#include "formats/torch_read.h"
#include "formats/zip_reader.h"

namespace inferometer::formats {
namespace {

constexpr std::uint64_t kHeadBytes = 512;
constexpr std::string_view kParallelPrefix = "module.";  ///< of every name that torch.nn.DataParallel wrote

/// A kind of file: what its first bytes tell, and what reads it. The first that recognises them is taken.
struct Kind {
  const char* name;
  bool (*recognises)(std::string_view head, std::uint64_t file_bytes);
  graph::Weights (*read)(const InputFile& file);
};

bool is_zip(std::string_view head, std::uint64_t) { return head.starts_with(kZipMagic); }
bool is_legacy(std::string_view head, std::uint64_t) { return is_legacy_checkpoint(head); }
bool is_safetensors(std::string_view head, std::uint64_t file_bytes) {
  const auto header = safetensors_header_bytes(head);
  return header && *header <= std::max(file_bytes, kMostHeaderBytes);  // a file that is cut off is one all the same
}

constexpr std::array<Kind, 3> kKinds{{{"torch zip", is_zip, read_torch_zip},
                                      {"torch legacy", is_legacy, read_torch_legacy},
                                      {"safetensors", is_safetensors, read_safetensors}}};

void drop_prefix(graph::Weights& tensors) {
  const bool everywhere =
      std::all_of(tensors.begin(), tensors.end(), [](const auto& tensor) { return tensor.first.starts_with(kParallelPrefix); });
  if (!everywhere) return;
  graph::Weights renamed;
  while (!tensors.empty()) {
    auto tensor = tensors.extract(tensors.begin());
    tensor.key().erase(0, kParallelPrefix.size());
    renamed.insert(renamed.end(), std::move(tensor));
  }
  tensors = std::move(renamed);
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const InputFile file(path);
  if (file.size() == 0) fail_checkpoint(path, "is empty");
  const std::string head = file.read_text(0, std::min(file.size(), kHeadBytes));
  for (const Kind& kind : kKinds) {
    if (!kind.recognises(head, file.size())) continue;
    Checkpoint checkpoint{kind.read(file), kind.name, path};
    drop_prefix(checkpoint.tensors);
    return checkpoint;
  }
  if (is_tar(head)) {
    fail_checkpoint_unsupported(path, "is a tar archive, the form of torch before 0.1.10", "load it in torch and save it again");
  }
  fail_checkpoint(path, "is no checkpoint", "weights come from torch (.pth, .pt, .th) or .safetensors files");
}

}  // namespace inferometer::formats

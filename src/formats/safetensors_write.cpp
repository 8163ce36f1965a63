#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "formats/checkpoint.h"
#include "formats/checkpoint_tensor.h"
#include "formats/output_file.h"
#include "formats/safetensors.h"

namespace inferometer::formats {

void write_safetensors(const graph::Weights& tensors, const std::filesystem::path& path) {
  std::vector<const graph::Weights::value_type*> order;
  for (const auto& tensor : tensors) {
    require_whole(tensor.first, tensor.second, path);
    if (tensor.first == kSafetensorsMetadata) fail_checkpoint(path, fmt::format("a tensor cannot be named {} there", kSafetensorsMetadata));
    order.push_back(&tensor);
  }
  // Wide elements first: then all are aligned, since the data begins at a multiple of 8 bytes.
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return size_of(a->second.type) > size_of(b->second.type); });

  nlohmann::ordered_json header;
  header[kSafetensorsMetadata] = {{"format", "pt"}};  // where the names come from; some readers insist on it
  std::uint64_t offset = 0;
  for (const auto* tensor : order) {
    const graph::Array& array = tensor->second;
    header[tensor->first] = {
        {"dtype", safetensors_type(array.type)}, {"shape", array.shape}, {"data_offsets", {offset, offset + array.bytes.size()}}};
    offset += array.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');

  OutputFile file(path);
  std::string length;
  append_little_endian(length, static_cast<std::uint64_t>(text.size()));
  file.write(length);
  file.write(text);
  for (const auto* tensor : order) file.write(std::span(tensor->second.bytes));
  file.finish();
}

}  // namespace inferometer::formats

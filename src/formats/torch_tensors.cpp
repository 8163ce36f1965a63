#include "formats/torch_tensors.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint_tensor.h"

namespace inferometer::formats {
namespace {

/// Where training programs keep the state, in the order of preference.
constexpr std::string_view kStateKeys[] = {"state_dict", "model_state_dict", "model", "net"};

struct Wanted {
  std::string_view name;
  const TorchTensor* tensor;
  Shape shape, strides;
  std::int64_t count;
};

const PickleDictionary& find_state(const Pickle& pickle, const std::filesystem::path& path) {
  const auto* root = pickle.get<PickleDictionary>(pickle.root);
  if (root == nullptr) {
    fail_checkpoint(path, "holds no dictionary of tensors", "save the state: torch.save(net.state_dict(), path)");
  }
  for (const std::string_view key : kStateKeys) {
    const auto found = pickle.find(*root, key);
    if (!found) continue;
    if (const auto* inner = pickle.get<PickleDictionary>(*found)) return *inner;
  }
  return *root;
}

std::string shown(std::string_view name) { return one_line(name, 200); }

std::vector<Wanted> list_tensors(const Pickle& pickle, std::uint64_t file_bytes, const std::filesystem::path& path) {
  std::vector<Wanted> tensors;
  std::uint64_t total = 0;
  for (const auto& [key, value] : find_state(pickle, path).entries) {
    const auto* name = pickle.get<std::string_view>(key);
    if (name == nullptr) fail_checkpoint(path, "an entry of its state has a name that is no text");
    const auto* tensor = pickle.get<TorchTensor>(value);
    if (tensor == nullptr) {
      fail_checkpoint(path, fmt::format("entry '{}' is no tensor", shown(*name)),
                      "save the state alone: torch.save(net.state_dict(), path)");
    }
    const TorchStorageClass& type = *pickle.get<TorchStorage>(tensor->storage)->type;
    if (!type.type) fail_checkpoint_unsupported(path, fmt::format("tensor {} has elements of torch's {}", shown(*name), type.name));
    Wanted wanted{*name, tensor, *pickle.integers(tensor->shape), *pickle.integers(tensor->strides), 0};
    try {
      wanted.count = element_count(wanted.shape);
    } catch (const Error&) {
      fail_checkpoint(path, fmt::format("tensor {} has an impossible shape {}", shown(*name), to_string(wanted.shape)));
    }
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(wanted.count), type.element_bytes, &bytes) ||
        __builtin_add_overflow(total, bytes, &total) || total > most_bytes(file_bytes)) {
      fail_checkpoint(path, fmt::format("tensor {}: all together are out of proportion to the file's {} bytes", shown(*name), file_bytes));
    }
    tensors.push_back(std::move(wanted));
  }
  if (tensors.empty()) fail_checkpoint(path, "holds no tensors");
  return tensors;
}

bool is_whole(const Wanted& wanted, const TorchStorage& storage) {
  return wanted.tensor->offset == 0 && wanted.count == storage.count && wanted.strides == contiguous_strides(wanted.shape);
}

/// Copy a strided view into row-major order.
std::vector<std::byte> gather(const Wanted& wanted, const std::vector<std::byte>& storage, std::size_t element_bytes) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(wanted.count) * element_bytes);
  if (bytes.empty()) return bytes;
  if (wanted.strides == contiguous_strides(wanted.shape)) {
    std::memcpy(bytes.data(), storage.data() + static_cast<std::size_t>(wanted.tensor->offset) * element_bytes, bytes.size());
    return bytes;
  }
  Shape index(wanted.shape.size(), 0);
  std::int64_t from = wanted.tensor->offset;
  for (std::size_t to = 0; to < bytes.size(); to += element_bytes) {
    std::memcpy(bytes.data() + to, storage.data() + static_cast<std::size_t>(from) * element_bytes, element_bytes);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      from += wanted.strides[axis];
      if (++index[axis] < wanted.shape[axis]) break;
      from -= wanted.strides[axis] * wanted.shape[axis];
      index[axis] = 0;
    }
  }
  return bytes;
}

}  // namespace

graph::Weights read_state(const Pickle& pickle, const StorageReader& read, std::uint64_t file_bytes, const std::filesystem::path& path) {
  std::vector<Wanted> tensors = list_tensors(pickle, file_bytes, path);
  std::map<std::pair<std::string_view, const TorchStorageClass*>, std::vector<Wanted*>> by_storage;
  for (Wanted& wanted : tensors) {
    const auto& storage = *pickle.get<TorchStorage>(wanted.tensor->storage);
    by_storage[{storage.key, storage.type}].push_back(&wanted);
  }
  graph::Weights weights;
  for (const auto& sharing : by_storage) {
    const auto& storage = *pickle.get<TorchStorage>(sharing.second.front()->tensor->storage);
    std::vector<std::byte> bytes = read(storage);
    for (const Wanted* wanted : sharing.second) {
      const auto& own = *pickle.get<TorchStorage>(wanted->tensor->storage);
      if (own.count != storage.count) fail_checkpoint(path, fmt::format("storage {} has two sizes", shown(storage.key)));
      graph::Array array{*storage.type->type, wanted->shape, {}};
      const bool alone = sharing.second.size() == 1 && is_whole(*wanted, storage);
      array.bytes = alone ? std::move(bytes) : gather(*wanted, bytes, storage.type->element_bytes);
      if (!weights.emplace(wanted->name, std::move(array)).second) {
        fail_checkpoint(path, fmt::format("two tensors are called {}", shown(wanted->name)));
      }
    }
  }
  return weights;
}

}  // namespace inferometer::formats

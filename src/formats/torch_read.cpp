#include "formats/torch_read.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "formats/checkpoint_tensor.h"
#include "formats/pickle.h"
#include "formats/torch_tensors.h"
#include "formats/zip_reader.h"

namespace inferometer::formats {
namespace {

/// A pickle holds names and shapes, no values: those of the largest networks have a few megabytes.
constexpr std::uint64_t kMostPickleBytes = std::uint64_t{64} << 20;

/// Protocol 2 and the number 0x1950a86a20f9469cfc6c, which every legacy checkpoint begins with.
constexpr std::string_view kLegacyMagic("\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19\x2E", 15);
constexpr std::int64_t kLegacyVersion = 1001;

std::string shown(std::string_view text) { return one_line(to_utf8(text), 100); }

std::uint64_t bytes_of(const TorchStorage& storage, const std::filesystem::path& path) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(storage.count), storage.type->element_bytes, &bytes)) {
    fail_checkpoint(path, fmt::format("storage {} has an impossible size", shown(storage.key)));
  }
  return bytes;
}

/// The folder, with its slash, that everything lies in.
std::string folder_of(const ZipReader& zip, const std::filesystem::path& path) {
  constexpr std::string_view kPickle = "/data.pkl";
  std::vector<std::string> folders;
  for (const ZipEntry& entry : zip.entries()) {
    const bool ends = entry.name.ends_with(kPickle);
    if (ends) folders.push_back(entry.name.substr(0, entry.name.size() - kPickle.size() + 1));
  }
  if (folders.size() != 1) {
    fail_checkpoint(path, fmt::format("is a zip archive with {} data.pkl, a checkpoint has one", folders.size()));
  }
  return folders.front();
}

void require_little_endian(const ZipReader& zip, const std::string& folder, const std::filesystem::path& path) {
  const ZipEntry* order = zip.find(folder + "byteorder");
  if (order == nullptr) return;
  const std::vector<std::byte> content = zip.read(*order);
  const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  if (trim(text) != "little") fail_checkpoint_unsupported(path, "was written on a machine with the other byte order");
}

/// The pickles at the begin of a legacy file, one after the other.
struct LegacyPickles {
  std::string text;
  Pickle object, keys;
  std::uint64_t end = 0;  ///< offset behind the last

  explicit LegacyPickles(const InputFile& file) : text(file.read_text(0, std::min(file.size(), kMostPickleBytes))) {
    end = kLegacyMagic.size();
    const Pickle version = next(file);
    const auto* number = version.get<std::int64_t>(version.root);
    if (number == nullptr || *number != kLegacyVersion) fail_checkpoint(file.path(), "is a torch checkpoint of an unknown version");
    const Pickle system = next(file);
    const auto* facts = system.get<PickleDictionary>(system.root);
    const auto little = facts == nullptr ? std::nullopt : system.find(*facts, "little_endian");
    const bool* is_little = little ? system.get<bool>(*little) : nullptr;
    if (is_little == nullptr) fail_checkpoint(file.path(), "does not say its byte order");
    if (!*is_little) fail_checkpoint_unsupported(file.path(), "was written on a machine with the other byte order");
    object = next(file);
    keys = next(file);
  }
  LegacyPickles(const LegacyPickles&) = delete;  // the pickles refer to the text
  LegacyPickles& operator=(const LegacyPickles&) = delete;

 private:
  Pickle next(const InputFile& file) {
    Pickle pickle = read_pickle(std::string_view(text).substr(end), file.path());
    end += pickle.bytes;
    return pickle;
  }
};

struct Place {
  std::uint64_t offset, bytes;
};

/// Every storage is its count of elements, then these; nothing else says how long it is.
std::unordered_map<std::string_view, Place> locate_storages(const LegacyPickles& pickles, const InputFile& file) {
  std::unordered_map<std::string_view, const TorchStorage*> known;
  for (const PickleValue& value : pickles.object.values) {
    const auto* storage = std::get_if<TorchStorage>(&value);
    if (storage == nullptr) continue;
    const TorchStorage* first = known.emplace(storage->key, storage).first->second;
    if (first->type != storage->type || first->count != storage->count) {
      fail_checkpoint(file.path(), fmt::format("storage {} has two sizes", shown(storage->key)));
    }
  }
  const auto* keys = pickles.keys.get<PickleList>(pickles.keys.root);
  if (keys == nullptr) fail_checkpoint(file.path(), "lacks the list of its storages");
  std::unordered_map<std::string_view, Place> places;
  std::uint64_t offset = pickles.end;
  for (const ValueId id : keys->items) {
    const auto* key = pickles.keys.get<std::string_view>(id);
    const auto found = key == nullptr ? known.end() : known.find(*key);
    if (found == known.end()) fail_checkpoint(file.path(), "lists a storage that no tensor has");
    const std::uint64_t bytes = bytes_of(*found->second, file.path());
    if (!file.holds(offset, sizeof(std::uint64_t)) || !file.holds(offset + sizeof(std::uint64_t), bytes)) {
      fail_checkpoint(file.path(), fmt::format("is cut off in storage {}", shown(*key)));
    }
    if (file.read_u64(offset) != static_cast<std::uint64_t>(found->second->count)) {
      fail_checkpoint(file.path(), fmt::format("storage {} has two sizes", shown(*key)));
    }
    offset += sizeof(std::uint64_t);
    if (!places.emplace(*key, Place{offset, bytes}).second)
      fail_checkpoint(file.path(), fmt::format("storage {} is there twice", shown(*key)));
    offset += bytes;
  }
  if (offset != file.size()) fail_checkpoint(file.path(), fmt::format("has {} bytes behind its last storage", file.size() - offset));
  return places;
}

}  // namespace

bool is_legacy_checkpoint(std::string_view head) { return head.starts_with(kLegacyMagic); }

bool is_tar(std::string_view head) {
  constexpr std::size_t kMagicAt = 257;
  return head.size() > kMagicAt && head.substr(kMagicAt).starts_with("ustar");
}

graph::Weights read_torch_zip(const InputFile& file) {
  const ZipReader zip(file, most_bytes(file.size()));
  const std::string folder = folder_of(zip, file.path());
  if (zip.find(folder + "constants.pkl") != nullptr) {
    fail_checkpoint(file.path(), "is a TorchScript program, not a checkpoint", "save the state: torch.save(net.state_dict(), path)");
  }
  require_little_endian(zip, folder, file.path());
  const ZipEntry& entry = *zip.find(folder + "data.pkl");
  if (entry.bytes > kMostPickleBytes) fail_checkpoint(file.path(), fmt::format("its pickle has {} bytes", entry.bytes));
  const std::vector<std::byte> text = zip.read(entry);
  const Pickle pickle = read_pickle({reinterpret_cast<const char*>(text.data()), text.size()}, file.path());
  const auto read = [&](const TorchStorage& storage) {
    const ZipEntry* data = zip.find(fmt::format("{}data/{}", folder, storage.key));
    if (data == nullptr) fail_checkpoint(file.path(), fmt::format("lacks storage {}", shown(storage.key)));
    if (data->bytes != bytes_of(storage, file.path())) {
      fail_checkpoint(file.path(), fmt::format("storage {} has {} bytes for {} elements of {}", shown(storage.key), data->bytes,
                                               storage.count, storage.type->name));
    }
    return zip.read(*data);
  };
  return read_state(pickle, read, file.size(), file.path());
}

graph::Weights read_torch_legacy(const InputFile& file) {
  const LegacyPickles pickles(file);
  const auto places = locate_storages(pickles, file);
  const auto read = [&](const TorchStorage& storage) {
    const auto place = places.find(storage.key);
    if (place == places.end()) fail_checkpoint(file.path(), fmt::format("lacks storage {}", shown(storage.key)));
    return file.read(place->second.offset, place->second.bytes);
  };
  return read_state(pickles.object, read, file.size(), file.path());
}

}  // namespace inferometer::formats

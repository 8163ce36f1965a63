#include <cstdint>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "formats/checkpoint.h"
#include "formats/checkpoint_tensor.h"
#include "formats/torch_names.h"
#include "formats/zip_writer.h"

namespace inferometer::formats {
namespace {

/// Puts together the pickle of an ordered dictionary of tensors. Opcodes: Python's pickletools, protocol 2, which every
/// version of torch reads; the globals are those that `weights_only` allows.
class PickleWriter {
 public:
  PickleWriter() {
    text_ = "\x80\x02";
    ordered_dictionary();
    text_ += '(';  // until SETITEMS
  }
  void tensor(const std::string& name, const graph::Array& array, std::size_t key) {
    unicode(name);
    text_ += "ctorch._utils\n_rebuild_tensor_v2\n(";
    storage(array, key);
    integer(0);  // offset in the storage
    dimensions(array.shape);
    dimensions(contiguous_strides(array.shape));
    text_ += '\x89';       // needs no gradient
    ordered_dictionary();  // hooks
    text_ += "tR";
  }
  std::string finish() {
    text_ += 'u';
    metadata();
    return std::move(text_) + '.';
  }

 private:
  /// The attribute `_metadata` of torch's own state dictionaries, {"": {"version": 2}}. The version belongs to the network as a
  /// whole; torchvision's MNASNet refuses a state without one, and with 1 means channels that were corrected later.
  void metadata() {
    text_ += '}';
    unicode("_metadata");
    ordered_dictionary();
    unicode("");
    text_ += '}';
    unicode("version");
    integer(2);
    text_ += "sssb";  // into the innermost dictionary, the ordered one, the attributes; then set these
  }
  void storage(const graph::Array& array, std::size_t key) {
    text_ += '(';
    unicode("storage");
    text_ += fmt::format("ctorch\n{}\n", storage_name(array.type));
    unicode(std::to_string(key));
    unicode("cpu");
    integer(element_count(array.shape));
    text_ += "tQ";  // a persistent id: the bytes are elsewhere
  }
  void ordered_dictionary() { text_ += "ccollections\nOrderedDict\n)R"; }
  void unicode(std::string_view text) {
    text_ += 'X';
    append_little_endian(text_, static_cast<std::uint32_t>(text.size()));
    text_ += text;
  }
  void integer(std::int64_t value) {
    if (value >= 0 && value <= std::numeric_limits<std::int32_t>::max()) {
      text_ += 'J';
      append_little_endian(text_, static_cast<std::uint32_t>(value));
    } else {
      text_ += "\x8A\x08";  // LONG1 of eight bytes
      append_little_endian(text_, static_cast<std::uint64_t>(value));
    }
  }
  void dimensions(const Shape& shape) {
    text_ += '(';
    for (const std::int64_t dimension : shape) integer(dimension);
    text_ += 't';
  }
  static std::string_view storage_name(ElementType type) {
    for (const TorchStorageClass& storage : kTorchStorages) {
      if (storage.type == type) return storage.name;
    }
    throw Error(ErrorCode::internal, fmt::format("no torch storage for {}", name_of(type)));
  }

  std::string text_;
};

}  // namespace

void write_torch_checkpoint(const graph::Weights& tensors, const std::filesystem::path& path) {
  PickleWriter pickle;
  std::size_t key = 0;
  for (const auto& [name, array] : tensors) {
    require_whole(name, array, path);
    pickle.tensor(name, array, key++);
  }
  ZipWriter zip(path);
  zip.add("archive/data.pkl", pickle.finish());
  key = 0;
  for (const auto& [name, array] : tensors) zip.add(fmt::format("archive/data/{}", key++), std::span(array.bytes));
  zip.add("archive/version", "3\n");
  zip.finish();
}

}  // namespace inferometer::formats

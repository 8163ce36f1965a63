// Any bytes are pictures with labels or an Error{input}; every picture that a file is said to hold can be had, whole.
// The first byte chooses the kind of file, the rest is the file; of IDX the bytes behind "LABELS" are the file of labels.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dataset/sources.h"
#include "memory_file.h"

namespace {

using namespace inferometer;

void require_pictures(const dataset::DataSet& data) {
  for (std::size_t i = 0; i < data.images.size(); ++i) {
    const dataset::Picture picture = data.source->load(i);
    const auto expected = static_cast<std::size_t>(picture.width * picture.height * picture.channels);
    if (picture.pixels.size() != expected || expected == 0) std::abort();
    if (data.source->content_hash(i).size() != 64) std::abort();
    const auto& label = data.images[i].label;
    if (label && (*label < 0 || (data.classes && *label >= *data.classes))) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryFile pictures, labels;
  if (size == 0) return 0;
  constexpr std::string_view kMark = "LABELS";
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t mark = data[0] == 'I' ? bytes.find(kMark) : std::string_view::npos;
  pictures.put(bytes.substr(0, mark));
  const bool has_labels = mark != std::string_view::npos;
  if (has_labels) labels.put(bytes.substr(mark + kMark.size()));
  try {
    switch (data[0]) {
      case 'I': require_pictures(dataset::open_idx(pictures.path(), has_labels ? labels.path() : "")); break;
      case 'B': require_pictures(dataset::open_cifar(pictures.path())); break;
      case 'L': (void)dataset::read_label_file(pictures.path()); break;
      default: require_pictures(dataset::open_csv(pictures.path()));
    }
  } catch (const Error& error) {
    require_good_error(error,
                       std::string_view(error.what()).find(labels.path()) == std::string_view::npos ? pictures.path() : labels.path());
  }
  return 0;
}

// Any bytes are rows that were measured elsewhere, or an Error of one line that names the file. What recommend takes as predictions and
// what import takes as rows is read by the same reader.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "memory_file.h"
#include "store/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  static MemoryFile file;
  file.put({reinterpret_cast<const char*>(data), size});
  try {
    const store::ImportedFile imported = store::read_import(file.path(), {.columns = {}, .source = "fuzz"});
    for (const measure::Row& row : imported.rows) {
      if (row.model.empty() || row.status.empty() || row.source != "fuzz") std::abort();
      for (const auto& figure : {row.per_image_ms, row.images_per_s, row.latency_median_ms, row.peak_memory_mb})
        if (figure && (!std::isfinite(*figure) || *figure < 0)) std::abort();
    }
  } catch (const Error& error) {
    const auto place = std::string_view(error.what()).find(file.path()) == std::string_view::npos;
    require_good_error(error, place ? file.path().substr(file.path().rfind('/') + 1) : file.path());
  }
  return 0;
}

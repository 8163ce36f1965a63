// Any bytes are a calibration, its timings, or an Error of one line that names the file. A calibration that was read can be written, and
// then reads the same. The first byte chooses: J the timings, else the calibration.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <unistd.h>

#include "base/files.h"
#include "memory_file.h"
#include "predict/journal.h"
#include "predict/model.h"

namespace {

using namespace inferometer;

std::string temporary(const char* ending) {
  return (std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(getpid()) + ending)).string();
}

/// Opening writes the file anew, so that it has a name of its own; opened again it holds as much.
void open_timings(std::string_view bytes) {
  static const std::string path = temporary(".timings");
  static const nlohmann::json key{{"engine", "fake"}, {"threads", 2}};
  write_file_atomically(path, bytes);
  try {
    const std::size_t count = predict::Journal(path, key).timings().size();
    if (predict::Journal(path, key).timings().size() != count) std::abort();
  } catch (const Error& error) {
    require_good_error(error, path);
  }
}

void open_calibration(std::string_view bytes) {
  static MemoryFile file;
  static const std::string first = temporary("-1.json"), second = temporary("-2.json");
  file.put(bytes);
  try {
    predict::save_model(predict::load_model(file.path()), first);
  } catch (const Error& error) {
    return require_good_error(error, file.path());
  }
  predict::save_model(predict::load_model(first), second);
  if (read_file(first) != read_file(second)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'J')
    open_timings(bytes);
  else
    open_calibration(bytes);
  return 0;
}

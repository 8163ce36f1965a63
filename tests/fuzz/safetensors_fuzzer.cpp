/// Feed arbitrary headers to the reader of safetensors: the text up to the first NUL is the header, the rest the data.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "formats/checkpoint.h"
#include "formats/output_file.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  static MemoryFile file;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(bytes.find('\0'), size);
  std::string content;
  formats::append_little_endian(content, static_cast<std::uint64_t>(end));
  file.put(content.append(bytes.substr(0, end)).append(end < size ? bytes.substr(end + 1) : std::string_view()));
  try {
    for (const auto& [name, array] : formats::read_checkpoint(file.path()).tensors) {
      const auto wanted = static_cast<std::size_t>(element_count(array.shape)) * size_of(array.type);
      if (array.bytes.size() != wanted) std::abort();
    }
  } catch (const Error& error) {
    require_good_error(error, file.path());
  }
  return 0;
}

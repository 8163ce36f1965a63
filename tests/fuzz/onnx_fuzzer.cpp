/// Feed arbitrary bytes to the ONNX reader: anything but a model or an Error is a mistake.
#include <cstddef>
#include <cstdint>

#include "formats/onnx.h"
#include "graph/cost.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using inferometer::Error;
  static inferometer::MemoryFile file;
  const std::string& path = file.path();
  file.put({reinterpret_cast<const char*>(data), size});
  try {
    (void)inferometer::formats::summarize_onnx(path);
  } catch (const Error& error) {
    require_good_error(error, path);
  }
  try {
    const auto model = inferometer::formats::read_onnx(path);
    try {
      (void)inferometer::graph::compute_cost(model.graph);
    } catch (const Error&) {  // a figure beyond 63 bits; the graph's name stands in the message, not the path
    }
  } catch (const Error& error) {
    require_good_error(error, path);
  }
  return 0;
}

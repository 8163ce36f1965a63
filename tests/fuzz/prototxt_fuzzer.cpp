/// Feed arbitrary bytes to the prototxt reader: anything but a graph or an Error is a mistake.
#include <cstddef>
#include <cstdint>

#include "formats/caffe.h"
#include "graph/cost.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static inferometer::MemoryFile file;
  file.put({reinterpret_cast<const char*>(data), size});
  try {
    const auto model = inferometer::formats::read_caffe(file.path());
    try {
      (void)inferometer::graph::compute_cost(model.graph, inferometer::graph::Convention::deepdetect);
    } catch (const inferometer::Error&) {  // a figure beyond 63 bits; the graph's name stands in the message, not the path
    }
  } catch (const inferometer::Error& error) {
    inferometer::require_good_error(error, file.path());
  }
  return 0;
}

/// Feed arbitrary bytes to the prototxt reader: anything but a graph or an Error is a mistake.
#include "formats/caffe.h"
#include "fuzz_file.h"
#include "graph/cost.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const inferometer::fuzz::File file("net.prototxt");
  file.fill(data, size);
  inferometer::fuzz::run(file.path(), [] {
    const auto model = inferometer::formats::read_caffe(file.path());
    try {
      (void)inferometer::graph::compute_cost(model.graph, inferometer::graph::Convention::deepdetect);
    } catch (const inferometer::Error&) {  // a figure beyond 63 bits; the graph's name stands in the message, not the path
    }
  });
  return 0;
}

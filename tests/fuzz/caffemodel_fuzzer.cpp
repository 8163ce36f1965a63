/// Feed arbitrary bytes as the caffemodel of a small network: anything but its weights or an Error is a mistake.
#include <cstddef>
#include <cstdint>

#include "formats/caffe.h"
#include "memory_file.h"

namespace {

constexpr const char* kNet = R"(
  layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
  layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { num_output: 2 kernel_size: 3 } }
  layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' }
  layer { name: 's' type: 'Scale' bottom: 'c' top: 'c' scale_param { bias_term: true } }
  layer { name: 'f' type: 'InnerProduct' bottom: 'c' top: 'f' inner_product_param { num_output: 3 transpose: true } })";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static inferometer::MemoryFile net, weights;
  net.put(kNet);
  weights.put({reinterpret_cast<const char*>(data), size});
  try {
    (void)inferometer::formats::read_caffe(net.path(), weights.path());
  } catch (const inferometer::Error& error) {
    inferometer::require_good_error(error, weights.path());
  }
  return 0;
}

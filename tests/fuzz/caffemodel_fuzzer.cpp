/// Feed arbitrary bytes as the caffemodel of a small network: anything but its weights or an Error is a mistake.
#include <cstring>

#include "formats/caffe.h"
#include "fuzz_file.h"

namespace {

constexpr const char* kNet = R"(
  layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
  layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { num_output: 2 kernel_size: 3 } }
  layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' }
  layer { name: 's' type: 'Scale' bottom: 'c' top: 'c' scale_param { bias_term: true } }
  layer { name: 'f' type: 'InnerProduct' bottom: 'c' top: 'f' inner_product_param { num_output: 3 transpose: true } })";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const inferometer::fuzz::File net("net.prototxt"), file("net.caffemodel");
  net.fill(reinterpret_cast<const std::uint8_t*>(kNet), std::strlen(kNet));
  file.fill(data, size);
  inferometer::fuzz::run(file.path(), [] { (void)inferometer::formats::read_caffe(net.path(), file.path()); });
  return 0;
}

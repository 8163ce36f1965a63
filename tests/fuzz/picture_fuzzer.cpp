// Any bytes are a picture of the size it says, or an Error{input}; a picture can be made a network's input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "dataset/picture.h"
#include "dataset/preprocess.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  // Small enough that an input takes milliseconds.
  const dataset::PictureLimits limits{.side = 512, .pixels = 1 << 16, .progressive_scans = 20, .ancillary_bytes = 1 << 16};
  dataset::Picture picture;
  try {
    picture = dataset::decode_picture({data, size}, "fuzz.jpg", limits);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) std::abort();
    return 0;
  }
  const auto expected = static_cast<std::size_t>(picture.width * picture.height * picture.channels);
  if (picture.pixels.size() != expected || expected == 0) std::abort();
  zoo::Preprocessing how;
  how.resize_to = 9;
  how.crop = 8;
  std::vector<float> values(3 * 8 * 8);
  try {
    dataset::Preprocessor(how, {3, 8, 8}).run(picture, "fuzz.jpg", values);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) std::abort();
  }
  return 0;
}

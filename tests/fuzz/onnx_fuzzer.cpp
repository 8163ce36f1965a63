/// Feed arbitrary bytes to the ONNX reader: anything but a model or an Error is a mistake.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/onnx.h"
#include "graph/cost.h"

namespace {

using inferometer::Error;

/// An Error must be one line that names the file.
void check(const Error& error, const std::string& path) {
  const std::string message = error.what();
  if (message.empty() || message.find('\n') != std::string::npos) std::abort();
  const bool ours = error.code() == inferometer::ErrorCode::input || error.code() == inferometer::ErrorCode::unsupported;
  if (!ours || message.find(path) == std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int descriptor = memfd_create("model", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  try {
    (void)inferometer::formats::summarize_onnx(path);
  } catch (const Error& error) {
    check(error, path);
  }
  try {
    const auto model = inferometer::formats::read_onnx(path);
    try {
      (void)inferometer::graph::compute_cost(model.graph);
    } catch (const Error&) {  // a figure beyond 63 bits; the graph's name stands in the message, not the path
    }
  } catch (const Error& error) {
    check(error, path);
  }
  return 0;
}

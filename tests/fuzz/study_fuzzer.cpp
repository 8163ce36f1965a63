// Any bytes are a study or an Error{input} of one line that names the file; never anything else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/study.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  try {
    cli::parse_study({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  } catch (const Error& error) {
    const std::string message = error.what();
    const bool one_line = message.find_first_of("\r\n") == std::string::npos;
    if (error.code() != ErrorCode::input || message.rfind("fuzz.toml:", 0) != 0 || !one_line) std::abort();
  }
  return 0;
}

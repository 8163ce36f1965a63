/// Include toml++ with its assertions as errors. Include after every other header.
///
/// toml++ 3.3 leaves some checks of what it reads to assertions: "[%run]" is one. In a release these are undefined
/// behaviour, in Debian's library too. Compiled here, in one source file, an assertion throws TomlAssertion.
#pragma once

#include <stdexcept>

namespace inferometer::cli {

struct TomlAssertion : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace inferometer::cli

#undef NDEBUG
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_SHARED_LIB 0
#define TOML_ASSERT(condition) \
  if (!(condition)) throw ::inferometer::cli::TomlAssertion(#condition)
#include <toml++/toml.h>

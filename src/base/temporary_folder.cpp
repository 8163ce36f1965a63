#include "base/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace inferometer {

TemporaryFolder::TemporaryFolder() {
  const char* const asked = std::getenv("TMPDIR");
  const std::filesystem::path place = asked != nullptr && *asked != '\0' ? asked : "/tmp";
  std::string pattern = (place / "inferometer-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    const std::string cause = std::system_category().message(errno);
    throw Error(ErrorCode::io, one_line("cannot make a temporary folder in " + place.string() + ": " + cause),
                "set TMPDIR to a folder that can be written");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace inferometer

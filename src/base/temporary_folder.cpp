#include "base/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace inferometer {

TemporaryFolder::TemporaryFolder() {
  std::error_code cause;
  std::filesystem::path place = std::filesystem::temp_directory_path(cause);
  // What was found unfit comes back empty.
  const char* const asked = std::getenv("TMPDIR");
  if (cause) place = asked != nullptr ? asked : "/tmp";
  std::string pattern = (place / "inferometer-XXXXXX").string();
  if (!cause && ::mkdtemp(pattern.data()) == nullptr) cause = {errno, std::system_category()};
  if (cause) {
    throw Error(ErrorCode::io, one_line("cannot make a temporary folder in " + place.string() + ": " + cause.message()),
                "set TMPDIR to a folder that can be written");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace inferometer

#include <algorithm>
#include <climits>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "serve/model_repository.h"

namespace inferometer::serve {
namespace {

namespace fs = std::filesystem;

bool is_within(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// Without `.`, `..`, doubled slashes, and a slash at the end.
fs::path tidy(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// All links followed; nullopt where it does not exist.
std::optional<fs::path> followed(const fs::path& path) {
  std::error_code failure;
  fs::path real = fs::canonical(path, failure);
  if (failure) return std::nullopt;
  return real;
}

}  // namespace

std::optional<fs::path> resolve_below(const std::vector<fs::path>& folders, const std::string& given) {
  if (given.empty() || given.size() >= PATH_MAX || given.find('\0') != std::string::npos) return std::nullopt;
  std::vector<fs::path> real_folders;
  for (const fs::path& folder : folders) real_folders.push_back(followed(folder).value_or(fs::path{}));
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (real_folders[i].empty()) continue;
    const fs::path wanted = tidy(folders[i] / given);  // an absolute path replaces the folder
    // What is elsewhere by its spelling is not looked at, so that nothing tells whether it exists.
    if (!is_within(wanted, tidy(folders[i])) && !is_within(wanted, real_folders[i])) continue;
    const std::optional<fs::path> real = followed(wanted);
    if (!real) continue;
    const bool is_below = std::any_of(real_folders.begin(), real_folders.end(),
                                      [&](const fs::path& folder) { return !folder.empty() && is_within(*real, folder); });
    if (is_below) return real;
  }
  return std::nullopt;
}

}  // namespace inferometer::serve

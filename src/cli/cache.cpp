#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/subcommands.h"

namespace inferometer::cli {
namespace {

namespace fs = std::filesystem;

/// Folders of the cache. INFEROMETER_CACHE_DIR may point at a folder that holds other things, so nothing else is ever touched.
constexpr std::array<std::string_view, 4> kFolders{"models", "outputs", "hashes", "engines"};

struct CachedFile {
  fs::path path;
  std::int64_t bytes = 0;
  fs::file_time_type used;  ///< files are touched when they are used
};

/// A file that is being written has a name that begins with a dot; it is somebody's as long as it is young.
bool is_being_written(const fs::directory_entry& entry, std::error_code& error) {
  if (entry.path().filename().string().front() != '.') return false;
  return fs::file_time_type::clock::now() - entry.last_write_time(error) < std::chrono::hours(24);
}

/// Oldest first.
std::vector<CachedFile> cached_files(const fs::path& cache) {
  std::vector<CachedFile> files;
  for (const std::string_view folder : kFolders) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache / folder, error)) {
      if (entry.is_symlink(error) || !entry.is_regular_file(error) || is_being_written(entry, error)) continue;
      // Somebody else may remove a file at any moment: what cannot be read is not there.
      const auto bytes = entry.file_size(error);
      const auto used = entry.last_write_time(error);
      if (!error) files.push_back({entry.path(), static_cast<std::int64_t>(bytes), used});
    }
  }
  std::stable_sort(files.begin(), files.end(), [](const CachedFile& a, const CachedFile& b) { return a.used < b.used; });
  return files;
}

std::int64_t total_bytes(const std::vector<CachedFile>& files) {
  return std::accumulate(files.begin(), files.end(), std::int64_t{0},
                         [](std::int64_t sum, const CachedFile& file) { return sum + file.bytes; });
}

/// Remove the oldest until what is left fits.
void shrink(const fs::path& cache, std::int64_t limit_bytes, const Context& context) {
  const std::vector<CachedFile> files = cached_files(cache);
  std::int64_t left = total_bytes(files), removed_bytes = 0;
  std::size_t removed = 0;
  for (const CachedFile& file : files) {
    if (left <= limit_bytes) break;
    std::error_code error;
    fs::remove(file.path, error);
    if (error) throw Error(ErrorCode::io, fmt::format("{}: cannot be removed: {}", file.path.string(), error.message()));
    left -= file.bytes;
    removed_bytes += file.bytes;
    ++removed;
  }
  context.say(fmt::format("removed {} files, {:.1f} MiB", removed, static_cast<double>(removed_bytes) / (1 << 20)));
}

void print_cache(bool clear, const std::string& limit_mib, const Context& context) {
  const fs::path cache = cache_folder();
  // A limit of 0 would keep files without content.
  if (clear) shrink(cache, -1, context);
  if (!limit_mib.empty()) shrink(cache, parse_limited_integer(limit_mib, {0, std::int64_t{1} << 30}, "--limit-mib") << 20, context);

  const std::vector<CachedFile> files = cached_files(cache);
  Table table;
  table.columns = {"folder", "files", "size_mib"};
  table.rows.push_back({cache.string(), static_cast<std::int64_t>(files.size()), static_cast<double>(total_bytes(files)) / (1 << 20)});
  context.write(table);
}

}  // namespace

void add_cache(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("cache", "Show where made model files lie and how large they are; make room");
  const auto clear = std::make_shared<bool>(false);
  const auto limit = std::make_shared<std::string>();
  CLI::Option* clear_option = command->add_flag("--clear", *clear, "Remove everything");
  command->add_option("--limit-mib", *limit, "Remove what was not used for longest until this many MiB are left")
      ->type_name("N")
      ->excludes(clear_option);
  command->footer(example_footer("inferometer cache --limit-mib 2000"));
  command->callback([clear, limit, &context] { print_cache(*clear, *limit, context); });
}

}  // namespace inferometer::cli

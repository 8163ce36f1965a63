#include "engine/loader.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include <dlfcn.h>

#include "base/files.h"
#include "base/text.h"

namespace inferometer::engine {

namespace {

constexpr const char* kFolderVariable = "INFEROMETER_ENGINE_DIR";
using EntryFunction = const PluginTable* (*)();

std::vector<std::filesystem::path> candidate_folders() {
  const std::filesystem::path beside = executable_path().parent_path();
  return {beside / "engines", (beside / ".." / "lib" / "inferometer" / "engines").lexically_normal()};
}

std::string linker_words() {
  const char* words = dlerror();
  return words == nullptr ? "the dynamic linker gives no reason" : one_line(words);
}

/// The path of the one plugin of this process. Frameworks cannot be unloaded and do not share a process.
struct OpenedPlugin {
  std::mutex mutex;
  std::filesystem::path path;
  void* library = nullptr;
};
OpenedPlugin& opened_plugin() {
  static OpenedPlugin opened;
  return opened;
}

std::unique_ptr<Engine> create_engine(const PluginTable& table, const std::filesystem::path& path) {
  try {
    auto engine = table.create();
    if (!engine) throw Error(ErrorCode::engine_failure, path.string() + ": the plugin created no engine");
    return engine;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::engine_failure, path.string() + ": " + one_line(error.what()));
  } catch (...) {
    throw Error(ErrorCode::engine_failure, path.string() + ": the plugin threw something that is no exception");
  }
}

}  // namespace

std::filesystem::path plugin_folder() {
  std::error_code ignored;
  const char* named = std::getenv(kFolderVariable);
  if (named != nullptr && *named != '\0') {
    // A folder that somebody named is never replaced by another one behind his back.
    if (std::filesystem::is_directory(named, ignored)) return named;
    throw Error(ErrorCode::io, std::string(kFolderVariable) + " names " + named + ", which is not a folder",
                "name the folder with the engine plugins, or unset it");
  }
  const auto folders = candidate_folders();
  for (const auto& folder : folders) {
    if (std::filesystem::is_directory(folder, ignored)) return folder;
  }
  throw Error(ErrorCode::io,
              "no folder with engine plugins: neither $" + std::string(kFolderVariable) + " (not set), nor " + folders[0].string() +
                  ", nor " + folders[1].string(),
              "build the engines, or set INFEROMETER_ENGINE_DIR");
}

std::vector<PluginFile> find_plugins(const std::filesystem::path& folder) {
  std::vector<PluginFile> built, absent;
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::filesystem::path& path = entry.path();
      const std::string name = path.stem().string();
      if (!entry.is_regular_file() || name.empty()) continue;
      if (path.extension() == ".so") built.push_back({name, path, {}});
      if (path.extension() == ".absent") absent.push_back({name, {}, one_line(trim(read_file(path, 64 * 1024)))});
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(ErrorCode::io, folder.string() + ": " + error.code().message());
  }
  // What is there counts, even when a note of an earlier build still says that it is not.
  for (auto& note : absent) {
    const bool there = std::any_of(built.begin(), built.end(), [&](const PluginFile& file) { return file.name == note.name; });
    if (!there) built.push_back(std::move(note));
  }
  std::sort(built.begin(), built.end(), [](const PluginFile& a, const PluginFile& b) { return a.name < b.name; });
  return built;
}

std::unique_ptr<Engine> open_plugin(const std::filesystem::path& asked) {
  // dlopen searches the system's folders for a name without a slash; and two spellings of one file are one plugin.
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::weakly_canonical(asked, ignored);
  if (ignored) path = std::filesystem::absolute(asked);

  OpenedPlugin& opened = opened_plugin();
  const std::lock_guard lock(opened.mutex);
  if (!opened.path.empty() && opened.path != path) {
    throw Error(ErrorCode::internal, "this process has opened " + opened.path.string() + " and cannot open " + path.string() + " too");
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(ErrorCode::engine_failure, "cannot open plugin " + path.string() + ": " + linker_words(),
                "build it again, or install the libraries that it needs");
  }
  const auto entry = reinterpret_cast<EntryFunction>(dlsym(library, kPluginSymbol));
  if (entry == nullptr) {
    throw Error(ErrorCode::engine_failure, path.string() + " is not an engine plugin: " + linker_words());
  }
  const PluginTable* table = entry();
  if (table == nullptr || table->contract_version != kContractVersion) {
    const std::string theirs = table == nullptr ? "none" : std::to_string(table->contract_version);
    throw Error(ErrorCode::engine_failure,
                path.string() + " has contract version " + theirs +
                    (table == nullptr ? "" : std::string(" (built with ") + table->built_with + ")") + ", this program has " +
                    std::to_string(kContractVersion) + " (built with " __VERSION__ ")",
                "build program and plugins together");
  }
  opened.path = path;
  opened.library = library;
  return create_engine(*table, path);
}

const TrainerTable* find_trainer() {
  OpenedPlugin& opened = opened_plugin();
  const std::lock_guard lock(opened.mutex);
  if (opened.library == nullptr) throw Error(ErrorCode::internal, "no plugin was opened before its trainer was asked for");
  const auto entry = reinterpret_cast<const TrainerTable* (*)()>(dlsym(opened.library, kTrainerSymbol));
  if (entry == nullptr) return nullptr;
  const TrainerTable* table = entry();
  if (table->trainer_version != kTrainerVersion)
    throw Error(ErrorCode::engine_failure,
                opened.path.string() + " has trainer version " + std::to_string(table->trainer_version) + ", this program has " +
                    std::to_string(kTrainerVersion),
                "build program and plugins together");
  return table;
}

bool same_device(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

}  // namespace inferometer::engine

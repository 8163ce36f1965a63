/// Find engine plugins and open one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/trainer.h"

namespace inferometer::engine {

/// One engine as the plugin folder shows it; nothing is opened to find this out.
struct PluginFile {
  std::string name;
  std::filesystem::path path;  ///< of the shared object; empty when not built
  std::string absent_reason;   ///< why it was not built, from <name>.absent
  bool built() const { return !path.empty(); }
};

/// The folder with plugins: $INFEROMETER_ENGINE_DIR, else <folder of the executable>/engines, else
/// <folder of the executable>/../lib/inferometer/engines. Throws Error{io} naming all three when none exists.
std::filesystem::path plugin_folder();

/// All engines of a folder, sorted by name.
std::vector<PluginFile> find_plugins(const std::filesystem::path& folder);

/// Open a plugin with RTLD_NOW | RTLD_LOCAL and create its engine; it is never closed. A process opens at most one
/// (a second call with another path throws Error{internal}).
/// Throws Error{engine_failure} with the dynamic linker's words, or naming both contract versions when they differ.
std::unique_ptr<Engine> open_plugin(const std::filesystem::path& path);

/// The trainer of the plugin that open_plugin() has opened; nullptr where its engine cannot train.
/// Throws Error{internal} before a plugin was opened, Error{engine_failure} naming both versions when they differ.
const TrainerTable* find_trainer();

/// Without case, as devices are compared.
bool same_device(std::string_view a, std::string_view b);

}  // namespace inferometer::engine

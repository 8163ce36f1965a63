/// Read plain values of a study file, and say where what is wrong stands.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/toml.h"

namespace inferometer::cli {

/// The file that a parsed table came from; it is not opened. Every member but the paths throws Error{input} that begins with the place,
/// "FILE:LINE:COLUMN:". Threads: safe.
class StudyFile {
 public:
  explicit StudyFile(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  /// A path of the file's, as seen from here: relative ones are taken from its folder.
  std::filesystem::path beside_study(const std::string& path) const { return (path_.parent_path() / path).lexically_normal(); }

  std::string place(const toml::source_region& source) const;
  std::string where(const toml::key& key) const;  ///< the place and the key

  [[noreturn]] void fail(const std::string& at, const std::string& message, std::string hint = {}) const;
  /// The hint has the nearest of the known keys, or all.
  [[noreturn]] void unknown_key(const toml::key& key, const std::vector<std::string>& known) const;
  [[noreturn]] void wrong_type(const toml::key& key, const toml::node& node, std::string_view expected) const;

  std::string text(const toml::key& key, const toml::node& node) const;
  std::vector<std::string> texts(const toml::key& key, const toml::node& node) const;  ///< a string, or a list of at least one
  double finite(const toml::key& key, const toml::node& node) const;
  /// The tables of an array of tables, [[key]].
  std::vector<const toml::table*> blocks(const toml::key& key, const toml::node& node) const;

 private:
  std::filesystem::path path_;
};

}  // namespace inferometer::cli

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "dataset/sources.h"

namespace inferometer::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostPictureBytes = std::int64_t{1} << 30;

class FileSource : public ImageSource {
 public:
  explicit FileSource(std::vector<fs::path> files) : files_(std::move(files)) {}
  Picture load(std::size_t index) const override {
    const std::string bytes = read_file(files_.at(index), kMostPictureBytes);
    return decode_picture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, files_[index].string());
  }
  std::string content_hash(std::size_t index) const override { return sha256_file_hex(files_.at(index)); }

 private:
  std::vector<fs::path> files_;
};

/// Files of a folder that may be pictures, sorted by name.
std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture_name(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace

bool is_picture_name(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kEndings{".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
  const std::string ending = lower(path.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::vector<std::pair<std::string, std::int64_t>> read_label_file(const fs::path& file) {
  require_readable_file(file);
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;
  const std::string text = read_file(file, kMostBytes);
  std::vector<std::pair<std::string, std::int64_t>> labels;
  std::set<std::string> seen;
  std::size_t line_number = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++line_number;
    const std::string_view line = trim(raw);
    if (line.empty()) continue;
    // The name may hold spaces, the index cannot.
    const std::size_t gap = line.find_last_of(" \t");
    const auto index = gap == std::string_view::npos ? std::nullopt : parse_integer(line.substr(gap + 1));
    if (!index || *index < 0) {
      throw Error(ErrorCode::input, fmt::format("{}:{}: '{}' is no line `file index`", file.string(), line_number, one_line(line, 80)),
                  "for example: ILSVRC2012_val_00000347.JPEG 472");
    }
    std::string name(trim(line.substr(0, gap)));
    if (!seen.insert(name).second) {
      throw Error(ErrorCode::input, fmt::format("{}:{}: {} is named twice", file.string(), line_number, one_line(name, 80)));
    }
    labels.emplace_back(std::move(name), *index);
  }
  return labels;
}

DataSet open_labelled_folder(const fs::path& folder, const fs::path& labels) {
  DataSet data;
  std::vector<fs::path> files;
  std::set<std::string> named;
  std::map<fs::path, bool> folders;  // those that labels point into
  for (auto& [name, label] : read_label_file(labels)) {
    const fs::path file = (folder / name).lexically_normal();
    folders[file.parent_path()] = true;
    named.insert(file.string());
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored)) {
      data.images.push_back({name, label});
      files.push_back(file);
    } else {
      data.absent.push_back(name);
    }
  }
  const fs::path base = folder.lexically_normal();
  for (const auto& each : folders) {
    std::error_code ignored;
    if (!fs::is_directory(each.first, ignored)) continue;
    for (const fs::path& file : pictures_in(each.first)) {
      if (!named.contains(file.lexically_normal().string())) data.unlabelled.push_back(file.lexically_relative(base).string());
    }
  }
  data.source = std::make_unique<FileSource>(std::move(files));
  return data;
}

DataSet open_plain_folder(const fs::path& folder) {
  DataSet data;
  std::vector<fs::path> files = pictures_in(folder);
  for (const fs::path& file : files) data.images.push_back({file.filename().string(), std::nullopt});
  data.source = std::make_unique<FileSource>(std::move(files));
  return data;
}

DataSet open_class_folders(const fs::path& folder) {
  std::vector<std::string> classes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with('.')) classes.push_back(name);
  }
  std::sort(classes.begin(), classes.end());
  DataSet data;
  data.classes = static_cast<std::int64_t>(classes.size());
  for (const fs::path& file : pictures_in(folder)) data.unlabelled.push_back(file.filename().string());
  std::vector<fs::path> files;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (fs::path& file : pictures_in(folder / classes[label])) {
      data.images.push_back({classes[label] + "/" + file.filename().string(), static_cast<std::int64_t>(label)});
      files.push_back(std::move(file));
    }
  }
  data.source = std::make_unique<FileSource>(std::move(files));
  return data;
}

}  // namespace inferometer::dataset

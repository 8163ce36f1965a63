#include "dataset/data_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "dataset/sources.h"

namespace inferometer::dataset {
namespace {

enum class Kind : std::uint8_t { csv, idx, cifar };

Kind kind_of_file(const std::filesystem::path& file) {
  std::string name = lower(file.filename().string());
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".csv")) return Kind::csv;
  if (name.ends_with(".bin")) return Kind::cifar;
  if (name.ends_with(".idx") || name.ends_with("-ubyte") || name.ends_with(".ubyte")) return Kind::idx;
  throw Error(ErrorCode::input, fmt::format("--images {}: is no data set known by its name", file.string()),
              "a folder, or a file .csv, .idx, *-ubyte (also .gz) or .bin");
}

/// What to do about a file, folder or label file that leads to no picture: the archives of CIFAR unpack to folders of .bin files.
const char* hint_without_pictures(const std::filesystem::path& images) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(images, ignored)) {
    switch (kind_of_file(images)) {
      case Kind::csv: return "a line holds a label, then the values of a picture, such as 3072 for 32 x 32 in colour; there is no heading";
      case Kind::idx: return "the file's own first dimension says how many pictures it holds";
      case Kind::cifar: return "a picture of CIFAR-10 is 3073 bytes, its label and 3 x 32 x 32 values";
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(images, ignored)) {
    if (lower(entry.path().extension().string()) != ".bin") continue;
    return "name one of its .bin files; `cat data_batch_?.bin > train.bin` makes one of CIFAR-10's five";
  }
  return "pictures are files .jpg .jpeg .png; other names need a label file";
}

bool has_folders(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::any_of(begin(entries), end(entries),
                     [](const auto& entry) { return entry.is_directory() && !entry.path().filename().string().starts_with('.'); });
}

DataSet open_folder(const DataSetOptions& options) {
  if (!options.labels.empty()) return open_labelled_folder(options.images, options.labels);
  return has_folders(options.images) ? open_class_folders(options.images) : open_plain_folder(options.images);
}

DataSet open_file(const DataSetOptions& options) {
  require_readable_file(options.images);
  const Kind kind = kind_of_file(options.images);
  if (kind == Kind::idx) return open_idx(options.images, options.labels);
  if (!options.labels.empty()) {
    throw Error(ErrorCode::usage, fmt::format("--labels: {} holds its labels itself", options.images.string()), "leave --labels out");
  }
  return kind == Kind::csv ? open_csv(options.images) : open_cifar(options.images);
}

}  // namespace

std::string data_set_name(const std::filesystem::path& images) {
  const std::filesystem::path whole = std::filesystem::absolute(images).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

DataSet open_data_set(const DataSetOptions& options) {
  std::error_code cause;
  DataSet data;
  try {
    data = std::filesystem::is_directory(options.images, cause) ? open_folder(options) : open_file(options);
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(ErrorCode::io, fmt::format("--images {}: {}", options.images.string(), error.code().message()));
  }
  data.name = data_set_name(options.images);
  if (options.limit > 0 && data.images.size() > static_cast<std::size_t>(options.limit)) {
    data.images.resize(static_cast<std::size_t>(options.limit));
  }
  if (data.images.empty()) {
    const std::string absent = data.absent.empty() ? ""
                                                   : fmt::format("; of {} named in the labels none is there, for example {}",
                                                                 data.absent.size(), data.absent.front());
    throw Error(ErrorCode::input, fmt::format("--images {}: no picture is there{}", options.images.string(), absent),
                hint_without_pictures(options.images));
  }
  return data;
}

std::string content_hash(const DataSet& data) {
  Sha256 hash;
  for (std::size_t i = 0; i < data.images.size(); ++i) {
    const Image& image = data.images[i];
    hash.update(fmt::format("{}\n{}\n{}\n", image.name, image.label ? fmt::format("{}", *image.label) : "", data.source->content_hash(i)));
  }
  return hash.hex();
}

}  // namespace inferometer::dataset

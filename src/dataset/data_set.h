/// Open labelled pictures, wherever they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataset/picture.h"

namespace inferometer::dataset {

/// What the user named.
struct DataSetOptions {
  std::filesystem::path images;  ///< a folder, or a file: .csv, CIFAR's .bin, IDX (.idx, *-ubyte, each also .gz)
  std::filesystem::path labels;  ///< empty: none is named
  std::int64_t limit = 0;        ///< only the first so many pictures; 0: all
};

struct Image {
  std::string name;                   ///< a file's path within the folder, or "F.csv:12", "F.idx#12" counted from 0
  std::optional<std::int64_t> label;  ///< 0-based; none: not known
};

/// Where pixels come from. Const members: any thread.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// Throws Error{input} naming the picture when it is damaged, Error{io} when it cannot be read any more.
  virtual Picture load(std::size_t index) const = 0;
  /// SHA-256 of the picture as it lies there. Throws Error{io}.
  virtual std::string content_hash(std::size_t index) const = 0;
};

/// Whether a file's name ends as a picture's does: .jpg .jpeg .jpe .jfif .png, without case.
bool is_picture_name(const std::filesystem::path& path);

/// How a data set is called: its folder's name, or its file's. Reads nothing.
std::string data_set_name(const std::filesystem::path& images);

/// An opened data set. `images[i]` is what `source->load(i)` decodes.
struct DataSet {
  std::string name;                     ///< "val227", "cifar10_test_100.csv"
  std::vector<Image> images;            ///< in the order of the label file, else sorted by name, else as they stand in the file
  std::optional<std::int64_t> classes;  ///< where the data set itself says how many there are
  std::vector<std::string> unlabelled;  ///< pictures that a label file does not name; not among `images`
  std::vector<std::string> absent;      ///< pictures that a label file names and that are not there; not among `images`
  std::unique_ptr<ImageSource> source;
};

/// A folder with --labels: lines `file index`, the file's path within the folder. A folder of folders: the index of each in the
/// sorted order (by bytes) of their names; hidden ones are passed over. A plain folder without labels: all its pictures, without labels.
/// Pictures in folders are files ending in .jpg .jpeg .jpe .jfif .png, without case. CSV: label, then the values 0 to 255 of one square
/// picture a line (height, width, channel), no header. IDX: bytes of count x height x width, labels in a second IDX file. CIFAR: records of
/// label (CIFAR-100: coarse, then fine, which counts) and 3 x 32 x 32 planes.
/// Throws Error{usage} when --labels does not go with the images, Error{input} naming file and line for what is malformed, Error{io}.
DataSet open_data_set(const DataSetOptions& options);

/// SHA-256 over names, labels and contents of all images, in order: what was evaluated. Reads every file. Throws Error{io}.
std::string content_hash(const DataSet& data);

}  // namespace inferometer::dataset

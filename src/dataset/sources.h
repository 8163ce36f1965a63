/// Open one kind of data set each; open_data_set() chooses. What they share: see data_set.h.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "dataset/data_set.h"

namespace inferometer::dataset {

DataSet open_labelled_folder(const std::filesystem::path& folder, const std::filesystem::path& labels);
DataSet open_plain_folder(const std::filesystem::path& folder);
DataSet open_class_folders(const std::filesystem::path& folder);
DataSet open_csv(const std::filesystem::path& file);
DataSet open_idx(const std::filesystem::path& images, const std::filesystem::path& labels);
DataSet open_cifar(const std::filesystem::path& file);

/// Lines `file index` of a label file. Throws Error{input} naming file and line: no index, a negative one, a file named twice.
std::vector<std::pair<std::string, std::int64_t>> read_label_file(const std::filesystem::path& file);

/// Pictures of one size, uncompressed, one after the other in memory.
class PixelSource : public ImageSource {
 public:
  enum class Layout : std::uint8_t { interleaved, planes };
  /// @param bytes   `offset` bytes, then records; a record ends with height x width x channels pixels after `skip` other bytes
  PixelSource(std::vector<std::uint8_t> bytes, std::size_t offset, std::size_t skip, Picture shape, Layout layout);
  Picture load(std::size_t index) const override;
  std::string content_hash(std::size_t index) const override;

 private:
  std::span<const std::uint8_t> pixels(std::size_t index) const;
  std::vector<std::uint8_t> bytes_;
  std::size_t offset_, skip_;
  Picture shape_;  ///< without pixels
  Layout layout_;
};

}  // namespace inferometer::dataset

/// Read the pictures of these tests, and what Pillow made of them (make_pictures.py).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "dataset/picture.h"

namespace inferometer::dataset {

inline std::filesystem::path pictures_folder() { return std::filesystem::path(INFEROMETER_SOURCE_DIR) / "tests/unit/dataset/pictures"; }

inline std::vector<std::uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Picture decode_file(const std::string& name) { return decode_picture(bytes_of(pictures_folder() / name), name); }

/// One line of pillow.csv.
struct PillowCase {
  std::string file, operation;
  Picture picture;
};

inline std::vector<PillowCase> pillow_cases() {
  std::ifstream in(pictures_folder() / "pillow.csv");
  std::vector<PillowCase> cases;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    PillowCase one;
    std::string number, pixels;
    std::getline(fields, one.file, ',');
    std::getline(fields, one.operation, ',');
    for (std::int64_t* value : {&one.picture.width, &one.picture.height, &one.picture.channels}) {
      std::getline(fields, number, ',');
      *value = std::stoll(number);
    }
    std::getline(fields, pixels);
    for (std::size_t i = 0; i + 1 < pixels.size(); i += 2) {
      one.picture.pixels.push_back(static_cast<std::uint8_t>(std::stoi(pixels.substr(i, 2), nullptr, 16)));
    }
    cases.push_back(one);
  }
  return cases;
}

/// Largest difference of two pictures' pixels; 256 when they differ in size.
inline int largest_difference(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels || a.pixels.size() != b.pixels.size()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  return largest;
}

/// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "inferometer_dataset_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }
  void copy_picture(const std::string& from, const std::string& to) const {
    std::filesystem::create_directories((path_ / to).parent_path());
    std::filesystem::copy_file(pictures_folder() / from, path_ / to);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace inferometer::dataset

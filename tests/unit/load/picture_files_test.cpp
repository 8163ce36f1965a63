#include "load/picture_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/files.h"
#include "dataset/picture.h"

namespace inferometer::load {
namespace {

TEST(PictureFiles, are_different_readable_and_the_same_each_time) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "inferometer-picture-files";
  std::filesystem::remove_all(folder);
  const auto files = write_pictures(folder / "a", 3, 7);
  const auto again = write_pictures(folder / "b", 3, 7);
  const auto others = write_pictures(folder / "c", 3, 8);
  ASSERT_EQ(files.size(), 3u);
  std::set<std::string> contents;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string bytes = read_file(files[i]);
    EXPECT_EQ(bytes, read_file(again[i]));
    contents.insert(bytes);
    contents.insert(read_file(others[i]));
    const dataset::Picture picture =
        dataset::decode_picture({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, files[i].string());
    EXPECT_EQ(picture.width, kPictureWidth);
    EXPECT_EQ(picture.height, kPictureHeight);
    EXPECT_EQ(picture.channels, 3);
    // Something is to be seen: values spread over much of the range.
    const auto [least, most] = std::minmax_element(picture.pixels.begin(), picture.pixels.end());
    EXPECT_LT(*least, 80);
    EXPECT_GT(*most, 180);
  }
  EXPECT_EQ(contents.size(), 6u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace inferometer::load

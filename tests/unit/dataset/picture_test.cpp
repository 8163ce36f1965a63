#include "dataset/picture.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace inferometer::dataset {
namespace {

std::string error_of(const std::vector<std::uint8_t>& bytes, const PictureLimits& limits = {}) {
  try {
    decode_picture(bytes, "p.jpg", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    return error.what();
  }
  return "";
}

TEST(Decode, GivesPillowsPixels) {
  std::size_t decoded = 0;
  for (const PillowCase& one : pillow_cases()) {
    if (one.operation != "decode") continue;
    ++decoded;
    // PNG is lossless; a JPEG library may round its transform another way.
    const int allowed = one.file.ends_with(".png") ? 0 : 1;
    EXPECT_LE(largest_difference(decode_file(one.file), one.picture), allowed) << one.file;
  }
  EXPECT_EQ(decoded, 14u);
}

TEST(Decode, LeavesOrientationAlone) {
  const Picture turned = decode_file("turned.jpg");
  EXPECT_EQ(turned.width, 24);
  EXPECT_EQ(largest_difference(turned, decode_file("colour.jpg")), 0);
}

TEST(Decode, RefusesAFileThatIsCutShort) {
  for (const char* name : {"colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "colour.png", "palette.png", "interlaced.png"}) {
    const std::vector<std::uint8_t> whole = bytes_of(pictures_folder() / name);
    for (const std::size_t percent : {5u, 30u, 60u, 85u}) {
      const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * percent / 100));
      EXPECT_NE(error_of(part), "") << name << " " << percent;
    }
  }
}

TEST(Decode, TakesAJpegWhoseRowsAreAllThere) {
  // Bytes after the end of the picture are nobody's business, as in Pillow.
  std::vector<std::uint8_t> bytes = bytes_of(pictures_folder() / "colour.jpg");
  bytes.insert(bytes.end(), {1, 2, 3});
  EXPECT_EQ(error_of(bytes), "");
}

TEST(Decode, NamesWhatItCannotRead) {
  EXPECT_EQ(error_of({}), "p.jpg: is neither a JPEG nor a PNG");
  EXPECT_EQ(error_of({'G', 'I', 'F', '8'}), "p.jpg: is neither a JPEG nor a PNG");
  EXPECT_EQ(error_of({0xFF, 0xD8, 0xFF}), "p.jpg: the JPEG is cut short");
  std::vector<std::uint8_t> broken = bytes_of(pictures_folder() / "colour.png");
  broken[29] ^= 1;  // the header's checksum
  EXPECT_EQ(error_of(broken), "p.jpg: not a readable PNG: IHDR: CRC error");
  std::vector<std::uint8_t> tables = bytes_of(pictures_folder() / "colour.jpg");
  tables[24] = 0xEE;  // an unknown quantisation table
  EXPECT_EQ(error_of(tables).rfind("p.jpg: not a readable JPEG: ", 0), 0u);
}

TEST(Decode, KeepsItsLimits) {
  const auto jpeg = bytes_of(pictures_folder() / "colour.jpg"), png = bytes_of(pictures_folder() / "colour.png");
  for (const auto& bytes : {jpeg, png}) {
    EXPECT_EQ(error_of(bytes, {.side = 24, .pixels = 24 * 18}), "");
    EXPECT_EQ(error_of(bytes, {.side = 23}), "p.jpg: 24 x 18 pixels are too many; 23 a side and 178956970 altogether are the limit");
    EXPECT_NE(error_of(bytes, {.pixels = 24 * 18 - 1}), "");
  }
  const auto progressive = bytes_of(pictures_folder() / "progressive.jpg");
  EXPECT_EQ(error_of(progressive, {.progressive_scans = 20}), "");
  EXPECT_NE(error_of(progressive, {.progressive_scans = 3}), "");
}

TEST(Grey, IsPillowsLuma) {
  for (const PillowCase& one : pillow_cases()) {
    if (one.operation != "grey") continue;
    EXPECT_EQ(largest_difference(to_grey(decode_file(one.file)), one.picture), 0);
  }
  EXPECT_EQ(to_grey({1, 1, 3, {255, 255, 255}}).pixels, std::vector<std::uint8_t>{255});
  EXPECT_EQ(to_grey({1, 1, 1, {9}}).pixels, std::vector<std::uint8_t>{9});
}

}  // namespace
}  // namespace inferometer::dataset

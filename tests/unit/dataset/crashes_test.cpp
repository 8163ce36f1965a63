#include <gtest/gtest.h>

#include "base/error.h"
#include "dataset/picture.h"
#include "fixtures.h"

namespace inferometer::dataset {
namespace {

// Every input that fuzz_picture once stumbled over, and the pictures of these tests with any one byte in eight turned over.
TEST(Crashes, EveryInputIsAPictureOrAnError) {
  std::vector<std::vector<std::uint8_t>> inputs;
  const std::filesystem::path crashes = std::filesystem::path(INFEROMETER_SOURCE_DIR) / "tests/fuzz/crashes/picture";
  if (std::filesystem::exists(crashes)) {
    for (const auto& entry : std::filesystem::directory_iterator(crashes)) inputs.push_back(bytes_of(entry.path()));
  }
  for (const char* name : {"colour.jpg", "progressive.jpg", "cmyk.jpg", "palette.png", "interlaced.png"}) {
    const std::vector<std::uint8_t> whole = bytes_of(pictures_folder() / name);
    for (std::size_t i = 0; i < whole.size(); i += 8) {
      inputs.push_back(whole);
      inputs.back()[i] ^= 0xFF;
    }
  }
  ASSERT_GT(inputs.size(), 300u);
  std::size_t refused = 0;
  for (const auto& bytes : inputs) {
    try {
      const Picture picture = decode_picture(bytes, "p", {.side = 4096, .pixels = 1 << 20});
      EXPECT_EQ(picture.pixels.size(), static_cast<std::size_t>(picture.width * picture.height * picture.channels));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      ++refused;
    }
  }
  EXPECT_GT(refused, 50u);
}

}  // namespace
}  // namespace inferometer::dataset

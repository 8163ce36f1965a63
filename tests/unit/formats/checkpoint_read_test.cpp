#include <cmath>
#include <limits>

#include "checkpoint_test_files.h"

namespace inferometer::formats {
namespace {

using Floats = std::vector<float>;

void expect_state(const graph::Weights& tensors) {
  EXPECT_EQ(tensors.size(), 15u);
  const auto floats = [&](const char* name, const Shape& shape, const Floats& values) {
    EXPECT_EQ(tensors.at(name).type, ElementType::f32) << name;
    EXPECT_EQ(tensors.at(name).shape, shape) << name;
    EXPECT_EQ(numbers_of<float>(tensors.at(name)), values) << name;
  };
  floats("plain", {2, 3}, {0.5F, -1, 2, 3, -4, 5.5F});
  floats("transposed", {3, 2}, {1, 4, 2, 5, 3, 6});
  floats("sliced", {3, 3}, {7, 9, 11, 13, 15, 17, 19, 21, 23});
  floats("shared", {6}, {12, 13, 14, 15, 16, 17});
  floats("expanded", {3}, {7, 7, 7});
  floats("empty", {0, 3}, {});
  floats("parameter", {1}, {9});
  EXPECT_EQ(tensors.at("half").type, ElementType::f16);
  EXPECT_EQ(numbers_of<std::uint16_t>(tensors.at("half")), (std::vector<std::uint16_t>{0x3E00, 0xC000, 0x7BFF}));
  EXPECT_EQ(tensors.at("bfloat").type, ElementType::bf16);
  EXPECT_EQ(numbers_of<std::uint16_t>(tensors.at("bfloat")), (std::vector<std::uint16_t>{0x3FC0, 0xC000, 0x7F62}));
  EXPECT_EQ(numbers_of<double>(tensors.at("double")), (std::vector<double>{0.1, -1e300}));
  EXPECT_EQ(numbers_of<std::uint8_t>(tensors.at("byte")), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(numbers_of<std::int8_t>(tensors.at("char")), (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(numbers_of<std::int32_t>(tensors.at("int")), (std::vector<std::int32_t>{-7, std::numeric_limits<std::int32_t>::max()}));
  EXPECT_EQ(tensors.at("long").shape, Shape{});
  EXPECT_EQ(numbers_of<std::int64_t>(tensors.at("long")), (std::vector<std::int64_t>{-(std::int64_t{1} << 62)}));
  EXPECT_EQ(tensors.at("bool").type, ElementType::boolean);
  EXPECT_EQ(numbers_of<std::uint8_t>(tensors.at("bool")), (std::vector<std::uint8_t>{1, 0}));
}

TEST(ReadCheckpoint, ReadsWhatTorchWrites) {
  const Checkpoint zip = read_checkpoint(checkpoint_seed("zip.pth"));
  EXPECT_EQ(zip.format, "torch zip");
  expect_state(zip.tensors);
  const Checkpoint legacy = read_checkpoint(checkpoint_seed("legacy.pth"));
  EXPECT_EQ(legacy.format, "torch legacy");
  expect_state(legacy.tensors);
  expect_state(read_checkpoint(checkpoint_seed("deflated.pth")).tensors);
}

TEST(ReadCheckpoint, OpensTrainingCheckpointsAndDropsModule) {
  for (const char* name : {"training.pth", "training_legacy.pth"}) {
    const Checkpoint checkpoint = read_checkpoint(checkpoint_seed(name));
    ASSERT_EQ(checkpoint.tensors.size(), 2u) << name;
    EXPECT_EQ(numbers_of<float>(checkpoint.tensors.at("conv.weight")), (Floats{1, 2}));
    EXPECT_EQ(numbers_of<float>(checkpoint.tensors.at("conv.bias")), (Floats{3}));
  }
}

TEST(ReadCheckpoint, PassesOverAttributesOfTheState) {
  const Checkpoint checkpoint = read_checkpoint(checkpoint_seed("metadata.pth"));
  EXPECT_EQ(checkpoint.tensors.size(), 5u);
  EXPECT_EQ(checkpoint.tensors.at("num_batches_tracked").type, ElementType::i64);
}

TEST(ReadCheckpoint, KeepsAPrefixThatNotEveryNameHas) {
  const TemporaryFolder folder;
  graph::Weights tensors;
  tensors["module.a"] = tensors["b"] = array_of<float>(ElementType::f32, {1}, {1});
  write_safetensors(tensors, folder / "a.safetensors");
  expect_same(tensors, read_checkpoint(folder / "a.safetensors").tensors);
}

TEST(ReadCheckpoint, RefusesLegacyFilesWithBytesLeftOver) {
  const TemporaryFolder folder;
  put(folder / "long.pth", content_of(checkpoint_seed("legacy.pth")) + "x");
  EXPECT_NE(message_of(folder / "long.pth").find("1 bytes behind its last storage"), std::string::npos);
}

TEST(ReadCheckpoint, TheContentDecidesNotTheEnding) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(checkpoint_seed("legacy.pth"), folder / "net.safetensors");
  EXPECT_EQ(read_checkpoint(folder / "net.safetensors").format, "torch legacy");
}

TEST(ReadCheckpoint, RefusesWhatItCannotHold) {
  const Error error = error_of(checkpoint_seed("short.pth"));
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(error.what()).find("tensor small has elements of torch's ShortStorage"), std::string::npos) << error.what();
  EXPECT_NE(message_of(checkpoint_seed("script.pt")).find("TorchScript"), std::string::npos);
}

TEST(ReadCheckpoint, RefusesOtherFiles) {
  const TemporaryFolder folder;
  put(folder / "empty.pth", "");
  EXPECT_NE(message_of(folder / "empty.pth").find("is empty"), std::string::npos);
  put(folder / "page.pth", "<!DOCTYPE html><html><body>Not found</body></html>");
  EXPECT_NE(message_of(folder / "page.pth").find("is no checkpoint"), std::string::npos);
  std::string tar(1024, '\0');
  tar.replace(257, 5, "ustar");
  put(folder / "old.tar", tar);
  EXPECT_NE(message_of(folder / "old.tar").find("tar archive"), std::string::npos);
  EXPECT_NE(message_of(folder / "none.pth").find("does not exist"), std::string::npos);
}

/// Every prefix of a file is refused: nothing of it is used as if it were whole.
TEST(ReadCheckpoint, RefusesFilesThatAreCutOff) {
  const TemporaryFolder folder;
  for (const char* name : {"zip.pth", "legacy.pth", "training_legacy.pth"}) {
    const std::string whole = content_of(checkpoint_seed(name));
    for (std::size_t length = 1; length < whole.size(); length += length + 40 < whole.size() ? 37 : 1) {
      put(folder / "cut.pth", whole.substr(0, length));
      EXPECT_THROW((void)read_checkpoint(folder / "cut.pth"), Error) << name << " at " << length;
    }
  }
}

/// A flipped bit anywhere in a storage of a zip is seen by its checksum.
TEST(ReadCheckpoint, SeesFlippedBits) {
  const TemporaryFolder folder;
  std::string content = content_of(checkpoint_seed("zip.pth"));
  const std::string value("\x00\x00\xB0\x40", 4);  // 5.5, the last of `plain`
  const std::size_t at = content.find(value);
  ASSERT_NE(at, std::string::npos);
  content[at + 3] ^= 0x20;
  put(folder / "flipped.pth", content);
  EXPECT_NE(message_of(folder / "flipped.pth").find("does not fit its checksum"), std::string::npos);
}

TEST(ReadCheckpoint, ReplaysSeedsAndCrashes) {
  std::size_t files = 0;
  for (const char* kind : {"seeds", "crashes"}) {
    const std::filesystem::path folder = std::filesystem::path(INFEROMETER_SOURCE_DIR) / "tests/fuzz" / kind / "checkpoint";
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      ++files;
      try {
        (void)read_checkpoint(entry.path());
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::input || error.code() == ErrorCode::unsupported) << entry.path() << error.what();
      }
    }
  }
  EXPECT_GE(files, 8u);
}

}  // namespace
}  // namespace inferometer::formats

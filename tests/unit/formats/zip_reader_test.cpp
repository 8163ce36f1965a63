#include "formats/zip_reader.h"

#include "checkpoint_test_files.h"
#include "formats/zip_layout.h"

namespace inferometer::formats {
namespace {

std::string problem_of(const std::string& content, std::uint64_t most = 1 << 20) {
  const TemporaryFolder folder;
  put(folder / "a.zip", content);
  try {
    const InputFile file(folder / "a.zip");
    const ZipReader zip(file, most);
    for (const ZipEntry& entry : zip.entries()) (void)zip.read(entry);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string two_entries() {
  const TemporaryFolder folder;
  ZipWriter zip(folder / "a.zip");
  zip.add("a", "first");
  zip.add("b", "second");
  zip.finish();
  return content_of(folder / "a.zip");
}

/// Where the directory's record of the n-th entry begins.
std::size_t record(const std::string& zip, int n) {
  std::size_t at = zip.find("PK\x01\x02");
  for (int i = 0; i < n; ++i) at = zip.find("PK\x01\x02", at + 1);
  return at;
}

TEST(ZipReader, RefusesWhatIsWrong) {
  const std::string whole = two_entries();
  EXPECT_EQ(problem_of(whole), "");
  EXPECT_NE(problem_of(whole, 10).find("out of proportion"), std::string::npos);
  EXPECT_NE(problem_of(whole.substr(0, whole.size() - 1)).find("directory is missing"), std::string::npos);
  const auto with = [&](std::size_t at, char value) {
    std::string changed = whole;
    changed.at(at) = value;
    return problem_of(changed);
  };
  const std::size_t second = record(whole, 1);
  EXPECT_NE(with(second + 8, 1).find("b is encrypted"), std::string::npos);
  EXPECT_NE(with(second + 10, 12).find("b has compression 12"), std::string::npos);
  EXPECT_NE(with(second + 10, 8).find("b cannot be unpacked"), std::string::npos);
  EXPECT_NE(with(second + 16, '\x5A').find("b does not fit its checksum"), std::string::npos);
  EXPECT_NE(with(second + 20, 7).find("b has two sizes"), std::string::npos);
  EXPECT_NE(with(second + 42, 0).find("b is not where the directory says"), std::string::npos);
  EXPECT_NE(with(second + 44, 1).find("b lies beyond the end"), std::string::npos);
  EXPECT_NE(with(second + 46, 'a').find("two entries are called a"), std::string::npos);
  EXPECT_NE(with(second + 28, 99).find("directory cannot be read"), std::string::npos);
}

TEST(InflateExactly, WantsExactlyTheRoomGiven) {
  // "aaaaaaaaaa" as zlib packs it: a fixed block.
  const unsigned char packed[] = {0x4B, 0x4C, 0x84, 0x01, 0x00};
  const auto unpack = [&](std::size_t bytes, std::size_t from) {
    std::vector<std::byte> out(bytes);
    return inflate_exactly(std::as_bytes(std::span(packed, from)), out) &&
           std::all_of(out.begin(), out.end(), [](std::byte b) { return b == std::byte{'a'}; });
  };
  EXPECT_TRUE(unpack(10, 5));
  EXPECT_FALSE(unpack(9, 5));
  EXPECT_FALSE(unpack(11, 5));
  EXPECT_FALSE(unpack(0, 5));
  EXPECT_FALSE(unpack(10, 4));
}

}  // namespace
}  // namespace inferometer::formats

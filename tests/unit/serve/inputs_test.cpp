#include "serve/inputs.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/model_repository.h"
#include "serve/resolved_file.h"
#include "serve/status_error.h"

namespace inferometer::serve {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string picture(const std::string& name) {
  const std::string content = content_of(fs::path(INFEROMETER_SOURCE_DIR) / "tests/unit/dataset/pictures" / name);
  EXPECT_FALSE(content.empty()) << name;
  return content;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += at + i <= bytes.size() ? kLetters[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// A PNG that says its size and holds no pixels.
std::string png_header(std::uint32_t width, std::uint32_t height) {
  const auto big_endian = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const std::string chunk = "IHDR" + big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5);
  std::uint32_t check = ~0u;
  for (const char letter : chunk) {
    check ^= static_cast<unsigned char>(letter);
    for (int bit = 0; bit < 8; ++bit) check = check >> 1 ^ (check & 1u ? 0xEDB88320u : 0u);
  }
  const std::string empty_data = std::string("\0\0\0\0IDAT", 8) + "\x35\xAF\x06\x1E";
  return "\x89PNG\r\n\x1a\n" + big_endian(13) + chunk + big_endian(~check) + empty_data;
}

/// What a call is refused with: "400/1005 text", or "" when it is not.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const StatusError& error) {
    return std::to_string(error.http()) + "/" + std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
  return "";
}

bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

class Inputs : public testing::Test {
 protected:
  Inputs() {
    std::string pattern = (fs::temp_directory_path() / "inputs_test_XXXXXX").string();
    base_ = fs::canonical(::mkdtemp(pattern.data()));
    for (const char* folder : {"data", "data/set", "data2", "other"}) fs::create_directory(base_ / folder);
    write("data/a.jpg", picture("colour.jpg"));
    write("data/set/2.png", picture("colour.png"));
    write("data/set/1.JPG", picture("grey.jpg"));
    write("data/set/notes.txt", "no picture");
    write("data2/b.png", picture("alpha.png"));
    write("other/secret.jpg", picture("colour.jpg"));
    limits_.folders = {base_ / "data", base_ / "data2"};
  }
  ~Inputs() override { fs::remove_all(base_); }

  void write(const fs::path& name, const std::string& content) const { std::ofstream(base_ / name, std::ios::binary) << content; }
  std::string path(const std::string& name) const { return (base_ / name).string(); }
  std::vector<DataItem> resolve(const std::vector<std::string>& data) const { return resolve_items(data, limits_); }
  std::string refused(const std::vector<std::string>& data) const {
    return refusal([&] { resolve(data); });
  }
  /// What decoding it to 8 x 6 pixels is refused with.
  std::string prepared(const std::string& bytes, std::vector<float>* values = nullptr) const {
    zoo::Preprocessing how{.resize = zoo::ResizeRule::warp, .resize_to = 8, .resize_height = 6, .crop = 0};
    const dataset::Preprocessor preprocessor(how, {3, 6, 8});
    std::vector<float> out(3 * 6 * 8);
    const std::string text = refusal([&] { prepare_item({"0", {}, bytes}, preprocessor, limits_, out); });
    if (values != nullptr) *values = out;
    return text;
  }

  fs::path base_;
  InputLimits limits_;
};

TEST_F(Inputs, ResolvesFilesAsGiven) {
  const auto items =
      resolve({path("data/a.jpg"), "set/2.png", path("data/set/../a.jpg"), "b.png", path("data//a.jpg"), path("data/a.jpg")});
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(items[0].uri, path("data/a.jpg"));
  EXPECT_EQ(items[0].file, base_ / "data/a.jpg");
  EXPECT_TRUE(items[0].bytes.empty());
  EXPECT_EQ(items[1].uri, "set/2.png");
  EXPECT_EQ(items[1].file, base_ / "data/set/2.png");
  EXPECT_EQ(items[2].uri, path("data/set/../a.jpg"));
  EXPECT_EQ(items[2].file, base_ / "data/a.jpg");
  EXPECT_EQ(items[3].file, base_ / "data2/b.png");
  EXPECT_EQ(items[4].file, base_ / "data/a.jpg");
  EXPECT_EQ(items[5].uri, items[0].uri);
}

TEST_F(Inputs, ExpandsFoldersSortedByName) {
  const auto items = resolve({path("data/set/"), "a.jpg"});
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].uri, path("data/set/1.JPG"));
  EXPECT_EQ(items[0].file, base_ / "data/set/1.JPG");
  EXPECT_EQ(items[1].uri, path("data/set/2.png"));
  EXPECT_EQ(items[2].uri, "a.jpg");
  fs::create_directory(base_ / "data/empty");
  EXPECT_TRUE(
      starts_with(refused({path("data/empty")}), "400/1005 Could not read image(s): " + path("data/empty") + ": the folder holds no"));
}

TEST_F(Inputs, TakesBase64OfPictures) {
  const std::string jpeg = picture("colour.jpg"), png = picture("colour.png");
  const auto items = resolve({base64(jpeg), "a.jpg", base64(png)});
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].uri, "0");
  EXPECT_EQ(items[0].bytes, jpeg);
  EXPECT_TRUE(items[0].file.empty());
  EXPECT_EQ(items[2].uri, "2");
  EXPECT_EQ(items[2].bytes, png);
  const std::string large = jpeg + std::string(20'000, 'x');
  EXPECT_EQ(resolve({base64(large)})[0].bytes, large);
}

TEST_F(Inputs, RefusesUrls) {
  for (const char* url : {"http://x/y.jpg", "https://x/y.jpg", "file:///etc/passwd", "HTTP://x"}) {
    EXPECT_TRUE(starts_with(refused({url}), std::string("400/1005 Could not read image(s): ") + url + ": URLs are not fetched")) << url;
  }
}

TEST_F(Inputs, AnswersTheSameForWhatIsElsewhereAndWhatIsNotThere) {
  fs::create_symlink(base_ / "other/secret.jpg", base_ / "data/leak.jpg");
  fs::create_symlink(base_ / "other/none.jpg", base_ / "data/dangling.jpg");
  fs::create_symlink(base_ / "data/a.jpg", base_ / "other/in.jpg");  // the spelling counts too
  fs::create_directory_symlink(base_ / "other", base_ / "data/out");
  fs::create_directory(base_ / "data_beside");
  write("data_beside/x.jpg", picture("colour.jpg"));
  ASSERT_EQ(::mkfifo(path("data/pipe").c_str(), 0600), 0);
  const auto cause = [&](const std::string& item) {
    const std::string text = refused({item}), start = "400/1005 Could not read image(s): " + item + ": ";
    EXPECT_TRUE(starts_with(text, start)) << text;
    return text.substr(start.size());
  };
  const std::string same = cause(path("other/none.jpg"));
  EXPECT_TRUE(starts_with(same, "neither a file or folder below the readable folders"));
  for (const char* name : {"other/secret.jpg", "other", "other/in.jpg", "data/../other/secret.jpg", "data/leak.jpg", "data/dangling.jpg",
                           "data/out/secret.jpg", "data/out/none.jpg", "data/none.jpg", "data_beside/x.jpg", "data/pipe"}) {
    EXPECT_EQ(cause(path(name)), same) << name;
  }
  for (const char* text :
       {"/etc", "/etc/passwd", "/usr/bin", "../other/secret.jpg", "..", "/proc/self/environ", "abcd", "data:image/png;base64,AAAA"}) {
    EXPECT_EQ(cause(text), same) << text;
  }
  EXPECT_EQ(refused({""}).substr(0, 36), "400/1005 Could not read image(s): : ");
  EXPECT_FALSE(refused({std::string("a.jpg\0", 6)}).empty());
}

TEST_F(Inputs, FollowsLinksThatStayInside) {
  fs::create_symlink(base_ / "data/a.jpg", base_ / "data/set/0.jpg");
  fs::create_symlink(base_ / "data2/b.png", base_ / "data/set/3.png");
  const auto items = resolve({"set"});
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0].uri, "set/0.jpg");
  EXPECT_EQ(items[0].file, base_ / "data/a.jpg");
  EXPECT_EQ(items[3].file, base_ / "data2/b.png");
  fs::create_symlink(base_ / "other/secret.jpg", base_ / "data/set/4.jpg");
  EXPECT_TRUE(starts_with(refused({"set"}), "400/1005 Could not read image(s): set/4.jpg: neither"));
  // A readable folder may itself be named by a link.
  fs::create_directory_symlink(base_ / "data2", base_ / "named");
  limits_.folders = {base_ / "named/"};
  EXPECT_EQ(resolve({path("named/b.png")})[0].file, base_ / "data2/b.png");
  EXPECT_EQ(resolve({path("data2/b.png")})[0].file, base_ / "data2/b.png");
  EXPECT_EQ(resolve_below(limits_.folders, path("named")), base_ / "data2");
  EXPECT_EQ(resolve_below({}, path("data2/b.png")), std::nullopt);
}

TEST_F(Inputs, LimitsTheirNumber) {
  limits_.items = 2;
  EXPECT_EQ(resolve({"a.jpg", "b.png"}).size(), 2u);
  for (const auto& data : {std::vector<std::string>{"a.jpg", "a.jpg", "a.jpg"}, {"a.jpg", "set"}}) {
    EXPECT_EQ(refused(data), "413/0 a call may hold 2 pictures at most");
  }
}

TEST_F(Inputs, ShowsTheFirstTwoHundredCharactersOfAnItem) {
  const std::string text = refused({std::string(5000, '!')});
  EXPECT_TRUE(starts_with(text, "400/1005 Could not read image(s): " + std::string(150, '!')));
  EXPECT_LT(text.size(), 400u);
}

TEST_F(Inputs, PreparesEveryKindOfPicture) {
  std::vector<float> values;
  EXPECT_EQ(prepared(picture("colour.jpg"), &values), "");
  const std::string one_pixel = [] {  // Grey, one pixel of 200.
    std::string bytes = "\x89PNG\r\n\x1a\n";
    const unsigned char rest[] = {0,    0,    0,   13,   'I',  'H',  'D',  'R',  0,    0,    0,    1,    0,    0,    0,
                                  1,    8,    0,   0,    0,    0,    0x3A, 0x7E, 0x9B, 0x55, 0,    0,    0,    10,   'I',
                                  'D',  'A',  'T', 0x78, 0xDA, 0x63, 0x38, 0x01, 0x00, 0x00, 0xCA, 0x00, 0xC9, 0x34, 0x42,
                                  0x27, 0xF3, 0,   0,    0,    0,    'I',  'E',  'N',  'D',  0xAE, 0x42, 0x60, 0x82};
    return bytes.append(reinterpret_cast<const char*>(rest), sizeof rest);
  }();
  ASSERT_EQ(prepared(one_pixel, &values), "");
  for (std::size_t c = 0; c < 3; ++c) {
    const zoo::Preprocessing how;
    const auto expected = static_cast<float>((200 * how.scale - how.mean[c]) / how.standard_deviation[c]);
    for (std::size_t i = 0; i < 48; ++i) ASSERT_EQ(values[c * 48 + i], expected);
  }
}

TEST_F(Inputs, RefusesDamagedPictures) {
  const std::string jpeg = picture("colour.jpg");
  EXPECT_EQ(prepared(jpeg.substr(0, jpeg.size() / 2)), "400/1005 Could not read image(s): base64 item 0: the JPEG is cut short");
  EXPECT_TRUE(
      starts_with(prepared(picture("colour.png").substr(0, 200)), "400/1005 Could not read image(s): base64 item 0: not a readable PNG"));
  EXPECT_TRUE(starts_with(prepared(""), "400/1005 Could not read image(s): base64 item 0: is neither a JPEG nor a PNG"));
  EXPECT_TRUE(starts_with(prepared(png_header(0, 5)), "400/1005 Could not read image(s): base64 item 0: "));
}

TEST_F(Inputs, RefusesBombsByTheirHeader) {
  // Nothing follows the header: whoever asks for the memory first would say that the picture is cut short.
  const std::string bomb = prepared(png_header(30'000, 30'000));
  EXPECT_TRUE(starts_with(bomb, "413/0 base64 item 0: 30000 x 30000 pixels are too many")) << bomb;
  limits_.pixels = 24 * 18 - 1;
  EXPECT_TRUE(starts_with(prepared(picture("colour.jpg")), "413/0 "));
  EXPECT_TRUE(starts_with(prepared(picture("colour.png")), "413/0 "));
  limits_.pixels = 24 * 18;
  EXPECT_EQ(prepared(picture("colour.jpg")), "");
}

TEST_F(Inputs, ReadsOnlyWhatWasResolved) {
  const dataset::Preprocessor preprocessor({.resize = zoo::ResizeRule::warp, .resize_to = 4, .crop = 0}, {3, 4, 4});
  std::vector<float> out(48);
  const auto prepare = [&](const DataItem& item) { return refusal([&] { prepare_item(item, preprocessor, limits_, out); }); };
  const std::string elsewhere = "400/1005 Could not read image(s): set/2.png: neither";
  const DataItem item = resolve({"set/2.png"})[0];
  EXPECT_EQ(prepare(item), "");
  limits_.file_bytes = 100;
  EXPECT_TRUE(starts_with(prepare(item), "413/0 set/2.png: the file is larger than 100 bytes"));
  limits_.file_bytes = 1 << 20;
  fs::remove(item.file);
  EXPECT_TRUE(starts_with(prepare(item), elsewhere));
  fs::create_symlink(base_ / "other/secret.jpg", item.file);
  EXPECT_TRUE(starts_with(prepare(item), elsewhere));
  fs::remove_all(base_ / "data/set");
  write("other/2.png", picture("colour.png"));
  fs::create_directory_symlink(base_ / "other", base_ / "data/set");
  EXPECT_TRUE(starts_with(prepare(item), elsewhere));
  fs::remove(base_ / "data/set");
  fs::create_directory(base_ / "data/set");
  ASSERT_EQ(::mkfifo(item.file.c_str(), 0600), 0);
  EXPECT_TRUE(starts_with(prepare(item), elsewhere));
}

TEST_F(Inputs, OpensWithoutLinksOnEveryKernel) {
  const fs::path real = base_ / "data/a.jpg", link = base_ / "data/link.jpg", through = base_ / "named/a.jpg";
  fs::create_symlink(real, link);
  fs::create_directory_symlink(base_ / "data", base_ / "named");
  EXPECT_TRUE(open_and_look(real));
  EXPECT_FALSE(open_and_look(link));
  EXPECT_FALSE(open_and_look(through));
  EXPECT_FALSE(open_and_look(base_ / "none"));
  bool supported = false;
  const Descriptor opened = open_without_links(real, supported);
  if (!supported) GTEST_SKIP() << "the kernel has no openat2";
  EXPECT_TRUE(opened);
  EXPECT_FALSE(open_without_links(link, supported));
  EXPECT_FALSE(open_without_links(through, supported));
  EXPECT_TRUE(supported);
}

TEST(Base64, DecodesExactlyPaddedText) {
  const std::array<std::pair<const char*, const char*>, 7> cases{
      {{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}}};
  for (const auto& [text, bytes] : cases) EXPECT_EQ(decode_base64(text), bytes) << text;
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  for (std::size_t count = 0; count <= all.size(); ++count) EXPECT_EQ(decode_base64(base64(all.substr(0, count))), all.substr(0, count));
  for (const char* wrong : {"Zg", "Zg=", "Zm9", "Zg===", "====", "=", "Zm9v\n", "Zm\n9v", " Zm9v", "Zm9-", "Zm9_",
                            "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Zm=v", "Zm9\xff"}) {
    EXPECT_EQ(decode_base64(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace inferometer::serve

#include "serve/http_encoding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace inferometer::serve {
namespace {

bool always(std::size_t) { return true; }

/// @param window  15: with zlib's frame; -15: without one
std::string deflated(std::string_view text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(HttpEncoding, UnpacksWhatWasPacked) {
  std::string text;
  for (int at = 0; at < 50'000; ++at) text += std::to_string(at * 7919 % 1000);
  for (const std::string& content : {std::string(), std::string("a"), text}) {
    std::string unpacked = "what was there before";
    EXPECT_EQ(unpack(pack_gzip(content), "gzip", always, unpacked), Unpacked::well);
    EXPECT_EQ(unpacked, content);
    EXPECT_EQ(unpack(pack_gzip(content), " X-GZIP ", always, unpacked), Unpacked::well);
    EXPECT_EQ(unpack(deflated(content, 15), "deflate", always, unpacked), Unpacked::well);
    EXPECT_EQ(unpacked, content);
    EXPECT_EQ(unpack(deflated(content, -15), "Deflate", always, unpacked), Unpacked::well);
    EXPECT_EQ(unpacked, content);
  }
  std::string joined;
  EXPECT_EQ(unpack(pack_gzip("one ") + pack_gzip("two"), "gzip", always, joined), Unpacked::well);
  EXPECT_EQ(joined, "one two");
}

TEST(HttpEncoding, TellsDamage) {
  std::string unpacked;
  const std::string packed = pack_gzip(std::string(1000, 'a') + "b");
  for (std::size_t bytes = 0; bytes < packed.size(); ++bytes) {
    ASSERT_EQ(unpack(packed.substr(0, bytes), "gzip", always, unpacked), Unpacked::damaged) << bytes;
  }
  std::string wrong = packed;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // within the checksum
  EXPECT_EQ(unpack(wrong, "gzip", always, unpacked), Unpacked::damaged);
  EXPECT_EQ(unpack(packed + "more", "gzip", always, unpacked), Unpacked::damaged);
  EXPECT_EQ(unpack(deflated("text", 15) + "x", "deflate", always, unpacked), Unpacked::damaged);
  EXPECT_EQ(unpack("text", "gzip", always, unpacked), Unpacked::damaged);
  EXPECT_EQ(unpack(packed, "br", always, unpacked), Unpacked::unknown_encoding);
  EXPECT_EQ(unpack(packed, "gzip, gzip", always, unpacked), Unpacked::unknown_encoding);
}

TEST(HttpEncoding, ABombCostsNoMoreThanWasAllowed) {
  const std::string bomb = pack_gzip(std::string(20'000'000, '\0'));
  std::string unpacked;
  std::size_t allowed = 0;
  const auto grow = [&](std::size_t bytes) {
    if (allowed + bytes > 100'000) return false;
    allowed += bytes;
    return true;
  };
  EXPECT_EQ(unpack(bomb, "gzip", grow, unpacked), Unpacked::too_large);
  EXPECT_LE(unpacked.size(), 100'000U);
}

TEST(HttpEncoding, ReadsAcceptEncoding) {
  for (const char* value : {"gzip", "gzip, deflate", "deflate, GZIP;q=0.5", "br;q=1.0, *;q=0.1", "*", "x-gzip", "gzip;q=1"}) {
    EXPECT_TRUE(accepts_gzip(value)) << value;
  }
  for (const char* value : {"", "identity", "deflate", "gzip;q=0", "gzip; q=0.0, *", "*;q=0", "gzip;q=x", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(value)) << value;
  }
  EXPECT_TRUE(is_plain_encoding(""));
  EXPECT_TRUE(is_plain_encoding(" Identity "));
  EXPECT_FALSE(is_plain_encoding("gzip"));
}

}  // namespace
}  // namespace inferometer::serve

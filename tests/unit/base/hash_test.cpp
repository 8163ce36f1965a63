#include "base/hash.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace inferometer {
namespace {

TEST(Sha256, PublishedVectors) {
  // FIPS 180-2, appendix B; the empty message from NIST's CAVP.
  const std::pair<std::string, const char*> cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& [message, digest] : cases) EXPECT_EQ(sha256_hex(message), digest);
}

TEST(Sha256, PiecesAndFilesGiveTheSame) {
  const std::string message(1'000'000, 'a');
  const auto digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  Sha256 hash;
  for (std::size_t i = 0; i < message.size(); i += 999) hash.update(std::string_view(message).substr(i, 999));
  EXPECT_EQ(hash.hex(), digest);

  const auto path = std::filesystem::temp_directory_path() / ("inferometer_hash_test_" + std::to_string(getpid()));
  write_file_atomically(path, message);
  EXPECT_EQ(sha256_file_hex(path), digest);
  std::filesystem::remove(path);
}

TEST(Sha256, FileErrorsNameTheFile) {
  for (const std::string path : {"/no/such/file", "/"}) {
    try {
      sha256_file_hex(path);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::io);
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace inferometer

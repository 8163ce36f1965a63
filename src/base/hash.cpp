#include "base/hash.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"

namespace inferometer {
namespace {

void require(int outcome) {
  if (outcome != 1) throw Error(ErrorCode::internal, "OpenSSL could not compute a SHA-256");
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(context != nullptr ? 1 : 0);
    require(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) { require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size())); }

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4U];
    text += kDigits[digest[i] & 15U];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_file_hex(const std::filesystem::path& path) {
  const auto fail = [&](int cause) {
    return Error(ErrorCode::io, "cannot read " + path.string() + ": " + std::system_category().message(cause));
  };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw fail(errno);
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 18U);
  while (true) {
    const auto count = ::read(file.number(), buffer.data(), buffer.size());
    if (count == 0) return hash.hex();
    if (count > 0)
      hash.update({buffer.data(), static_cast<std::size_t>(count)});
    else if (errno != EINTR)
      throw fail(errno);
  }
}

}  // namespace inferometer

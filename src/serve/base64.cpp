#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/inputs.h"

namespace inferometer::serve {
namespace {

constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = kNone;
  for (std::size_t i = 0; i < kLetters.size(); ++i) values[static_cast<unsigned char>(kLetters[i])] = static_cast<std::uint8_t>(i);
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = make_values();

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes(text.size() / 4 * 3, '\0');
  char* out = bytes.data();
  std::uint32_t wrong = 0;  // looked at once, at the end: kNone alone has the highest bit
  const auto value_at = [&](std::size_t at) -> std::uint32_t {
    const std::uint32_t value = at + padding < text.size() ? kValues[static_cast<unsigned char>(text[at])] : 0;
    wrong |= value;
    return value & 63u;
  };
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::uint32_t group = value_at(at) << 18 | value_at(at + 1) << 12 | value_at(at + 2) << 6 | value_at(at + 3);
    *out++ = static_cast<char>(group >> 16);
    *out++ = static_cast<char>(group >> 8);
    *out++ = static_cast<char>(group);
  }
  if ((wrong & 0x80u) != 0) return std::nullopt;
  // Bits that padding leaves over must be zero: one text for one content.
  for (std::size_t i = 0; i < padding; ++i) {
    if (bytes[bytes.size() - 1 - i] != '\0') return std::nullopt;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace inferometer::serve

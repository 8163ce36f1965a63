#include "load/bodies.h"

namespace inferometer::load {

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) { return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u; };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    text += kLetters[group >> 18];
    text += kLetters[group >> 12 & 63];
    text += at + 1 < bytes.size() ? kLetters[group >> 6 & 63] : '=';
    text += at + 2 < bytes.size() ? kLetters[group & 63] : '=';
  }
  return text;
}

}  // namespace inferometer::load

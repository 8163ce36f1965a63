#include "serve/long_strings.h"

#include <algorithm>

namespace inferometer::serve {
namespace {

constexpr std::size_t kLong = 512;

/// The quote that ends the string which begins at `begin`, or npos.
std::size_t closing_quote(std::string_view text, std::size_t begin) {
  std::size_t quote = text.find('"', begin);
  while (quote != std::string_view::npos) {
    const std::size_t escape = text.substr(0, quote).find('\\', begin);
    if (escape == std::string_view::npos) return quote;
    begin = escape + 2;
    if (quote < begin) quote = text.find('"', begin);  // else the search would be repeated for every escape
  }
  return quote;
}

/// Written without branches, so that the compiler makes vector instructions of it.
bool is_plain(std::string_view text) {
  unsigned bad = 0;
  for (const char letter : text)
    bad |= static_cast<unsigned>(letter < ' ') | static_cast<unsigned>(letter > '~') | static_cast<unsigned>(letter == '\\');
  return bad == 0;
}

}  // namespace

std::size_t ShortenedJson::original_position(std::size_t position) const {
  std::size_t original = position;
  for (const LongString& string : strings) {
    if (string.place < position) original += string.content.size();
  }
  return original;
}

ShortenedJson shorten(std::string_view original) {
  ShortenedJson result;
  std::size_t copied = 0, number = 0;
  for (std::size_t open = original.find('"'); open != std::string_view::npos; ++number) {
    const std::size_t begin = open + 1, end = closing_quote(original, begin);
    if (end == std::string_view::npos) break;
    const std::string_view content = original.substr(begin, end - begin);
    if (content.size() >= kLong && is_plain(content)) {
      result.text += original.substr(copied, begin - copied);
      result.strings.push_back({number, result.text.size(), content});
      copied = end;
    }
    open = original.find('"', end + 1);
  }
  result.text += original.substr(copied);
  return result;
}

}  // namespace inferometer::serve

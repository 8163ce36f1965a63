/// Match a text with a pattern in which one letter stands for any text.
#pragma once

#include <cstddef>
#include <string_view>

namespace inferometer {

/// How many bytes of the pattern and of the text belong together; none where they do not.
struct MatchedItem {
  std::size_t pattern_bytes = 0, text_bytes = 0;
};

/// Whether the whole text is as the pattern says. Takes at most pattern times text steps, however many `any` there are.
/// @param any   stands for any text, also none
/// @param item  MatchedItem item(std::string_view pattern, std::string_view text): their first parts, neither being empty
template <typename Item>
bool matches_pattern(std::string_view pattern, std::string_view text, char any, Item item) {
  // Only the last `any` ever needs another try: what an earlier one took is already matched as short as possible.
  std::size_t p = 0, t = 0, after_any = std::string_view::npos, any_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == any) {
      after_any = ++p;
      any_text = t;
      continue;
    }
    const MatchedItem matched = p < pattern.size() ? item(pattern.substr(p), text.substr(t)) : MatchedItem{};
    if (matched.pattern_bytes > 0) {
      p += matched.pattern_bytes;
      t += matched.text_bytes;
    } else if (after_any != std::string_view::npos) {
      p = after_any;
      t = ++any_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == any) ++p;
  return p == pattern.size();
}

}  // namespace inferometer

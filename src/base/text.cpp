#include "base/text.h"

#include <cstdlib>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "base/wildcards.h"

namespace inferometer {
namespace {

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Length of the "[...]" at the start of a pattern; 0 when it is not closed, so that the bracket stands for itself.
std::size_t bracket_length(std::string_view pattern) {
  std::size_t position = 1;
  if (position < pattern.size() && (pattern[position] == '!' || pattern[position] == '^')) ++position;
  const auto close = pattern.find(']', position + 1);  // "[]a]": the first is a member
  return close == std::string_view::npos ? 0 : close + 1;
}

bool bracket_matches(std::string_view bracket, char c) {
  auto members = bracket.substr(1, bracket.size() - 2);
  const bool negated = members[0] == '!' || members[0] == '^';
  if (negated) members.remove_prefix(1);
  bool found = false;
  const auto byte = static_cast<unsigned char>(c);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto first = static_cast<unsigned char>(members[i]);
    if (i + 2 < members.size() && members[i + 1] == '-') {
      found = found || (byte >= first && byte <= static_cast<unsigned char>(members[i + 2]));
      i += 2;
    } else {
      found = found || byte == first;
    }
  }
  return found != negated;
}

/// Bytes of the pattern's first item when it matches c; 0 when it does not.
std::size_t item_match(std::string_view pattern, char c) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    if (const auto length = bracket_length(pattern); length > 0) {
      return bracket_matches(pattern.substr(0, length), c) ? length : 0;
    }
  }
  return pattern[0] == c ? 1 : 0;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the well-formed UTF-8 sequence at the start (Unicode 15, table 3-7); 0 when there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(bytes[i])) return 0;
  }
  // Overlong forms, surrogates and values beyond U+10FFFF.
  if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F)) return 0;
  return length;
}

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto position = text.find(separator);
    parts.emplace_back(text.substr(0, position));
    if (position == std::string_view::npos) return parts;
    text.remove_prefix(position + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kWhite = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower_letter);
  return result;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  return matches_pattern(pattern, text, '*', [](std::string_view items, std::string_view letters) {
    const std::size_t length = item_match(items, letters.front());
    return MatchedItem{length, length > 0 ? std::size_t{1} : 0};
  });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (lower_letter(a[i]) == lower_letter(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& known, std::size_t most) {
  // Longer words may differ more; the start of a longer name ("vgg" for "vgg16") is meant too, after better matches.
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  const auto word_lower = lower(word);
  std::vector<std::tuple<std::size_t, std::size_t>> candidates;  // distance, index: equals stay in the order given
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto distance = edit_distance(word, known[i]);
    const bool is_start = word.size() >= 3 && lower(known[i]).starts_with(word_lower);
    if ((distance <= limit && distance < word.size()) || is_start) candidates.emplace_back(distance, i);
  }
  std::sort(candidates.begin(), candidates.end());
  std::vector<std::string> result;
  for (const auto& [distance, index] : candidates) {
    if (result.size() == most) break;
    result.push_back(known[index]);
  }
  return result;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  if (near.empty()) return {};
  std::string text = "did you mean " + near[0];
  for (std::size_t i = 1; i < near.size(); ++i) text += (i + 1 == near.size() ? " or " : ", ") + near[i];
  return text + "?";
}

std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_whole<std::int64_t>(text); }

std::optional<double> parse_number(std::string_view text) {
  const auto value = parse_whole<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  text = trim(text);
  line.reserve(std::min(text.size(), most));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1_control = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                            static_cast<unsigned char>(text[i + 1]) <= 0x9F;
    if (c1_control) ++i;
    line += c1_control || byte < 0x20 || byte == 0x7F ? ' ' : text[i];
    if (line.size() > most) break;
  }
  if (line.size() <= most) return line;
  constexpr std::string_view kCut = "...";
  if (most <= kCut.size()) return std::string(kCut.substr(0, most));
  auto length = most - kCut.size();
  while (length > 0 && is_continuation(line[length])) --length;
  line.resize(length);
  return line.append(kCut);
}

std::string shell_quote(std::string_view word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = sequence_length(bytes);
    if (length == 0)
      text += "\xEF\xBF\xBD";
    else
      text += bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string exact_text(double value) { return fmt::format("{}", value); }

std::string rounded_text(double value) {
  constexpr int kDigits = 4;
  if (value == 0) return "0";
  const double magnitude = std::fabs(value);
  if (magnitude < 1e-4 || magnitude >= 1e15) return fmt::format("{:.{}e}", value, kDigits - 1);
  // The exponent is that of the value after rounding to four digits: 9.99996 reads 10.00, not 10.000.
  const double exponent = std::floor(std::log10(std::strtod(fmt::format("{:.{}e}", magnitude, kDigits - 1).c_str(), nullptr)));
  const int decimals = std::clamp(kDigits - 1 - static_cast<int>(exponent), 0, kDigits + 4);
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace inferometer

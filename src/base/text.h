/// Small helpers on text that the standard library lacks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer {

std::vector<std::string> split(std::string_view text, char separator);  ///< keeps empty parts; "" gives one empty part
std::string_view trim(std::string_view text);                           ///< without white space at both ends
std::string lower(std::string_view text);                               ///< ASCII
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool glob_match(std::string_view pattern, std::string_view text);   ///< * ? [abc]; linear-ish, no recursion blow-up
std::size_t edit_distance(std::string_view a, std::string_view b);  ///< Levenshtein, without case

/// Known words nearest to a misspelt one, best first; only those near enough to be meant.
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& known, std::size_t most = 3);
/// "did you mean a, b or c?" or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// The whole text as a number; nullopt on anything else (spaces, trailing text, overflow, nan, inf).
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

/// Make text fit one line: control characters become spaces, at most `most` bytes, cut at a UTF-8 boundary with "...".
std::string one_line(std::string_view text, std::size_t most = 500);
/// Quote for a POSIX shell where needed.
std::string shell_quote(std::string_view word);
bool is_valid_utf8(std::string_view text);
/// Replace bytes that are no UTF-8 by U+FFFD, so that text can go into JSON.
std::string to_utf8(std::string_view bytes);

/// Four significant digits for people, never an exponent between 1e-4 and 1e15: 12.30, 0.004321, 123457.
std::string rounded_text(double value);
/// The shortest text that reads back as the same double.
std::string exact_text(double value);

}  // namespace inferometer

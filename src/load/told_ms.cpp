#include <charconv>
#include <cmath>

#include "load/load.h"

namespace inferometer::load {

// A key's closing quote is the only one that no backslash precedes, so `"time"` cannot be found within a string.
std::optional<double> told_ms(std::string_view body) {
  const std::size_t head = body.find("\"head\"");
  if (head == std::string_view::npos) return std::nullopt;
  constexpr std::string_view kKey = "\"time\"", kSpace = " \t\r\n";
  std::size_t at = body.find(kKey, head);
  if (at == std::string_view::npos) return std::nullopt;
  at = body.find_first_not_of(kSpace, at + kKey.size());
  if (at == std::string_view::npos || body[at] != ':') return std::nullopt;
  at = body.find_first_not_of(kSpace, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, failure] = std::from_chars(body.data() + at, body.data() + body.size(), value);
  if (failure != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

}  // namespace inferometer::load

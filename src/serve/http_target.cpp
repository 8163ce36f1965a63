#include "serve/http_target.h"

#include <cstddef>
#include <utility>

#include "base/text.h"

namespace inferometer::serve {
namespace {

enum class Plus { itself, space };

int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::space) {
      decoded += ' ';
    } else if (text[at] != '%') {
      decoded += text[at];
    } else {
      if (at + 2 >= text.size()) return std::nullopt;
      const int high = hexadecimal(text[at + 1]), low = hexadecimal(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  // What follows puts names into JSON and paths into system calls: neither takes these.
  if (!is_valid_utf8(decoded) || decoded.find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

/// "http://host/a" as "/a".
std::string_view without_origin(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = target.find_first_of("/?");
    return end == std::string_view::npos ? "/" : target.substr(end);
  }
  return target;
}

}  // namespace

std::optional<HttpTarget> split_target(std::string_view target) {
  target = without_origin(target);
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  HttpTarget result;
  if (path.empty() ? mark == std::string_view::npos : path[0] != '/') return std::nullopt;
  if (path.size() > 1) {
    for (const std::string& segment : split(path.substr(1), '/')) {
      auto decoded = decode(segment, Plus::itself);
      if (!decoded) return std::nullopt;
      result.path.push_back(std::move(*decoded));
    }
  }
  if (query.empty()) return result;
  for (const std::string& part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = decode(std::string_view(part).substr(0, equals), Plus::space);
    auto value = decode(equals == std::string::npos ? std::string_view() : std::string_view(part).substr(equals + 1), Plus::space);
    if (!name || !value) return std::nullopt;
    result.query[std::move(*name)] = std::move(*value);
  }
  return result;
}

}  // namespace inferometer::serve

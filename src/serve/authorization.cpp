#include "serve/authorization.h"

#include <cstddef>
#include <optional>
#include <string>

#include "base/text.h"
#include "serve/inputs.h"

namespace inferometer::serve {
namespace {

/// The time depends on the length of what was given alone.
bool equal(std::string_view given, std::string_view token) {
  if (token.empty()) return false;
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t at = 0; at < given.size(); ++at) {
    difference |= static_cast<unsigned char>(given[at]) ^ static_cast<unsigned char>(token[at % token.size()]);
  }
  return difference == 0;
}

}  // namespace

bool is_authorized(std::string_view authorization, std::string_view token) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string scheme = lower(authorization.substr(0, space));
  const std::string_view rest = trim(authorization.substr(space));
  if (scheme == "bearer") return equal(rest, token);
  if (scheme != "basic") return false;
  const std::optional<std::string> decoded = decode_base64(rest);
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  return colon != std::string::npos && equal(std::string_view(*decoded).substr(colon + 1), token);
}

}  // namespace inferometer::serve

/// Take a request's target apart.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::serve {

struct HttpTarget {
  std::vector<std::string> path;             ///< see HttpRequest::path
  std::map<std::string, std::string> query;  ///< see HttpRequest::query
};

/// @param target  "/a/b?c=d", or the same behind "http://host" as a proxy sends it
/// @return nullopt for anything else, for a '%' that two hexadecimal digits do not follow, and where the decoded text is no UTF-8 or holds
/// a zero byte. In the query '+' is a space, as forms send it; in the path it is itself.
std::optional<HttpTarget> split_target(std::string_view target);

}  // namespace inferometer::serve

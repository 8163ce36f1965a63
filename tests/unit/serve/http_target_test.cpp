#include "serve/http_target.h"

#include <gtest/gtest.h>

namespace inferometer::serve {
namespace {

using Path = std::vector<std::string>;
using Query = std::map<std::string, std::string>;

TEST(HttpTarget, Cases) {
  struct {
    const char* target;
    Path path;
    Query query;
  } const cases[] = {
      {"/", {}, {}},
      {"/info", {"info"}, {}},
      {"/info/", {"info", ""}, {}},
      {"//", {"", ""}, {}},
      {"/services/a%2Fb%20c", {"services", "a/b c"}, {}},
      {"/services/%F0%9F%90%8D", {"services", "\xF0\x9F\x90\x8D"}, {}},
      {"/a+b?c+d=e+f", {"a+b"}, {{"c d", "e f"}}},
      {"/a?", {"a"}, {}},
      {"/a?b", {"a"}, {{"b", ""}}},
      {"/a?b=1&b=2&&c==", {"a"}, {{"b", "2"}, {"c", "="}}},
      {"/a?b=%3d%26?#x", {"a"}, {{"b", "=&?"}}},
      {"http://host:80/a/b?c=d", {"a", "b"}, {{"c", "d"}}},
      {"http://host", {}, {}},
      {"http://host?c=d", {}, {{"c", "d"}}},
  };
  for (const auto& each : cases) {
    const auto result = split_target(each.target);
    ASSERT_TRUE(result) << each.target;
    EXPECT_EQ(result->path, each.path) << each.target;
    EXPECT_EQ(result->query, each.query) << each.target;
  }
}

TEST(HttpTarget, Errors) {
  for (const char* target :
       {"", "info", "*", "ftp://host/a", "/%", "/%4", "/%4g", "/%G4", "/a?b=%", "/%ff", "/%c0%80", "/a%00", "/?%00=1", "/\xff"}) {
    EXPECT_FALSE(split_target(target)) << target;
  }
}

}  // namespace
}  // namespace inferometer::serve

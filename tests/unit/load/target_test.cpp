#include "load/target.h"

#include "test_server.h"

namespace inferometer::load {
namespace {

TEST(Url, is_taken_apart) {
  const std::vector<std::tuple<const char*, const char*, int, const char*>> all = {
      {"http://127.0.0.1:8081", "127.0.0.1", 8081, ""},
      {"http://host", "host", 80, ""},
      {"HTTP://host/", "host", 80, ""},
      {"host:99/a/b/", "host", 99, "/a/b"},
      {"localhost", "localhost", 8080, ""},
      {"http://[::1]:7/v2", "::1", 7, "/v2"},
      {"http://[::1]", "::1", 80, ""},
  };
  for (const auto& each : all) {
    SCOPED_TRACE(std::get<0>(each));
    const Url url = parse_url(std::get<0>(each));
    EXPECT_EQ(url.host, std::get<1>(each));
    EXPECT_EQ(url.port, std::get<2>(each));
    EXPECT_EQ(url.path, std::get<3>(each));
  }
}

TEST(Url, is_refused_in_one_line) {
  const std::vector<std::pair<const char*, const char*>> all = {
      {"https://host", "https"},      {"ftp://host", "ftp"},
      {"http://", "no host"},         {"", "no host"},
      {"http://host:0", "'0'"},       {"http://host:65536", "'65536'"},
      {"http://host:", "''"},         {"http://host:8x", "'8x'"},
      {"http://u:p@host", "--token"}, {"http://[::1", "not closed"},
      {"http://[::1]x", "no port"},   {"http://a b", "space"},
      {"http://h/p?q=1", "query"},
  };
  for (const auto& each : all) expect_error(ErrorCode::usage, each.second, [&] { parse_url(each.first); });
}

TEST(RequestBytes, are_whole) {
  Target target;
  target.token = "t";
  target.headers = {{"X-A", "1"}};
  EXPECT_EQ(request_bytes(target, "POST", "/predict", "{}"),
            "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer t\r\nX-A: 1\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}");
  target = {};
  target.host = "::1";
  EXPECT_EQ(request_bytes(target, "DELETE", "", "", false),
            "DELETE / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  target.token = "a\nb";
  expect_error(ErrorCode::usage, "--token", [&] { request_bytes(target, "GET", "/", ""); });
  expect_error(ErrorCode::usage, "path", [&] { request_bytes(Target{}, "GET", "/a b", ""); });
}

}  // namespace
}  // namespace inferometer::load

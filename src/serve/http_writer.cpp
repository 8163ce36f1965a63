#include "serve/http_writer.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "serve/http_encoding.h"

namespace inferometer::serve {
namespace {

constexpr std::size_t kWorthPacking = 1024;

struct Phrase {
  int status;
  std::string_view text;
};
constexpr std::array<Phrase, 16> kPhrases{{{200, "OK"},
                                           {201, "Created"},
                                           {400, "Bad Request"},
                                           {401, "Unauthorized"},
                                           {403, "Forbidden"},
                                           {404, "Not Found"},
                                           {405, "Method Not Allowed"},
                                           {408, "Request Timeout"},
                                           {409, "Conflict"},
                                           {413, "Payload Too Large"},
                                           {415, "Unsupported Media Type"},
                                           {422, "Unprocessable Entity"},
                                           {431, "Request Header Fields Too Large"},
                                           {500, "Internal Server Error"},
                                           {501, "Not Implemented"},
                                           {503, "Service Unavailable"}}};

/// As RFC 9110 section 5.6.7 has it, in English whatever the locale is.
std::string date_now() {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto found = std::find_if(kPhrases.begin(), kPhrases.end(), [status](const Phrase& phrase) { return phrase.status == status; });
  return found == kPhrases.end() ? "Unknown" : found->text;
}

std::string answer_bytes(const HttpResponse& response, const AnswerForm& form) {
  std::string packed;
  std::string_view body = response.body;
  if (form.gzip && body.size() > kWorthPacking) {
    packed = pack_gzip(body);
    if (packed.size() < body.size()) body = packed;
  }
  const bool is_packed = body.data() != response.body.data();
  std::string bytes;
  bytes.reserve(512 + (form.head ? 0 : body.size()));
  auto out = std::back_inserter(bytes);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", response.status,
                 reason_phrase(response.status), date_now(), response.content_type, body.size());
  if (is_packed) bytes += "Content-Encoding: gzip\r\n";
  if (response.body.size() > kWorthPacking) bytes += "Vary: Accept-Encoding\r\n";
  if (!form.keep_alive)
    bytes += "Connection: close\r\n";
  else if (form.version_1_0)
    bytes += "Connection: keep-alive\r\n";
  for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  bytes += "\r\n";
  if (!form.head) bytes += body;
  return bytes;
}

}  // namespace inferometer::serve

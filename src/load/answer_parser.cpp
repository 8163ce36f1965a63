#include "load/answer_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace inferometer::load {
namespace {

/// The whole text as an unsigned number; signs, spaces and overflow are none.
std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void AnswerParser::reset() {
  buffer_.clear();
  joined_.clear();
  searched_ = body_ = chunk_ = 0;
  state_ = State::more;
  framing_ = Framing::until_close;
  length_ = 0;
  status_ = 0;
  any_ = false;
  keeps_alive_ = true;
}

AnswerParser::State AnswerParser::feed(std::string_view bytes) {
  if (bytes.empty()) return state_;
  any_ = true;
  if (state_ != State::more) return state_ = State::malformed;  // more than the answer
  buffer_.append(bytes);
  return state_ = advance();
}

AnswerParser::State AnswerParser::closed() {
  keeps_alive_ = false;
  if (state_ == State::more && body_ > 0 && framing_ == Framing::until_close) {
    length_ = buffer_.size() - body_;
    state_ = State::complete;
  }
  return state_;
}

std::string_view AnswerParser::body() const {
  if (framing_ == Framing::chunks) return joined_;
  return std::string_view(buffer_).substr(body_, length_);
}

AnswerParser::State AnswerParser::advance() {
  while (body_ == 0) {
    const std::size_t end = buffer_.find("\r\n\r\n", searched_);
    if (end == std::string::npos) {
      searched_ = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
      // Garbage is told at once and not after a timeout.
      const std::string_view begin = std::string_view(buffer_).substr(0, 7);
      const bool is_http = begin == std::string_view("HTTP/1.").substr(0, begin.size());
      return is_http && buffer_.size() <= kMostHead ? State::more : State::malformed;
    }
    if (end > kMostHead || !read_head(std::string_view(buffer_).substr(0, end))) return State::malformed;
    if (status_ < 200) {  // an interim answer; the one that counts follows
      buffer_.erase(0, end + 4);
      searched_ = 0;
      continue;
    }
    body_ = chunk_ = end + 4;
    if (status_ == 204 || status_ == 304) {
      framing_ = Framing::length;
      length_ = 0;
    }
  }
  if (framing_ == Framing::chunks) return read_chunks();
  const std::size_t have = buffer_.size() - body_;
  if (framing_ == Framing::until_close) return have <= kMostBody ? State::more : State::malformed;
  if (have < length_) return State::more;
  return have == length_ ? State::complete : State::malformed;
}

bool AnswerParser::read_head(std::string_view head) {
  // "HTTP/1.1 200 OK"; the reason may be missing.
  if (head.size() < 12 || !head.starts_with("HTTP/1.") || head[8] != ' ') return false;
  const auto status = parse_unsigned(head.substr(9, 3), 10);
  if (!status || *status < 100 || (head.size() > 12 && head[12] != ' ' && head[12] != '\r')) return false;
  status_ = static_cast<int>(*status);
  keeps_alive_ = head[7] != '0';
  framing_ = Framing::until_close;
  std::size_t begin = std::min(head.find("\r\n"), head.size());
  while (begin < head.size()) {
    begin += 2;
    const std::size_t end = std::min(head.find("\r\n", begin), head.size());
    const std::string_view line = head.substr(begin, end - begin);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !read_header(line.substr(0, colon), trim(line.substr(colon + 1)))) return false;
    begin = end;
  }
  if (framing_ == Framing::until_close) keeps_alive_ = false;
  return true;
}

bool AnswerParser::read_header(std::string_view name, std::string_view value) {
  if (name.size() != 14 && name.size() != 17 && name.size() != 10) return true;  // no need to look closer
  const std::string lower_name = lower(name);
  if (lower_name == "content-length") {
    const auto length = parse_unsigned(value, 10);
    if (!length || *length > kMostBody || (framing_ == Framing::length && *length != length_)) return false;
    length_ = *length;
    if (framing_ != Framing::chunks) framing_ = Framing::length;
  } else if (lower_name == "transfer-encoding") {
    if (lower(value) != "chunked") return false;
    framing_ = Framing::chunks;
  } else if (lower_name == "connection") {
    if (lower(value) == "close") keeps_alive_ = false;
    if (lower(value) == "keep-alive") keeps_alive_ = true;
  }
  return true;
}

AnswerParser::State AnswerParser::read_chunks() {
  constexpr std::size_t kMostLine = 4096;
  const std::string_view all = buffer_;
  while (true) {
    const std::size_t end = all.find("\r\n", chunk_);
    if (end == std::string_view::npos) return all.size() - chunk_ <= kMostLine ? State::more : State::malformed;
    const std::string_view line = all.substr(chunk_, end - chunk_);
    const auto size = parse_unsigned(trim(line.substr(0, line.find(';'))), 16);
    if (!size || joined_.size() + *size > kMostBody) return State::malformed;
    if (*size == 0) break;
    const std::size_t data = end + 2;
    if (all.size() < data + *size + 2) return State::more;
    if (all.substr(data + *size, 2) != "\r\n") return State::malformed;
    joined_.append(all.substr(data, *size));
    chunk_ = data + *size + 2;
  }
  // The last chunk's line, then trailers up to an empty line.
  const std::size_t last = all.find("\r\n", chunk_);
  const std::size_t end = all.find("\r\n\r\n", last);
  if (end == std::string_view::npos) return all.size() - chunk_ <= kMostHead ? State::more : State::malformed;
  return end + 4 == all.size() ? State::complete : State::malformed;
}

}  // namespace inferometer::load

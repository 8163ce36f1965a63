#include "serve/http_encoding.h"

#include <array>
#include <new>

#include <zlib.h>

#include "base/text.h"

namespace inferometer::serve {
namespace {

constexpr int kGzipFrame = 15 + 16, kZlibFrame = 15, kNoFrame = -15;  // window bits as zlib wants them told

/// Owns zlib's state for reading.
class Inflater {
 public:
  explicit Inflater(int window) {
    if (::inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

Unpacked inflate_all(std::string_view body, int window, const std::function<bool(std::size_t)>& grow, std::string& unpacked) {
  Inflater inflater(window);
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib's interface lacks the const
  stream.avail_in = static_cast<uInt>(body.size());
  std::array<char, 64 << 10> piece;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END) return Unpacked::damaged;  // Z_BUF_ERROR too: the input has ended before the stream
    const std::size_t bytes = piece.size() - stream.avail_out;
    if (bytes > 0 && !grow(bytes)) return Unpacked::too_large;
    unpacked.append(piece.data(), bytes);
    if (result != Z_STREAM_END) continue;
    if (stream.avail_in == 0) return Unpacked::well;
    // gzip files may follow one another and mean their joined content; nothing else may.
    if (window != kGzipFrame || ::inflateReset(&stream) != Z_OK) return Unpacked::damaged;
  }
}

/// The quality value of one element of Accept-Encoding; 1 unless it says otherwise, 0 for one that is no number.
double quality(std::string_view parameters) {
  for (const std::string& parameter : split(parameters, ';')) {
    const std::string text = lower(trim(parameter));
    if (text.starts_with("q=")) return parse_number(trim(std::string_view(text).substr(2))).value_or(0);
  }
  return 1;
}

}  // namespace

bool is_plain_encoding(std::string_view encoding) {
  encoding = trim(encoding);
  return encoding.empty() || lower(encoding) == "identity";
}

Unpacked unpack(std::string_view body, std::string_view encoding, const std::function<bool(std::size_t)>& grow, std::string& unpacked) {
  unpacked.clear();
  const std::string name = lower(trim(encoding));
  if (name == "gzip" || name == "x-gzip") return inflate_all(body, kGzipFrame, grow, unpacked);
  if (name != "deflate") return Unpacked::unknown_encoding;
  // The standard means zlib's frame; some clients leave it out. The frame's first two bytes, read as one number, divide by 31.
  const bool framed = body.size() >= 2 && (static_cast<unsigned char>(body[0]) & 0x0f) == 8 &&
                      (static_cast<unsigned char>(body[0]) * 256 + static_cast<unsigned char>(body[1])) % 31 == 0;
  return inflate_all(body, framed ? kZlibFrame : kNoFrame, grow, unpacked);
}

std::string pack_gzip(std::string_view body) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipFrame, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string packed;
  try {
    packed.resize(::deflateBound(&stream, static_cast<uLong>(body.size())));
  } catch (...) {
    ::deflateEnd(&stream);
    throw;
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);  // the bound makes room for all of it
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  for (const std::string& element : split(accept_encoding, ',')) {
    const std::size_t semicolon = element.find(';');
    const std::string name = lower(trim(std::string_view(element).substr(0, semicolon)));
    const bool wanted = semicolon == std::string::npos || quality(std::string_view(element).substr(semicolon + 1)) > 0;
    if (name == "gzip" || name == "x-gzip") return wanted;
    if (name == "*") any = wanted;
  }
  return any;
}

}  // namespace inferometer::serve

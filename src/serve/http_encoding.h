/// Undo and apply the content encodings of HTTP: gzip and deflate.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace inferometer::serve {

enum class Unpacked : unsigned char {
  well,
  damaged,          ///< cut short, wrong checksum, bytes behind the end
  too_large,        ///< `grow` refused
  unknown_encoding  ///< neither gzip nor deflate
};

/// Whether the value of Content-Encoding says that the body is as it is: empty or "identity".
bool is_plain_encoding(std::string_view encoding);

/// @param encoding  the value of Content-Encoding: one of gzip, x-gzip, deflate (with or without zlib's frame)
/// @param grow  asked before every further piece, with its bytes; false ends the unpacking, so a bomb costs no more than what was allowed
Unpacked unpack(std::string_view body, std::string_view encoding, const std::function<bool(std::size_t)>& grow, std::string& unpacked);

/// gzip at its fastest level. Throws std::bad_alloc.
std::string pack_gzip(std::string_view body);

/// Whether the value of Accept-Encoding takes gzip: named, or covered by '*', and its q not 0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace inferometer::serve

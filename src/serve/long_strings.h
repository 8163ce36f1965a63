/// Take the long strings out of a JSON text before it is parsed.
///
/// A parser looks at every character of a string; base64 pictures are megabytes of them that need no looking at. What is taken out is put
/// back by its number among the text's strings, which no content can imitate.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer::serve {

struct LongString {
  std::size_t number = 0;    ///< among all strings of the text, names of members included, from 0
  std::size_t place = 0;     ///< where in the shortened text it was taken out
  std::string_view content;  ///< within the original text: printable ASCII without quote and backslash, so it stands for itself
};

struct ShortenedJson {
  std::string text;  ///< each long string is ""
  std::vector<LongString> strings;
  /// Where a byte of the shortened text stands in the original.
  std::size_t original_position(std::size_t position) const;
};

/// @param original  any bytes; what is no JSON stays none. Linear in its length. Outlives the result.
ShortenedJson shorten(std::string_view original);

}  // namespace inferometer::serve

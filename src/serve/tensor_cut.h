/// Cut the tensors out of an inference request's JSON, so that numbers are read once and straight into their place.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace inferometer::serve {

/// The text of a v2 inference request without the arrays inputs[i].data.
struct CutRequest {
  std::string rest;                                ///< the same JSON with null in the place of each
  std::map<std::size_t, std::string_view> arrays;  ///< by the input's index, brackets included; views of the text given
};

/// What is malformed stays where it is, for the parser of `rest` to find; what is inside an array is its reader's to check.
/// Throws StatusError 400: nested deeper or branched wider than any request, or one input's data given twice.
CutRequest cut_tensors(std::string_view text);

}  // namespace inferometer::serve

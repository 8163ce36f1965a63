/// Refuse inputs that do not fit a session, before a framework reads past their end; for plugins, header only.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace inferometer::engine {

namespace detail {
[[noreturn]] inline void refuse_input(const TensorInfo& wanted, const TensorView& given) {
  const std::string name = "input '" + wanted.name + "'";
  const Shape shape(given.shape.begin(), given.shape.end());
  if (given.type != wanted.type) {
    throw Error(ErrorCode::input,
                name + " is " + std::string(name_of(given.type)) + ", the model takes " + std::string(name_of(wanted.type)));
  }
  if (shape != wanted.shape)
    throw Error(ErrorCode::input, name + " is " + to_string(shape) + ", the session was loaded for " + to_string(wanted.shape));
  if (given.data == nullptr) throw Error(ErrorCode::input, name + " has no data");
  throw Error(ErrorCode::input, name + " has " + std::to_string(given.bytes) + " bytes, " + to_string(wanted.shape) + " of " +
                                    std::string(name_of(wanted.type)) + " needs another number");
}
}  // namespace detail

/// Throw Error{input} naming the input when count, type, shape or size differ from what the session declares.
/// A few nanoseconds when all is well; allocates only to complain.
inline void check_inputs(const std::vector<TensorInfo>& wanted, std::span<const TensorView> given) {
  if (given.size() != wanted.size()) {
    throw Error(ErrorCode::input,
                "the model takes " + std::to_string(wanted.size()) + " inputs, " + std::to_string(given.size()) + " were given");
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::size_t bytes = size_of(wanted[i].type);
    for (const std::int64_t dimension : wanted[i].shape) bytes *= static_cast<std::size_t>(dimension);
    const bool fits = given[i].type == wanted[i].type && given[i].data != nullptr && given[i].bytes == bytes &&
                      std::equal(given[i].shape.begin(), given[i].shape.end(), wanted[i].shape.begin(), wanted[i].shape.end());
    if (!fits) detail::refuse_input(wanted[i], given[i]);
  }
}

}  // namespace inferometer::engine

#include "graph/checked.h"

#include "base/text.h"

namespace inferometer::graph {

namespace {

[[noreturn]] void too_large(const std::string& where) {
  throw Error(ErrorCode::input, one_line(where + ": a size does not fit 63 bits"), "use smaller dimensions");
}

}  // namespace

std::int64_t checked_multiply(std::int64_t a, std::int64_t b, const std::string& where) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) too_large(where);
  return result;
}

std::int64_t checked_add(std::int64_t a, std::int64_t b, const std::string& where) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) too_large(where);
  return result;
}

std::int64_t checked_count(const Shape& shape, const std::string& where) {
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) {
      throw Error(ErrorCode::input, one_line(where + ": negative dimension in " + to_string(shape)));
    }
    count = checked_multiply(count, dimension, where);
  }
  if (count > kMostElements) too_large(where);
  return count;
}

}  // namespace inferometer::graph

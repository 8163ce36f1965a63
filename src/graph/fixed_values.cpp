#include "graph/fixed_values.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::graph {
namespace {

template <typename Number>
std::vector<std::byte> bytes_of(const std::vector<double>& values) {
  const std::vector<Number> numbers(values.begin(), values.end());
  const auto* first = reinterpret_cast<const std::byte*>(numbers.data());
  return {first, first + numbers.size() * sizeof(Number)};
}

}  // namespace

bool has_fixed_values(const Tensor& tensor) { return tensor.role == Role::constant || !tensor.values.empty(); }

std::vector<std::byte> fixed_values(const Tensor& tensor) {
  const std::int64_t count = element_count(tensor.shape);
  const bool table = !tensor.values.empty();
  if (table && static_cast<std::int64_t>(tensor.values.size()) != count) {
    throw Error(ErrorCode::input,
                one_line(fmt::format("{} of {} has {} values", tensor.name, to_string(tensor.shape), tensor.values.size())));
  }
  if (table && tensor.type == ElementType::i64) return bytes_of<std::int64_t>(tensor.values);
  if (tensor.type != ElementType::f32) {
    throw Error(ErrorCode::unsupported, one_line(fmt::format("no fixed values for {} of type {}", tensor.name, name_of(tensor.type))));
  }
  if (table) return bytes_of<float>(tensor.values);
  return bytes_of<float>(std::vector<double>(static_cast<std::size_t>(count), static_cast<double>(tensor.initial.centre)));
}

}  // namespace inferometer::graph

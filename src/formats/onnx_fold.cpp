#include "formats/onnx_fold.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "formats/onnx_attributes.h"
#include "formats/onnx_tensor.h"

namespace inferometer::formats {

namespace {

using Inputs = std::span<const Constant* const>;
using Result = std::optional<Constant>;
constexpr std::size_t kMostDimensions = 8;

std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::int64_t count_of(const Shape& shape) {
  if (shape.size() > kMostDimensions) return std::numeric_limits<std::int64_t>::max();
  try {
    return element_count(shape);
  } catch (const Error&) {
    return std::numeric_limits<std::int64_t>::max();
  }
}

bool small(const Shape& shape) { return count_of(shape) <= kMostFolded; }

Constant blank(bool real, Shape shape) {
  Constant constant{real, std::move(shape), {}, {}};
  const auto count = static_cast<std::size_t>(element_count(constant.shape));
  if (real) constant.reals.resize(count);
  if (!real) constant.integers.resize(count);
  return constant;
}

void copy_element(const Constant& from, std::size_t i, Constant& to, std::size_t j) {
  if (to.real) to.reals[j] = from.at(i);
  if (!to.real) to.integers[j] = from.integers[i];
}

Constant reshaped(const Constant& constant, Shape shape) {
  Constant result = constant;
  result.shape = std::move(shape);
  return result;
}

std::optional<std::int64_t> axis_in(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) return std::nullopt;
  return axis < 0 ? axis + size : axis;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t left = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t right = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (left != right && left != 1 && right != 1) return std::nullopt;
    shape[shape.size() - 1 - i] = left == 1 ? right : left;
  }
  return shape;
}

/// Position in `from` of element `index` of an array of shape `to`, to which `from` is broadcast.
std::size_t source_of(std::size_t index, const Shape& to, const Shape& from) {
  std::size_t position = 0, stride = 1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto extent = static_cast<std::size_t>(to[to.size() - 1 - i]);
    const std::size_t coordinate = index % extent;
    index /= extent;
    if (i >= from.size()) continue;
    const auto own = static_cast<std::size_t>(from[from.size() - 1 - i]);
    position += (own == 1 ? 0 : coordinate) * stride;
    stride *= own;
  }
  return position;
}

using IntegerFunction = std::optional<std::int64_t> (*)(std::int64_t, std::int64_t);
using RealFunction = double (*)(double, double);

std::optional<std::int64_t> add(std::int64_t a, std::int64_t b) {
  return wrapped(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::optional<std::int64_t> subtract(std::int64_t a, std::int64_t b) {
  return wrapped(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::optional<std::int64_t> multiply(std::int64_t a, std::int64_t b) {
  return wrapped(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
bool divides_safely(std::int64_t a, std::int64_t b) { return b != 0 && !(b == -1 && a == std::numeric_limits<std::int64_t>::min()); }
std::optional<std::int64_t> divide(std::int64_t a, std::int64_t b) {
  if (!divides_safely(a, b)) return std::nullopt;
  return a / b;
}
std::optional<std::int64_t> modulo(std::int64_t a, std::int64_t b) {  // ONNX's fmod=0: the divisor's sign
  if (!divides_safely(a, b)) return std::nullopt;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
std::optional<std::int64_t> power(std::int64_t a, std::int64_t b) {
  if (b < 0 || b > 63) return std::nullopt;
  std::int64_t result = 1;
  for (; b > 0; --b) result = *multiply(result, a);
  return result;
}

struct Binary {
  IntegerFunction on_integers;
  RealFunction on_reals;
};
const std::unordered_map<std::string_view, Binary> kBinary{
    {"Add", {add, [](double a, double b) { return a + b; }}},
    {"Sub", {subtract, [](double a, double b) { return a - b; }}},
    {"Mul", {multiply, [](double a, double b) { return a * b; }}},
    {"Div", {divide, [](double a, double b) { return a / b; }}},
    {"Mod", {modulo, [](double a, double b) { return std::fmod(a, b); }}},
    {"Pow", {power, [](double a, double b) { return std::pow(a, b); }}},
    {"Min",
     {[](std::int64_t a, std::int64_t b) { return std::optional(std::min(a, b)); }, [](double a, double b) { return std::min(a, b); }}},
    {"Max",
     {[](std::int64_t a, std::int64_t b) { return std::optional(std::max(a, b)); }, [](double a, double b) { return std::max(a, b); }}},
};
const std::unordered_map<std::string_view, bool (*)(double, double)> kComparisons{
    {"Equal", [](double a, double b) { return a == b; }},          {"Less", [](double a, double b) { return a < b; }},
    {"Greater", [](double a, double b) { return a > b; }},         {"LessOrEqual", [](double a, double b) { return a <= b; }},
    {"GreaterOrEqual", [](double a, double b) { return a >= b; }}, {"And", [](double a, double b) { return a != 0 && b != 0; }},
    {"Or", [](double a, double b) { return a != 0 || b != 0; }},
};
const std::unordered_map<std::string_view, double (*)(double)> kReal{
    {"Sqrt", [](double x) { return std::sqrt(x); }}, {"Floor", [](double x) { return std::floor(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }}, {"Exp", [](double x) { return std::exp(x); }},
    {"Reciprocal", [](double x) { return 1 / x; }},  {"Round", [](double x) { return std::nearbyint(x); }},
};

Result fold_binary(const Binary& functions, const Constant& a, const Constant& b) {
  const auto shape = broadcast(a.shape, b.shape);
  if (!shape || !small(*shape) || a.real != b.real) return std::nullopt;
  Constant result = blank(a.real, *shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t left = source_of(i, *shape, a.shape), right = source_of(i, *shape, b.shape);
    if (a.real) {
      result.reals[i] = functions.on_reals(a.reals[left], b.reals[right]);
      continue;
    }
    const auto value = functions.on_integers(a.integers[left], b.integers[right]);
    if (!value) return std::nullopt;
    result.integers[i] = *value;
  }
  return result;
}

Result fold_comparison(bool (*compare)(double, double), const Constant& a, const Constant& b) {
  const auto shape = broadcast(a.shape, b.shape);
  if (!shape || !small(*shape)) return std::nullopt;
  Constant result = blank(false, *shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.integers[i] = compare(a.at(source_of(i, *shape, a.shape)), b.at(source_of(i, *shape, b.shape))) ? 1 : 0;
  }
  return result;
}

Result fold_where(const Constant& condition, const Constant& a, const Constant& b) {
  const auto inner = broadcast(a.shape, b.shape);
  const auto shape = inner ? broadcast(*inner, condition.shape) : std::nullopt;
  if (!shape || !small(*shape) || a.real != b.real || condition.real) return std::nullopt;
  Constant result = blank(a.real, *shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const Constant& chosen = condition.integers[source_of(i, *shape, condition.shape)] != 0 ? a : b;
    copy_element(chosen, source_of(i, *shape, chosen.shape), result, i);
  }
  return result;
}

Result fold_cast(const onnx::NodeProto& node, const Constant& x) {
  const auto type = element_type_of(static_cast<std::int32_t>(integer_attribute(node, "to", 0)));
  if (!type) return std::nullopt;
  const bool real = *type == ElementType::f32 || *type == ElementType::f64 || *type == ElementType::f16 || *type == ElementType::bf16;
  Constant result = blank(real, x.shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (real || !x.real) {
      copy_element(x, i, result, i);
    } else if (std::abs(x.reals[i]) < 0x1p62) {
      result.integers[i] = static_cast<std::int64_t>(x.reals[i]);
    } else {
      return std::nullopt;
    }
    if (*type == ElementType::boolean) result.integers[i] = x.at(i) != 0 ? 1 : 0;
  }
  return result;
}

Result fold_gather(const onnx::NodeProto& node, const Constant& data, const Constant& indices) {
  const auto axis = axis_in(integer_attribute(node, "axis", 0), data.shape.size());
  if (!axis || indices.real) return std::nullopt;
  const auto at = static_cast<std::ptrdiff_t>(*axis);
  Shape shape(data.shape.begin(), data.shape.begin() + at);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + at + 1, data.shape.end());
  if (!small(shape)) return std::nullopt;
  const std::int64_t extent = data.shape[static_cast<std::size_t>(at)];
  const auto inner = static_cast<std::size_t>(count_of(Shape(data.shape.begin() + at + 1, data.shape.end())));
  Constant result = blank(data.real, shape);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t outer = i / (inner * indices.integers.size());
    std::int64_t index = indices.integers[i / inner % indices.integers.size()];
    if (index < 0) index += extent;
    if (index < 0 || index >= extent) return std::nullopt;
    copy_element(data, (outer * static_cast<std::size_t>(extent) + static_cast<std::size_t>(index)) * inner + i % inner, result, i);
  }
  return result;
}

Result fold_concat(const onnx::NodeProto& node, Inputs inputs) {
  if (inputs.empty() || inputs[0] == nullptr) return std::nullopt;
  const auto axis = axis_in(integer_attribute(node, "axis", 0), inputs[0]->shape.size());
  if (!axis || inputs[0]->shape.size() != 1) return std::nullopt;  // shapes are one-dimensional
  Constant result{inputs[0]->real, {0}, {}, {}};
  for (const Constant* input : inputs) {
    if (input == nullptr || input->real != result.real || input->shape.size() != 1) return std::nullopt;
    result.reals.insert(result.reals.end(), input->reals.begin(), input->reals.end());
    result.integers.insert(result.integers.end(), input->integers.begin(), input->integers.end());
    if (static_cast<std::int64_t>(result.size()) > kMostFolded) return std::nullopt;
  }
  result.shape = {static_cast<std::int64_t>(result.size())};
  return result;
}

/// Axes of Squeeze and Unsqueeze: an input since opset 13, an attribute before.
std::optional<std::vector<std::int64_t>> axes_of(const onnx::NodeProto& node, Inputs inputs) {
  if (inputs.size() > 1 && inputs[1] != nullptr) return inputs[1]->real ? std::nullopt : std::optional(inputs[1]->integers);
  return integers_attribute(node, "axes");
}

Result fold_unsqueeze(const onnx::NodeProto& node, Inputs inputs) {
  const auto axes = axes_of(node, inputs);
  if (!axes || inputs[0]->shape.size() + axes->size() > kMostDimensions) return std::nullopt;
  const std::size_t rank = inputs[0]->shape.size() + axes->size();
  Shape shape(rank, 0);
  for (const std::int64_t given : *axes) {
    const auto axis = axis_in(given, rank);
    if (!axis || shape[static_cast<std::size_t>(*axis)] == 1) return std::nullopt;
    shape[static_cast<std::size_t>(*axis)] = 1;
  }
  auto next = inputs[0]->shape.begin();
  for (auto& extent : shape) {
    if (extent == 0) extent = *next++;
  }
  return reshaped(*inputs[0], shape);
}

Result fold_squeeze(const onnx::NodeProto& node, Inputs inputs) {
  const Shape& from = inputs[0]->shape;
  const auto axes = axes_of(node, inputs);
  std::vector<bool> dropped(from.size(), false);
  for (std::size_t i = 0; i < from.size() && !axes; ++i) dropped[i] = from[i] == 1;
  for (const std::int64_t given : axes.value_or(std::vector<std::int64_t>{})) {
    const auto axis = axis_in(given, from.size());
    if (!axis || from[static_cast<std::size_t>(*axis)] != 1) return std::nullopt;
    dropped[static_cast<std::size_t>(*axis)] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!dropped[i]) shape.push_back(from[i]);
  }
  return reshaped(*inputs[0], shape);
}

Result fold_reshape(const Constant& x, const Constant& target) {
  if (target.real || target.integers.size() > kMostDimensions) return std::nullopt;
  Shape shape = target.integers;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && i < x.shape.size()) shape[i] = x.shape[i];
    if (shape[i] == -1 && !open) {
      open = i;
    } else if (shape[i] <= 0 || shape[i] > kMostFolded) {
      return std::nullopt;
    } else {
      known *= shape[i];
      if (known > kMostFolded) return std::nullopt;
    }
  }
  const auto count = static_cast<std::int64_t>(x.size());
  if (open) shape[*open] = count / known;
  if (count_of(shape) != count) return std::nullopt;
  return reshaped(x, shape);
}

Result fold_slice(const onnx::NodeProto& node, Inputs inputs) {
  const Constant& x = *inputs[0];
  if (x.shape.size() != 1) return std::nullopt;
  for (const Constant* input : inputs.subspan(1)) {
    if (input != nullptr && input->real) return std::nullopt;
  }
  const auto parameter = [&](std::size_t input, std::string_view name, std::int64_t otherwise) -> std::optional<std::int64_t> {
    std::vector<std::int64_t> values;
    if (inputs.size() > input && inputs[input] != nullptr) values = inputs[input]->integers;
    if (inputs.size() == 1) values = integers_attribute(node, name).value_or(std::vector<std::int64_t>{});
    if (values.size() > 1) return std::nullopt;
    return values.empty() ? otherwise : values[0];
  };
  const std::int64_t extent = x.shape[0];
  const auto axis = parameter(3, "axes", 0);
  auto begin = parameter(1, "starts", 0), end = parameter(2, "ends", extent);
  const auto step = parameter(4, "steps", 1);
  if (!axis || !begin || !end || !step || !axis_in(*axis, 1) || (*step != 1 && *step != -1)) return std::nullopt;
  const std::int64_t lowest = *step > 0 ? 0 : -1, highest = *step > 0 ? extent : extent - 1;
  const auto clamp = [&](std::int64_t at) { return std::clamp(at < 0 && at >= -extent ? at + extent : at, lowest, highest); };
  Constant result{x.real, {}, {}, {}};
  for (std::int64_t i = clamp(*begin); *step > 0 ? i < clamp(*end) : i > clamp(*end); i += *step) {
    if (x.real) result.reals.push_back(x.reals[static_cast<std::size_t>(i)]);
    if (!x.real) result.integers.push_back(x.integers[static_cast<std::size_t>(i)]);
  }
  result.shape = {static_cast<std::int64_t>(result.size())};
  return result;
}

Result fold_constant_of_shape(const onnx::NodeProto& node, const Constant& shape) {
  if (shape.real || !small(shape.integers)) return std::nullopt;
  const auto* attribute = find_attribute(node, "value");
  Constant value{true, {1}, {}, {0.0}};
  if (attribute != nullptr && attribute->has_t()) {
    try {
      const auto given = to_constant(to_array({}, attribute->t()));
      if (!given || given->size() != 1) return std::nullopt;
      value = *given;
    } catch (const Error&) {
      return std::nullopt;  // the node then is reported as one that cannot be evaluated
    }
  }
  Constant result = blank(value.real, shape.integers);
  for (std::size_t i = 0; i < result.size(); ++i) copy_element(value, 0, result, i);
  return result;
}

Result fold_expand(const Constant& x, const Constant& target) {
  const auto shape = target.real || !small(target.integers) ? std::nullopt : broadcast(x.shape, target.integers);
  if (!shape || !small(*shape)) return std::nullopt;
  Constant result = blank(x.real, *shape);
  for (std::size_t i = 0; i < result.size(); ++i) copy_element(x, source_of(i, *shape, x.shape), result, i);
  return result;
}

Result fold_range(const Constant& begin, const Constant& end, const Constant& step) {
  if (begin.real || end.real || step.real || begin.size() != 1 || end.size() != 1 || step.size() != 1) return std::nullopt;
  const std::int64_t from = begin.integers[0], to = end.integers[0], by = step.integers[0];
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  if (by == 0 || by < -kFar || by > kFar || from < -kFar || from > kFar || to < -kFar || to > kFar) return std::nullopt;
  Constant result{false, {}, {}, {}};
  for (std::int64_t i = from; by > 0 ? i < to : i > to; i += by) {
    result.integers.push_back(i);
    if (static_cast<std::int64_t>(result.integers.size()) > kMostFolded) return std::nullopt;
  }
  result.shape = {static_cast<std::int64_t>(result.size())};
  return result;
}

Result fold_reduce_product(const Constant& x) {
  if (x.real) return std::nullopt;
  Constant result{false, {}, {1}, {}};
  for (const std::int64_t value : x.integers) result.integers[0] = *multiply(result.integers[0], value);
  return result;
}

/// The scalar and list forms; a tensor value is stored data, which the importer handles.
Result fold_constant(const onnx::NodeProto& node) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == "value_int") return Constant{false, {}, {attribute.i()}, {}};
    if (attribute.name() == "value_float") return Constant{true, {}, {}, {attribute.f()}};
    if (attribute.name() == "value_ints" && attribute.ints_size() <= kMostFolded) {
      return Constant{false, {attribute.ints_size()}, {attribute.ints().begin(), attribute.ints().end()}, {}};
    }
    if (attribute.name() == "value_floats" && attribute.floats_size() <= kMostFolded) {
      return Constant{true, {attribute.floats_size()}, {}, {attribute.floats().begin(), attribute.floats().end()}};
    }
  }
  return std::nullopt;
}

Result fold_unary(const onnx::NodeProto& node, const Constant& x) {
  const std::string_view op = node.op_type();
  if (op == "Identity") return x;
  if (op == "Cast") return fold_cast(node, x);
  if (op == "ConstantOfShape") return fold_constant_of_shape(node, x);
  if (op == "ReduceProd" && integer_attribute(node, "keepdims", 1) == 0) return fold_reduce_product(x);
  Constant result = x;
  if (op == "Neg") {
    for (auto& value : result.integers) value = *subtract(0, value);
    for (auto& value : result.reals) value = -value;
    return result;
  }
  if (op == "Not" && !x.real) {
    for (auto& value : result.integers) value = value == 0 ? 1 : 0;
    return result;
  }
  const auto function = kReal.find(op);
  if (function == kReal.end() || !x.real) return std::nullopt;
  for (auto& value : result.reals) value = function->second(value);
  return result;
}

}  // namespace

std::optional<Constant> to_constant(const graph::Array& array) {
  if (element_count(array.shape) > kMostFolded || array.shape.size() > kMostDimensions) return std::nullopt;
  Constant constant{array.type == ElementType::f32, array.shape, {}, {}};
  if (!constant.real) {
    constant.integers = integers_of(array);
    return constant;
  }
  constant.reals.assign(array.floats(), array.floats() + array.bytes.size() / sizeof(float));
  return constant;
}

graph::Array to_array(const Constant& constant) {
  graph::Array array{constant.real ? ElementType::f32 : ElementType::i64, constant.shape, {}};
  array.bytes.resize(constant.size() * size_of(array.type));
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const auto real = static_cast<float>(constant.at(i));
    if (constant.real) std::memcpy(array.bytes.data() + i * sizeof real, &real, sizeof real);
    if (!constant.real) std::memcpy(array.bytes.data() + i * sizeof(std::int64_t), &constant.integers[i], sizeof(std::int64_t));
  }
  return array;
}

std::optional<Constant> fold(const onnx::NodeProto& node, Inputs inputs) {
  const std::string_view op = node.op_type();
  if (op == "Constant") return fold_constant(node);
  if (inputs.empty() || inputs[0] == nullptr) return std::nullopt;
  if (op == "Concat") return fold_concat(node, inputs);
  if (op == "Slice") return fold_slice(node, inputs);
  if (op == "Squeeze") return fold_squeeze(node, inputs);
  if (op == "Unsqueeze") return fold_unsqueeze(node, inputs);
  const bool two = inputs.size() == 2 && inputs[1] != nullptr;
  if (!two && inputs.size() != 3) return inputs.size() == 1 ? fold_unary(node, *inputs[0]) : std::nullopt;
  if (inputs.size() == 3) {
    if (inputs[1] == nullptr || inputs[2] == nullptr) return std::nullopt;
    if (op == "Where") return fold_where(*inputs[0], *inputs[1], *inputs[2]);
    return op == "Range" ? fold_range(*inputs[0], *inputs[1], *inputs[2]) : std::nullopt;
  }
  if (op == "Gather") return fold_gather(node, *inputs[0], *inputs[1]);
  if (op == "Reshape") return fold_reshape(*inputs[0], *inputs[1]);
  if (op == "Expand") return fold_expand(*inputs[0], *inputs[1]);
  if (const auto binary = kBinary.find(op); binary != kBinary.end()) return fold_binary(binary->second, *inputs[0], *inputs[1]);
  const auto comparison = kComparisons.find(op);
  return comparison == kComparisons.end() ? std::nullopt : fold_comparison(comparison->second, *inputs[0], *inputs[1]);
}

}  // namespace inferometer::formats

#include <bit>
#include <iterator>

#include <fmt/format.h>

#include "base/hash.h"
#include "graph/graph.h"
#include "graph/overloaded.h"

namespace inferometer::graph {

namespace {

/// Text in which different graphs differ: every value ends with a space, names carry their length, numbers of
/// variable-length lists are preceded by their count, floats are their bits.
class CanonicalText {
 public:
  void add(std::int64_t value) { fmt::format_to(std::back_inserter(text_), "{} ", value); }
  void add(std::size_t value) {
    if (value == kNoTensor)
      text_ += "- ";
    else
      fmt::format_to(std::back_inserter(text_), "{} ", value);
  }
  void add(float value) { fmt::format_to(std::back_inserter(text_), "{:08x} ", std::bit_cast<std::uint32_t>(value)); }
  void add(double value) { fmt::format_to(std::back_inserter(text_), "{:016x} ", std::bit_cast<std::uint64_t>(value)); }
  void add(bool value) { text_ += value ? "1 " : "0 "; }
  void add(std::string_view value) { fmt::format_to(std::back_inserter(text_), "{}:{} ", value.size(), value); }
  template <class Value>
  void add(const std::vector<Value>& values) {
    add(values.size());
    for (const Value& value : values) add(value);
  }
  template <class Value, std::size_t kSize>
  void add(const std::array<Value, kSize>& values) {
    for (const Value& value : values) add(value);
  }
  void add(const Window& window) {
    const auto& [kernel, strides, dilations, pads] = window;
    add(kernel), add(strides), add(dilations), add(pads);
  }
  void add(Rounding rounding) { add(static_cast<std::int64_t>(rounding)); }
  void add(const Tensor& tensor) {
    const auto& [name, shape, role, type, initial, values] = tensor;
    add(name), add(shape), add(static_cast<std::int64_t>(role)), add(name_of(type)), add(initial.centre), add(initial.radius);
    if (values.empty()) return;  // the text of graphs without tables is older than tables are
    text_ += "= ";               // what follows a tensor begins with a digit
    add(values);
  }
  void add(const Operator& op);
  void add(const Node& node) {
    const auto& [name, op, inputs, outputs, layer_type] = node;
    add(name), add(op), add(inputs), add(outputs);
    if (!layer_type.empty()) add(std::string_view(layer_type));  // most nodes have none, and kept the hash they had before
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_ = "inferometer graph 1 ";
};

/// Structured bindings make an attribute that is added to an operator and forgotten here a compile error.
void CanonicalText::add(const Operator& op) {
  add(name_of(op));
  std::visit(Overloaded{
                 [this](const Conv& o) {
                   const auto& [window, groups] = o;
                   add(window), add(groups);
                 },
                 [this](const BatchNorm& o) {
                   const auto& [epsilon] = o;
                   add(epsilon);
                 },
                 [this](const Activation& o) {
                   const auto& [kind, alpha, beta] = o;
                   add(static_cast<std::int64_t>(kind)), add(alpha), add(beta);
                 },
                 [this](const MaxPool& o) {
                   const auto& [window, rounding] = o;
                   add(window), add(rounding);
                 },
                 [this](const AveragePool& o) {
                   const auto& [window, rounding, pad] = o;
                   add(window), add(rounding), add(pad);
                 },
                 [this](const AdaptiveAveragePool& o) {
                   const auto& [height, width] = o;
                   add(height), add(width);
                 },
                 [](const GlobalAveragePool&) {},
                 [this](const ReduceMean& o) {
                   const auto& [axes, keep] = o;
                   add(axes), add(keep);
                 },
                 [](const Linear&) {},
                 [](const MatMul&) {},
                 [](const Add&) {},
                 [](const Sub&) {},
                 [](const Mul&) {},
                 [](const Div&) {},
                 [this](const Concat& o) {
                   const auto& [axis] = o;
                   add(axis);
                 },
                 [this](const Split& o) {
                   const auto& [axis, sizes] = o;
                   add(axis), add(sizes);
                 },
                 [this](const Slice& o) {
                   const auto& [axis, begin, end, step] = o;
                   add(axis), add(begin), add(end), add(step);
                 },
                 [this](const Gather& o) {
                   const auto& [axis] = o;
                   add(axis);
                 },
                 [this](const Reshape& o) {
                   const auto& [shape] = o;
                   add(shape);
                 },
                 [this](const Transpose& o) {
                   const auto& [permutation] = o;
                   add(permutation);
                 },
                 [this](const Flatten& o) {
                   const auto& [axis] = o;
                   add(axis);
                 },
                 [this](const Pad& o) {
                   const auto& [pads, value] = o;
                   add(pads), add(value);
                 },
                 [this](const Lrn& o) {
                   const auto& [size, alpha, beta, k] = o;
                   add(size), add(alpha), add(beta), add(k);
                 },
                 [this](const Softmax& o) {
                   const auto& [axis] = o;
                   add(axis);
                 },
                 [this](const LayerNorm& o) {
                   const auto& [axis, epsilon] = o;
                   add(axis), add(epsilon);
                 },
                 [](const Identity&) {},
             },
             op);
}

}  // namespace

std::string canonical_hash(const Graph& graph) {
  const auto& [name, tensors, nodes, inputs, outputs] = graph;
  CanonicalText canonical;
  canonical.add(std::string_view(name)), canonical.add(tensors), canonical.add(nodes), canonical.add(inputs), canonical.add(outputs);
  return sha256_hex(canonical.text());
}

}  // namespace inferometer::graph

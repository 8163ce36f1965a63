#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "formats/onnx_attributes.h"
#include "formats/onnx_import.h"

namespace inferometer::formats {

namespace {

using graph::TensorId;

/// The shape that a Reshape gives at one trial batch.
Shape reshaped(const OnnxNode& node, const Shape& from, const Constant& target) {
  if (target.real || target.shape.size() != 1) node.broken("has a shape that is no list of integers");
  Shape shape = target.integers;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && i < from.size()) shape[i] = from[i];
    if (shape[i] == -1 && !open) {
      open = i;
      continue;
    }
    if (shape[i] < 1) node.broken(fmt::format("has the impossible shape {}", to_string(target.integers)));
    if (__builtin_mul_overflow(known, shape[i], &known))
      node.broken(fmt::format("has the impossible shape {}", to_string(target.integers)));
  }
  if (open) shape[*open] = element_count(from) / known;
  return shape;
}

void convert_reshape(const OnnxNode& node) {
  const TensorId x = node.operand(0);
  const FoldedConstant& target = node.trial_constants(1);
  if (node.integer("allowzero", 0) != 0 && std::count(target[0].integers.begin(), target[0].integers.end(), 0) > 0) {
    node.unsupported("makes empty tensors (allowzero)");
  }
  if (target[0] == target[1] && !target[0].real) return node.finish(graph::Reshape{target[0].integers}, {x});
  const TrialShapes from = node.shapes(0);
  node.finish_reshape(x, {reshaped(node, from[0], target[0]), reshaped(node, from[1], target[1])});
}

std::optional<std::vector<std::int64_t>> axes_of(const OnnxNode& node) {
  return node.has(1) ? std::optional(node.integers(1)) : node.integers("axes");
}

void convert_squeeze(const OnnxNode& node) {
  const TrialShapes from = node.shapes(0);
  const std::size_t rank = from[0].size();
  std::vector<bool> dropped(rank, false);
  const auto axes = axes_of(node);
  for (std::size_t i = 0; i < rank && !axes; ++i) dropped[i] = from[0][i] == 1 && from[1][i] == 1;
  for (const std::int64_t given : axes.value_or(std::vector<std::int64_t>{})) {
    const auto axis = static_cast<std::size_t>(node.axis(given, rank));
    if (from[0][axis] != 1 || from[1][axis] != 1) node.broken(fmt::format("drops axis {}, which has {} elements", axis, from[0][axis]));
    dropped[axis] = true;
  }
  TrialShapes shapes;
  for (std::size_t trial = 0; trial < 2; ++trial) {
    for (std::size_t i = 0; i < rank; ++i) {
      if (!dropped[i]) shapes[trial].push_back(from[trial][i]);
    }
  }
  node.finish_reshape(node.operand(0), shapes);
}

void convert_unsqueeze(const OnnxNode& node) {
  const auto axes = axes_of(node);
  if (!axes) node.broken("lacks its axes");
  const TrialShapes from = node.shapes(0);
  const std::size_t rank = from[0].size() + axes->size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t given : *axes) {
    const auto axis = static_cast<std::size_t>(node.axis(given, rank));
    if (added[axis]) node.broken(fmt::format("names axis {} twice", axis));
    added[axis] = true;
  }
  TrialShapes shapes;
  for (std::size_t trial = 0; trial < 2; ++trial) {
    auto next = from[trial].begin();
    for (std::size_t i = 0; i < rank; ++i) shapes[trial].push_back(added[i] ? 1 : *next++);
  }
  node.finish_reshape(node.operand(0), shapes);
}

void convert_flatten(const OnnxNode& node) { node.finish(graph::Flatten{node.integer("axis", 1)}, {node.operand(0)}); }

void convert_transpose(const OnnxNode& node) {
  const std::size_t rank = node.rank(0);
  auto permutation = node.integers("perm");
  if (!permutation) {
    permutation.emplace();
    for (std::size_t i = rank; i > 0; --i) permutation->push_back(static_cast<std::int64_t>(i) - 1);
  }
  for (auto& given : *permutation) given = node.axis(given, rank);
  node.finish(graph::Transpose{*permutation}, {node.operand(0)});
}

void convert_concat(const OnnxNode& node) {
  std::vector<TensorId> inputs;
  for (int i = 0; i < node.proto.input_size(); ++i) inputs.push_back(node.operand(i));
  if (inputs.empty()) node.broken("has no input");
  node.finish(graph::Concat{node.axis(node.integer("axis", 1), node.rank(0))}, std::move(inputs));
}

void convert_split(const OnnxNode& node) {
  const std::size_t rank = node.rank(0);
  graph::Split split{node.axis(node.integer("axis", 0), rank), {}};
  const TrialShapes x = node.shapes(0);
  const auto axis = static_cast<std::size_t>(split.axis);
  if (node.has(1)) {
    split.sizes = node.integers(1);
  } else if (const auto given = node.integers("split")) {
    split.sizes = *given;
  } else {
    if (x[0][axis] != x[1][axis]) node.unsupported("splits the batch");
    const auto parts = static_cast<std::int64_t>(node.proto.output_size());
    const std::int64_t size = (x[0][axis] + parts - 1) / parts;  // since opset 18 the last part may be smaller
    for (std::int64_t i = 0; i < parts; ++i) split.sizes.push_back(std::min(size, x[0][axis] - i * size));
  }
  node.finish_many(std::move(split), {node.operand(0)});
}

struct Range {
  std::int64_t axis = 0, begin = 0, end = 0, step = 1;
};

/// A range of Slice at both trial batches as one that holds for any: non-negative, or "to the end".
std::optional<Range> range_for(const OnnxNode& node, std::int64_t given_axis, const std::array<std::int64_t, 2>& begins,
                               const std::array<std::int64_t, 2>& ends, std::int64_t step) {
  const TrialShapes x = node.shapes(0);
  Range range{node.axis(given_axis, x[0].size()), 0, 0, step};
  const auto axis = static_cast<std::size_t>(range.axis);
  std::array<std::int64_t, 2> begin{}, end{};
  for (std::size_t trial = 0; trial < 2; ++trial) {
    const std::int64_t size = x[trial][axis];
    const auto bounded = [size](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? std::max(at, -size) + size : at, 0, size); };
    begin[trial] = bounded(begins[trial]);
    end[trial] = bounded(ends[trial]);
  }
  const bool whole = end[0] == x[0][axis] && end[1] == x[1][axis];
  if (begin[0] != begin[1] || (end[0] != end[1] && !whole)) node.unsupported("cuts at a place that depends on the batch size");
  if (begin[0] == 0 && whole && step == 1) return std::nullopt;
  range.begin = begin[0];
  range.end = end[0] == end[1] ? end[0] : std::numeric_limits<std::int32_t>::max();
  return range;
}

void convert_slice(const OnnxNode& node) {
  std::array<std::vector<std::int64_t>, 2> begins, ends;
  std::vector<std::int64_t> axes, steps;
  if (node.importer.opset() >= 10) {
    const FoldedConstant &first = node.trial_constants(1), &last = node.trial_constants(2);
    for (std::size_t trial = 0; trial < 2; ++trial) {
      begins[trial] = first[trial].integers;
      ends[trial] = last[trial].integers;
    }
    if (node.has(3)) axes = node.integers(3);
    if (node.has(4)) steps = node.integers(4);
  } else {
    begins.fill(integers_attribute(node.proto, "starts").value_or(std::vector<std::int64_t>{}));
    ends.fill(integers_attribute(node.proto, "ends").value_or(std::vector<std::int64_t>{}));
    axes = node.integers("axes").value_or(std::vector<std::int64_t>{});
  }
  const std::size_t count = begins[0].size();
  for (std::size_t i = axes.size(); i < count && axes.size() == i; ++i) axes.push_back(static_cast<std::int64_t>(i));
  steps.resize(std::max(steps.size(), count), 1);
  if (count == 0 || ends[0].size() != count || ends[1].size() != count || begins[1].size() != count || axes.size() != count ||
      steps.size() != count) {
    node.broken("has starts, ends, axes and steps of different lengths");
  }

  std::vector<Range> ranges;
  for (std::size_t i = 0; i < count; ++i) {
    if (steps[i] < 1) node.unsupported("steps backwards");
    if (ranges.size() > node.rank(0)) node.broken("cuts an axis twice");
    if (const auto range = range_for(node, axes[i], {begins[0][i], begins[1][i]}, {ends[0][i], ends[1][i]}, steps[i]))
      ranges.push_back(*range);
  }
  TensorId x = node.operand(0);
  if (ranges.empty()) return node.finish(graph::Identity{}, {x});
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const graph::Slice slice{ranges[i].axis, ranges[i].begin, ranges[i].end, ranges[i].step};
    if (i + 1 == ranges.size()) return node.finish(slice, {x});
    x = node.inner("slice", slice, {x});
  }
}

/// In files from elsewhere one index along an axis is a slice, without that axis where the index is a scalar.
void convert_gather(const OnnxNode& node) {
  const TrialShapes x = node.shapes(0);
  const auto axis = static_cast<std::size_t>(node.axis(node.integer("axis", 0), x[0].size()));
  if (x[0][axis] != x[1][axis]) node.unsupported("picks among images");
  if (node.importer.own() || node.importer.elements_of(node.value(1)) != 1) {
    const TensorId indices = node.importer.indices_of(node.value(1), x[0][axis]);
    return node.finish(graph::Gather{static_cast<std::int64_t>(axis)}, {node.operand(0), indices});
  }
  const std::vector<std::int64_t> indices = node.integers(1);
  const bool scalar = node.rank(1) == 0;
  const std::int64_t index = indices[0] < 0 ? indices[0] + x[0][axis] : indices[0];
  if (index < 0 || index >= x[0][axis]) node.broken(fmt::format("picks element {} of {}", indices[0], x[0][axis]));
  const graph::Slice slice{static_cast<std::int64_t>(axis), index, index + 1, 1};
  if (!scalar) return node.finish(slice, {node.operand(0)});
  TrialShapes shapes = x;
  for (auto& shape : shapes) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  node.finish_reshape(node.inner("slice", slice, {node.operand(0)}), shapes);
}

void convert_pad(const OnnxNode& node) {
  const std::string mode = string_attribute(node.proto, "mode", "constant");
  if (mode != "constant") node.unsupported(fmt::format("pads by mode '{}'", mode));
  const std::size_t rank = node.rank(0);
  auto pads = node.has(1) ? node.integers(1) : node.integers("pads").value_or(std::vector<std::int64_t>{});
  const float value = node.has(2) ? node.scalar(2) : float_attribute(node.proto, "value", 0);
  if (node.has(3)) {
    const auto axes = node.integers(3);
    std::vector<std::int64_t> all(2 * rank, 0);
    if (pads.size() != 2 * axes.size()) node.broken("has pads and axes of different lengths");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<std::size_t>(node.axis(axes[i], rank));
      all[axis] = pads[i];
      all[axis + rank] = pads[i + axes.size()];
    }
    pads = std::move(all);
  }
  if (std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad < 0; })) node.unsupported("cuts by negative pads");
  if (pads.size() == 2 * rank && std::count(pads.begin(), pads.end(), 0) == static_cast<std::ptrdiff_t>(pads.size())) {
    return node.finish(graph::Identity{}, {node.operand(0)});
  }
  node.finish(graph::Pad{std::move(pads), value}, {node.operand(0)});
}

void convert_expand(const OnnxNode& node) {
  const TrialShapes from = node.shapes(0);
  const FoldedConstant& target = node.trial_constants(1);
  for (std::size_t trial = 0; trial < 2; ++trial) {
    const auto& wanted = target[trial].integers;
    bool same = wanted.size() <= from[trial].size();
    for (std::size_t i = 0; i < wanted.size() && same; ++i) {
      same = wanted[wanted.size() - 1 - i] == 1 || wanted[wanted.size() - 1 - i] == from[trial][from[trial].size() - 1 - i];
    }
    if (!same) node.unsupported("repeats data, which cannot be read as a graph");
  }
  node.finish(graph::Identity{}, {node.operand(0)});
}

}  // namespace

const OnnxConverterTable& shape_converters() {
  static const OnnxConverterTable kTable{
      {"Reshape", convert_reshape},     {"Squeeze", convert_squeeze}, {"Unsqueeze", convert_unsqueeze}, {"Flatten", convert_flatten},
      {"Transpose", convert_transpose}, {"Concat", convert_concat},   {"Split", convert_split},         {"Slice", convert_slice},
      {"Gather", convert_gather},       {"Pad", convert_pad},         {"Expand", convert_expand},
  };
  return kTable;
}

}  // namespace inferometer::formats

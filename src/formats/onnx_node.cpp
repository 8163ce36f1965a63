#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "formats/onnx_attributes.h"
#include "formats/onnx_import.h"

namespace inferometer::formats {

namespace {

constexpr std::int64_t kMostSize = std::int64_t{1} << 31;

std::int64_t saturated(std::int64_t value) { return std::clamp(value, -kMostSize, kMostSize); }

}  // namespace

std::string OnnxNode::name() const {
  if (!proto.name().empty()) return proto.name();
  return proto.output_size() > 0 ? proto.output(0) : proto.op_type();
}

void OnnxNode::unsupported(std::string_view why) const {
  fail_onnx_unsupported(importer.path(), fmt::format("node {} ({}) {}", name(), proto.op_type(), why));
}

void OnnxNode::broken(std::string_view why) const {
  fail_onnx(importer.path(), fmt::format("node {} ({}) {}", name(), proto.op_type(), why));
}

const OnnxValue& OnnxNode::value(int input) const {
  if (!has(input)) broken(fmt::format("lacks its input {}", input));
  return importer.value(proto.input(input));
}

graph::TensorId OnnxNode::operand(int input) const {
  const OnnxValue& given = value(input);
  return importer.tensor_of(given, importer.operand_role(given));
}

graph::TensorId OnnxNode::stored(int input, graph::Role role) const {
  const OnnxValue& given = value(input);
  if (given.kind != OnnxValue::Kind::stored) unsupported(fmt::format("computes {}, which must be stored in the file", proto.input(input)));
  return importer.tensor_of(given, role);
}

std::int64_t OnnxNode::axis(std::int64_t given, std::size_t of_rank) const {
  const auto rank = static_cast<std::int64_t>(of_rank);
  if (given < -rank || given >= rank) broken(fmt::format("has axis {} on a tensor of {} dimensions", given, of_rank));
  return given < 0 ? given + rank : given;
}

const FoldedConstant& OnnxNode::trial_constants(int input) const {
  const auto constant = importer.constant_of(value(input));
  if (constant == nullptr) unsupported(fmt::format("computes its input {} from data", proto.input(input)));
  return *constant;  // owned by the importer
}

const Constant& OnnxNode::constant(int input) const {
  const FoldedConstant& trials = trial_constants(input);
  if (trials[0] != trials[1]) unsupported(fmt::format("has an input {} that depends on the batch size", proto.input(input)));
  return trials[0];
}

std::vector<std::int64_t> OnnxNode::integers(int input) const {
  const Constant& given = constant(input);
  if (given.real) broken(fmt::format("has real numbers as its input {}", proto.input(input)));
  std::vector<std::int64_t> values = given.integers;
  std::transform(values.begin(), values.end(), values.begin(), saturated);
  return values;
}

float OnnxNode::scalar(int input) const {
  const Constant& given = constant(input);
  if (given.size() != 1) broken(fmt::format("has {} numbers as its input {}, not one", given.size(), proto.input(input)));
  return static_cast<float>(given.at(0));
}

std::optional<std::vector<std::int64_t>> OnnxNode::integers(std::string_view attribute) const {
  auto values = integers_attribute(proto, attribute);
  if (values) std::transform(values->begin(), values->end(), values->begin(), saturated);
  return values;
}

std::int64_t OnnxNode::integer(std::string_view attribute, std::int64_t otherwise) const {
  return saturated(integer_attribute(proto, attribute, otherwise));
}

void OnnxNode::finish_many(graph::Operator op, std::vector<graph::TensorId> inputs) const {
  std::vector<std::string> names;
  for (const auto& output : proto.output()) names.push_back(output.empty() ? importer.fresh_name(name() + "/unused") : output);
  const auto tensors = importer.emit(name(), std::move(op), std::move(inputs), names, proto.doc_string());
  for (std::size_t i = 0; i < names.size(); ++i) importer.bind(names[i], tensors[i]);
}

void OnnxNode::finish(graph::Operator op, std::vector<graph::TensorId> inputs) const {
  refuse_other_outputs();
  const auto tensors = importer.emit(name(), std::move(op), std::move(inputs), {proto.output(0)}, proto.doc_string());
  importer.bind(proto.output(0), tensors[0]);
}

graph::TensorId OnnxNode::inner(std::string_view suffix, graph::Operator op, std::vector<graph::TensorId> inputs) const {
  const std::string inner_name = importer.fresh_name(fmt::format("{}/{}", name(), suffix));
  return importer.emit(inner_name, std::move(op), std::move(inputs), {inner_name}, proto.doc_string())[0];
}

graph::TensorId OnnxNode::scalar_tensor(std::string_view suffix, float number) const {
  return importer.add_stored(importer.fresh_name(fmt::format("{}/{}", name(), suffix)), to_array(Constant{true, {}, {}, {number}}),
                             graph::Role::constant);
}

void OnnxNode::finish_reshape(graph::TensorId x, const TrialShapes& shapes) const {
  const TrialShapes from = importer.shapes_of(x);
  const std::size_t rank = shapes[0].size();
  if (shapes[1].size() != rank) unsupported("has an output whose rank depends on the batch size");
  graph::Reshape reshape;
  bool open = false;
  for (std::size_t i = 0; i < rank; ++i) {
    const bool copied = i < from[0].size() && from[0][i] == shapes[0][i] && from[1][i] == shapes[1][i];
    if (shapes[0][i] == shapes[1][i]) {
      reshape.shape.push_back(shapes[0][i]);
    } else if (copied) {
      reshape.shape.push_back(0);
    } else if (!open) {
      reshape.shape.push_back(-1);
      open = true;
    } else {
      unsupported("has an output with two dimensions that depend on the batch size");
    }
  }
  finish(std::move(reshape), {x});
}

/// Optional outputs exist for training; a network that reads one is not what Graph describes.
void OnnxNode::refuse_other_outputs() const {
  for (int i = 1; i < proto.output_size(); ++i) {
    if (!proto.output(i).empty() && importer.used(proto.output(i))) unsupported(fmt::format("has its output {} used", proto.output(i)));
  }
}

OnnxConverter find_converter(std::string_view op_type) {
  for (const OnnxConverterTable* table : {&layer_converters(), &element_converters(), &shape_converters()}) {
    if (const auto found = table->find(op_type); found != table->end()) return found->second;
  }
  return nullptr;
}

}  // namespace inferometer::formats

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "formats/onnx_import.h"
#include "formats/onnx_marks.h"
#include "formats/onnx_tensor.h"

namespace inferometer::formats {

namespace {

graph::Array transposed_matrix(const graph::Array& array) {
  const auto rows = static_cast<std::size_t>(array.shape[0]), columns = static_cast<std::size_t>(array.shape[1]);
  graph::Array result{array.type, {array.shape[1], array.shape[0]}, std::vector<std::byte>(array.bytes.size())};
  constexpr std::size_t kBlock = 32;  // so that both sides stay in cache
  for (std::size_t top = 0; top < rows; top += kBlock) {
    for (std::size_t left = 0; left < columns; left += kBlock) {
      for (std::size_t r = top; r < std::min(rows, top + kBlock); ++r) {
        for (std::size_t c = left; c < std::min(columns, left + kBlock); ++c)
          result.floats()[c * rows + r] = array.floats()[r * columns + c];
      }
    }
  }
  return result;
}

}  // namespace

const OnnxValue& OnnxImporter::value(const std::string& name) const {
  static const OnnxValue kAbsent;
  if (name.empty()) return kAbsent;
  const auto found = values_.find(name);
  if (found == values_.end()) fail_onnx_unsupported(path(), fmt::format("the value {} is an optional output that is not computed", name));
  return found->second;
}

TrialShapes OnnxImporter::shapes_of(const OnnxValue& value) const {
  if (value.kind == OnnxValue::Kind::activation) return shapes_of(value.tensor);
  if (value.kind == OnnxValue::Kind::folded) return {(*value.constant)[0].shape, (*value.constant)[1].shape};
  if (value.kind == OnnxValue::Kind::absent) return {};
  Shape shape = sources_[value.source].shape;
  if (value.transposed) std::swap(shape[0], shape[1]);
  if (value.reshaped) shape = *value.reshaped;
  return {shape, shape};
}

std::int64_t OnnxImporter::elements_of(const OnnxValue& value) const { return element_count(shapes_of(value)[0]); }

graph::Array OnnxImporter::load(const OnnxValue& value) {
  const Source& source = sources_[value.source];
  graph::Array array = to_array(path(), *source.tensor, source.range);
  if (value.transposed && array.type == ElementType::f32) array = transposed_matrix(array);
  if (value.reshaped) array.shape = *value.reshaped;
  return array;
}

std::shared_ptr<const FoldedConstant> OnnxImporter::constant_of(const OnnxValue& value) {
  if (value.kind == OnnxValue::Kind::folded) return value.constant;
  if (value.kind != OnnxValue::Kind::stored || elements_of(value) > kMostFolded) return nullptr;
  if (value.transposed || value.reshaped) {
    const auto constant = to_constant(load(value));
    if (!constant) return nullptr;
    kept_.push_back(std::make_shared<FoldedConstant>(FoldedConstant{*constant, *constant}));
    return kept_.back();
  }
  Source& source = sources_[value.source];
  if (source.constant == nullptr) {
    const auto constant = to_constant(to_array(path(), *source.tensor, source.range));
    if (constant) source.constant = std::make_shared<FoldedConstant>(FoldedConstant{*constant, *constant});
  }
  return source.constant;
}

graph::Role OnnxImporter::operand_role(const OnnxValue& value) const {
  if (value.kind != OnnxValue::Kind::stored) return graph::Role::constant;
  const Source& source = sources_[value.source];
  const bool parameter = source.initialiser && holds_reals(*source.tensor) && element_count(source.shape) > 1;
  return parameter ? graph::Role::parameter : graph::Role::constant;
}

graph::TensorId OnnxImporter::tensor_of(const OnnxValue& value, graph::Role role) {
  if (value.kind == OnnxValue::Kind::activation) return value.tensor;
  if (value.kind == OnnxValue::Kind::folded) {
    const auto& [first, second] = *value.constant;
    if (first != second) fail_onnx_unsupported(path(), "a number that is computed from the batch size is used as data");
    if (!first.real) fail_onnx_unsupported(path(), "integers are used as data");
    return add_stored(fresh_name("constant"), to_array(first), graph::Role::constant);
  }
  if (value.kind == OnnxValue::Kind::absent) return graph::kNoTensor;

  const Source& source = sources_[value.source];
  role = role_of(source, role);
  const auto key = std::tuple(value.source, value.transposed, value.reshaped, value.alias);
  if (const auto found = loaded_.find(key); found != loaded_.end()) {
    auto& known = model_.graph.tensors[found->second].role;
    if (role == graph::Role::parameter) known = role;
    return found->second;
  }
  if (!holds_reals(*source.tensor))
    fail_onnx_unsupported(path(), fmt::format("tensor {} holds integers that are used as data", source.tensor->name()));
  const graph::TensorId id = add_source_tensor(value, load(value), role);
  loaded_.emplace(key, id);
  return id;
}

graph::Role OnnxImporter::role_of(const Source& source, graph::Role otherwise) const {
  const std::string& said = source.tensor->doc_string();
  if (own_ && said == kParameterRole) return graph::Role::parameter;
  if (own_ && said == kBufferRole) return graph::Role::buffer;
  return own_ && said == kConstantRole ? graph::Role::constant : otherwise;
}

graph::TensorId OnnxImporter::add_source_tensor(const OnnxValue& value, graph::Array array, graph::Role role) {
  const Source& source = sources_[value.source];
  const std::string& wanted = value.alias.empty() ? source.tensor->name() : value.alias;
  const bool first = !wanted.empty() && source.initialiser && source_names_.insert(wanted).second;
  return add_stored(first ? wanted : fresh_name(wanted.empty() ? "constant" : wanted), std::move(array), role);
}

graph::TensorId OnnxImporter::indices_of(const OnnxValue& value, std::int64_t extent) {
  graph::Array array;
  if (value.kind == OnnxValue::Kind::folded) {
    const auto& [first, second] = *value.constant;
    if (first != second) fail_onnx_unsupported(path(), "indices that are computed from the batch size pick elements");
    array = to_array(first);
  } else if (value.kind == OnnxValue::Kind::stored) {
    array = load(value);
  } else {
    fail_onnx_unsupported(path(), "indices that are computed from data pick elements");
  }
  if (array.type != ElementType::i64 && array.type != ElementType::i32) fail_onnx(path(), "indices are no integers");
  std::vector<std::int64_t> indices = formats::integers_of(array);
  bool as_stored = value.kind == OnnxValue::Kind::stored && array.type == ElementType::i64;
  for (std::int64_t& index : indices) {
    if (index < -extent || index >= extent) fail_onnx(path(), fmt::format("index {} picks among {} elements", index, extent));
    as_stored = as_stored && index >= 0;
    if (index < 0) index += extent;
  }
  if (!as_stored) {
    array.type = ElementType::i64;
    array.bytes.resize(indices.size() * sizeof(std::int64_t));
    std::memcpy(array.bytes.data(), indices.data(), array.bytes.size());
    return add_stored(fresh_name("indices"), std::move(array), graph::Role::constant);
  }
  const auto key = std::tuple(value.source, value.transposed, value.reshaped, value.alias);
  if (const auto found = loaded_.find(key); found != loaded_.end()) return found->second;
  const graph::TensorId id = add_source_tensor(value, std::move(array), role_of(sources_[value.source], graph::Role::constant));
  loaded_.emplace(key, id);
  return id;
}

graph::TensorId OnnxImporter::add_stored(const std::string& name, graph::Array array, graph::Role role) {
  // Only a file whose tensors all lie in the same bytes, or are used in many ways, comes near this.
  loaded_bytes_ += static_cast<std::int64_t>(array.bytes.size());
  if (loaded_bytes_ > 4 * stored_bytes_ + (std::int64_t{16} << 20)) fail_onnx(path(), "uses the same stored data too often");
  const graph::TensorId id = model_.graph.tensors.size();
  model_.graph.tensors.push_back({name, array.shape, role, array.type, {}});
  for (auto& shapes : shapes_) shapes.push_back(array.shape);
  model_.weights.insert_or_assign(name, std::move(array));
  return id;
}

graph::Array& OnnxImporter::array_of(graph::TensorId tensor) { return model_.weights.find(model_.graph.tensors[tensor].name)->second; }

std::string OnnxImporter::unique(std::unordered_set<std::string>& names, const std::string& wanted) {
  std::string name = wanted;
  // The last number is remembered: a file may have a hundred thousand nodes of one name.
  while (!names.insert(name).second) name = fmt::format("{}.{}", wanted, ++suffixes_[wanted]);
  return name;
}

std::string OnnxImporter::fresh_name(const std::string& wanted) { return unique(taken_, wanted); }

void OnnxImporter::bind(const std::string& name, graph::TensorId tensor) {
  OnnxValue value;
  value.kind = OnnxValue::Kind::activation;
  value.tensor = tensor;
  values_[name] = value;
}

}  // namespace inferometer::formats

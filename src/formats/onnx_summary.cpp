#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "formats/onnx.h"
#include "formats/onnx_file.h"
#include "formats/onnx_tensor.h"

namespace inferometer::formats {

namespace {

/// Operators of a graph and of the graphs inside its nodes.
void collect_operators(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes, std::set<std::string>& operators) {
  for (const auto& node : nodes) {
    const bool plain = node.domain().empty() || node.domain() == "ai.onnx";
    operators.insert(plain ? node.op_type() : node.domain() + "::" + node.op_type());
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) collect_operators(attribute.g().node(), operators);
      for (const auto& graph : attribute.graphs()) collect_operators(graph.node(), operators);
    }
  }
}

bool is_quantized(const std::string& name) {
  const auto begin = name.rfind("::");
  const std::string_view op = std::string_view(name).substr(begin == std::string::npos ? 0 : begin + 2);
  return op == "QuantizeLinear" || op == "DequantizeLinear" || op == "DynamicQuantizeLinear" || op.starts_with("QLinear") ||
         op.ends_with("Integer");
}

bool keeps_values(const std::string& op) {
  static constexpr std::string_view kKept[] = {"Identity",  "Reshape", "Flatten",        "Squeeze",
                                               "Unsqueeze", "Cast",    "QuantizeLinear", "DequantizeLinear"};
  return std::find(std::begin(kKept), std::end(kKept), op) != std::end(kKept);
}

/// Nodes stand in topological order, so one pass from the back follows a tensor to what makes it.
std::string operator_that_makes(const onnx::GraphProto& graph, std::string tensor) {
  for (auto node = graph.node().rbegin(); node != graph.node().rend(); ++node) {
    if (std::find(node->output().begin(), node->output().end(), tensor) == node->output().end()) continue;
    if (!keeps_values(node->op_type()) || node->input().empty()) return node->op_type();
    tensor = node->input(0);
  }
  return "";
}

OnnxTensor describe(const OnnxFile& file, const onnx::ValueInfoProto& value) {
  OnnxTensor tensor;
  tensor.name = value.name();
  const auto& type = value.type().tensor_type();
  const auto element = element_type_of(type.elem_type());
  if (!value.type().has_tensor_type() || !element) {
    fail_onnx_unsupported(file.path, fmt::format("{} is no tensor of a known element type (ONNX type {})", value.name(), type.elem_type()));
  }
  tensor.type = *element;
  for (const auto& dimension : type.shape().dim()) {
    tensor.shape.push_back(dimension.has_dim_value() && dimension.dim_value() > 0 ? dimension.dim_value() : -1);
    tensor.dimension_names.push_back(dimension.has_dim_param() ? dimension.dim_param() : "");
  }
  return tensor;
}

/// Every file that a tensor of this graph lies in.
void collect_external(const OnnxFile& file, const onnx::GraphProto& graph, std::set<std::filesystem::path>& found) {
  const auto add = [&](const onnx::TensorProto& tensor) {
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) found.insert(external_range(file, tensor).file);
  };
  for (const auto& tensor : graph.initializer()) add(tensor);
  for (const auto& node : graph.node()) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_t()) add(attribute.t());
      if (attribute.has_g()) collect_external(file, attribute.g(), found);
    }
  }
}

/// Give a dimension this batch. Throws when it is fixed at another.
void fix_batch(const OnnxFile& file, onnx::TensorShapeProto_Dimension& dimension, std::int64_t batch) {
  if (dimension.has_dim_value() && dimension.dim_value() > 0 && dimension.dim_value() != batch) {
    fail_onnx_unsupported(file.path, fmt::format("batch fixed at {}", dimension.dim_value()));
  }
  dimension.set_dim_value(batch);
}

}  // namespace

OnnxSummary summarize_onnx(const std::filesystem::path& path) {
  const OnnxFile file = open_onnx(path, OnnxData::dropped);
  const auto& graph = file.model.graph();
  std::unordered_set<std::string_view> stored;
  OnnxSummary summary;
  for (const auto& tensor : graph.initializer()) {
    stored.insert(tensor.name());
    summary.half = summary.half || tensor.data_type() == onnx::TensorProto::FLOAT16;
  }
  for (const auto& input : graph.input()) {
    if (!stored.contains(input.name())) summary.inputs.push_back(describe(file, input));
  }
  for (const auto& output : graph.output()) summary.outputs.push_back(describe(file, output));
  if (graph.output_size() > 0) summary.first_output_operator = operator_that_makes(graph, graph.output(0).name());
  for (const auto& import : file.model.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") summary.opset = import.version();
  }
  std::set<std::string> operators;
  collect_operators(graph.node(), operators);
  for (const auto& function : file.model.functions()) collect_operators(function.node(), operators);
  summary.operators.assign(operators.begin(), operators.end());
  summary.quantized = std::any_of(operators.begin(), operators.end(), is_quantized);
  std::set<std::filesystem::path> external;
  collect_external(file, graph, external);
  summary.external_data.assign(external.begin(), external.end());
  return summary;
}

void write_onnx_with_batch(const std::filesystem::path& from, const std::filesystem::path& to, std::int64_t batch) {
  if (batch < 1) throw Error(ErrorCode::usage, fmt::format("batch {} is not a positive number", batch));
  OnnxFile file = open_onnx(from, OnnxData::located);
  auto& graph = *file.model.mutable_graph();
  std::unordered_set<std::string_view> stored;
  for (const auto& tensor : graph.initializer()) stored.insert(tensor.name());

  std::unordered_set<std::string> symbols;  // names that the batch has
  for (auto& input : *graph.mutable_input()) {
    auto& shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
    if (stored.contains(input.name()) || shape.dim_size() == 0) continue;
    if (!shape.dim(0).dim_param().empty()) symbols.insert(shape.dim(0).dim_param());
    fix_batch(file, *shape.mutable_dim(0), batch);
  }
  for (auto* values : {graph.mutable_input(), graph.mutable_output()}) {
    for (auto& value : *values) {
      if (stored.contains(value.name())) continue;
      for (auto& dimension : *value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim()) {
        if (symbols.contains(dimension.dim_param())) dimension.set_dim_value(batch);
      }
    }
  }
  graph.clear_value_info();  // shapes of inner values, which engines infer anew

  std::vector<StreamedTensor> tensors;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const auto range = range_of(file, static_cast<std::size_t>(i));
    onnx::TensorProto header = graph.initializer(i);
    header.clear_external_data();
    header.clear_data_location();
    tensors.push_back({std::move(header), range, nullptr, {}});
  }
  graph.clear_initializer();
  write_streamed(file.model, tensors, to);
}

}  // namespace inferometer::formats

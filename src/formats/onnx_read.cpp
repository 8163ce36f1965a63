#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "formats/onnx_attributes.h"
#include "formats/onnx_import.h"
#include "formats/onnx_marks.h"
#include "formats/onnx_tensor.h"
#include "graph/shapes.h"

namespace inferometer::formats {

namespace {

constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 21;
constexpr std::int64_t kMostFoldedInAll = std::int64_t{1} << 22;  // elements; shape computations of large networks have some ten thousand
constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kMostDimensions = 16;
/// Operators that only shape computations have; they are folded or else not supported.
constexpr std::string_view kFoldedOnly[]{"Constant", "ConstantOfShape", "Shape", "Size",  "Range",   "Equal",      "Where",         "Not",
                                         "Less",     "Greater",         "And",   "Or",    "Floor",   "Ceil",       "Round",         "Mod",
                                         "ReduceProd", "LessOrEqual",   "GreaterOrEqual", "Reciprocal", "Min",     "Max"};

bool is_float(const onnx::TensorProto& tensor) {
  const auto type = element_type_of(tensor.data_type());
  return type && (*type == ElementType::f32 || *type == ElementType::f16 || *type == ElementType::bf16 || *type == ElementType::f64);
}

bool default_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::string describe(const onnx::NodeProto& node) {
  const std::string name = !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return fmt::format("node {} ({})", name, default_domain(node.domain()) ? node.op_type() : node.domain() + "::" + node.op_type());
}

graph::Array transposed_matrix(const graph::Array& array) {
  const auto rows = static_cast<std::size_t>(array.shape[0]), columns = static_cast<std::size_t>(array.shape[1]);
  graph::Array result{array.type, {array.shape[1], array.shape[0]}, std::vector<std::byte>(array.bytes.size())};
  constexpr std::size_t kBlock = 32;  // so that both sides stay in cache
  for (std::size_t top = 0; top < rows; top += kBlock) {
    for (std::size_t left = 0; left < columns; left += kBlock) {
      for (std::size_t r = top; r < std::min(rows, top + kBlock); ++r) {
        for (std::size_t c = left; c < std::min(columns, left + kBlock); ++c) result.floats()[c * rows + r] = array.floats()[r * columns + c];
      }
    }
  }
  return result;
}

}  // namespace

OnnxImporter::OnnxImporter(const OnnxFile& file, const OnnxReadOptions& options) : file_(file), options_(options) {
  // Messages of shape inference start with the graph's name: while reading, that is the path.
  model_.graph.name = file.path.string();
  own_ = file.model.producer_name() == kProducer;
}

graph::Model OnnxImporter::run() {
  read_opset();
  check_operators();
  check_names();
  add_sources();
  add_inputs();
  for (const onnx::NodeProto* node : sorted_nodes()) visit(*node);
  set_outputs();
  lift_groups(model_, marks_, own_, shapes_[0]);
  prune(model_);
  const std::int64_t fixed = model_.graph.tensors[model_.graph.inputs[0]].shape[0];
  graph::infer_shapes(model_.graph, fixed == graph::kBatch ? 1 : fixed);
  const std::string& name = file_.model.graph().name();
  model_.graph.name = name.empty() ? file_.path.stem().string() : one_line(name);
  return std::move(model_);
}

void OnnxImporter::read_opset() {
  std::optional<std::int64_t> named;
  for (const auto& import : file_.model.opset_import()) {
    if (default_domain(import.domain())) named = import.version();
  }
  if (!named) fail_onnx(path(), "names no opset, so it is cut off or damaged");
  opset_ = *named;
  if (opset_ < kOldestOpset || opset_ > kNewestOpset) {
    fail_onnx_unsupported(path(), fmt::format("is written for opset {}, {} to {} can be read", opset_, kOldestOpset, kNewestOpset));
  }
  if (file_.model.graph().sparse_initializer_size() > 0) fail_onnx_unsupported(path(), "has sparse initialisers");
}

/// All operators that are lacking in one message, before any work is done.
void OnnxImporter::check_operators() const {
  std::vector<std::string> lacking;
  const onnx::NodeProto* first = nullptr;
  for (const auto& node : file_.model.graph().node()) {
    const bool known = default_domain(node.domain()) &&
                       (find_converter(node.op_type()) != nullptr ||
                        std::find(std::begin(kFoldedOnly), std::end(kFoldedOnly), node.op_type()) != std::end(kFoldedOnly));
    if (known) continue;
    const std::string name = default_domain(node.domain()) ? node.op_type() : node.domain() + "::" + node.op_type();
    if (first == nullptr) first = &node;
    if (std::find(lacking.begin(), lacking.end(), name) == lacking.end() && lacking.size() < 12) lacking.push_back(name);
  }
  if (first == nullptr) return;
  fail_onnx_unsupported(path(), fmt::format("has operators that cannot be read as a graph: {} (first: {})", join(lacking, ", "), describe(*first)),
                        "engines that read ONNX files themselves may still run it");
}

void OnnxImporter::check_names() {
  const auto& graph = file_.model.graph();
  const auto take = [&](const std::string& name, std::string_view what) {
    if (name.empty()) fail_onnx(path(), fmt::format("has {} without a name", what));
    if (name.size() > kLongestName) fail_onnx(path(), fmt::format("has a name of {} characters", name.size()));
    if (!taken_.insert(name).second) fail_onnx(path(), fmt::format("two values are named {}", name));
  };
  std::unordered_set<std::string_view> stored;
  for (const auto& tensor : graph.initializer()) {
    take(tensor.name(), "an initialiser");
    stored.insert(tensor.name());
  }
  for (const auto& input : graph.input()) {
    if (!stored.contains(input.name())) take(input.name(), "an input");
  }
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) {
      if (!output.empty()) take(output, "an output");
    }
    if (node.name().size() > kLongestName) fail_onnx(path(), fmt::format("has a name of {} characters", node.name().size()));
    for (const auto& input : node.input()) uses_.insert(input);
  }
  for (const auto& output : graph.output()) uses_.insert(output.name());
}

void OnnxImporter::add_source(const onnx::TensorProto& tensor, const std::string& name, std::optional<ByteRange> range, bool initialiser) {
  OnnxValue value;
  value.kind = OnnxValue::Kind::stored;
  value.source = sources_.size();
  sources_.push_back({&tensor, std::move(range), initialiser, shape_of(path(), tensor), nullptr});
  values_[name] = value;
}

void OnnxImporter::add_sources() {
  const auto& graph = file_.model.graph();
  std::map<std::filesystem::path, std::int64_t> external;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    auto range = range_of(file_, static_cast<std::size_t>(i));
    if (range && range->file != file_.path) {
      std::error_code problem;
      external[range->file] = static_cast<std::int64_t>(std::filesystem::file_size(range->file, problem));
    }
    add_source(graph.initializer(i), graph.initializer(i).name(), std::move(range), true);
  }
  stored_bytes_ = file_.bytes;
  for (const auto& [name, bytes] : external) stored_bytes_ += bytes;
}

void OnnxImporter::add_inputs() {
  for (const auto& input : file_.model.graph().input()) {
    if (values_.contains(input.name())) continue;  // before IR 4 initialisers are inputs as well
    const auto& type = input.type().tensor_type();
    const auto element = element_type_of(type.elem_type());
    if (!input.type().has_tensor_type() || !element || (*element != ElementType::f32 && *element != ElementType::f16 && *element != ElementType::f64)) {
      fail_onnx_unsupported(path(), fmt::format("input {} is no floating-point tensor", input.name()));
    }
    Shape shape;
    for (const auto& dimension : type.shape().dim()) shape.push_back(dimension.has_dim_value() && dimension.dim_value() > 0 ? dimension.dim_value() : -1);
    if (const auto given = options_.input_shapes.find(input.name()); given != options_.input_shapes.end()) shape = given->second;
    if (shape.empty()) fail_onnx_unsupported(path(), fmt::format("input {} has no shape", input.name()));
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] >= 1 || (axis == 0 && shape[axis] == graph::kBatch)) continue;
      fail_onnx_unsupported(path(), fmt::format("dimension {} of input {} is dynamic", axis, input.name()),
                            fmt::format("give it, e.g. --shape {}=1x3x224x224", input.name()));
    }
    const graph::TensorId id = model_.graph.tensors.size();
    model_.graph.tensors.push_back({input.name(), shape, graph::Role::input, ElementType::f32, {}});
    model_.graph.inputs.push_back(id);
    for (std::size_t trial = 0; trial < 2; ++trial) {
      Shape concrete = shape;
      if (concrete[0] == graph::kBatch) concrete[0] = kTrialBatches[trial];
      try {
        (void)element_count(concrete);
      } catch (const Error&) {
        fail_onnx(path(), fmt::format("input {} has an impossible shape {}", input.name(), to_string(shape)));
      }
      shapes_[trial].push_back(concrete);
    }
    dynamic_ = dynamic_ || shape[0] == graph::kBatch;
    bind(input.name(), id);
  }
  if (model_.graph.inputs.empty()) fail_onnx(path(), "has no input");
}

/// Kahn's algorithm, keeping the file's order where it can.
std::vector<const onnx::NodeProto*> OnnxImporter::sorted_nodes() const {
  const auto& nodes = file_.model.graph().node();
  std::unordered_map<std::string_view, int> producer;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const auto& output : nodes[i].output()) producer[output] = i;
  }
  std::vector<int> waiting(static_cast<std::size_t>(nodes.size()), 0);
  std::vector<std::vector<int>> followers(waiting.size());
  for (int i = 0; i < nodes.size(); ++i) {
    for (const auto& input : nodes[i].input()) {
      if (input.empty() || values_.contains(input)) continue;
      const auto found = producer.find(input);
      if (found == producer.end()) fail_onnx(path(), fmt::format("{} reads {}, which nothing produces", describe(nodes[i]), input));
      followers[static_cast<std::size_t>(found->second)].push_back(i);
      ++waiting[static_cast<std::size_t>(i)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i) {
    if (waiting[static_cast<std::size_t>(i)] == 0) ready.push(i);
  }
  std::vector<const onnx::NodeProto*> sorted;
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    sorted.push_back(&nodes[next]);
    for (const int follower : followers[static_cast<std::size_t>(next)]) {
      if (--waiting[static_cast<std::size_t>(follower)] == 0) ready.push(follower);
    }
  }
  if (sorted.size() == waiting.size()) return sorted;
  const auto stuck = std::find_if(waiting.begin(), waiting.end(), [](int count) { return count > 0; }) - waiting.begin();
  fail_onnx(path(), fmt::format("its nodes form a cycle, at {}", describe(nodes[static_cast<int>(stuck)])));
}

void OnnxImporter::visit(const onnx::NodeProto& node) {
  if (view(node) || try_fold(node)) return;
  const OnnxConverter convert = find_converter(node.op_type());
  if (convert == nullptr) fail_onnx_unsupported(path(), fmt::format("{} computes on data, which cannot be read as a graph", describe(node)));
  if (node.output_size() == 0 || node.output(0).empty()) fail_onnx(path(), fmt::format("{} has no output", describe(node)));
  convert(OnnxNode{*this, node});
}

/// Stored data that a node only shows in another shape stays stored data.
bool OnnxImporter::view(const onnx::NodeProto& node) {
  const std::string_view op = node.op_type();
  if (op == "Constant") {
    const auto* attribute = find_attribute(node, "value");
    if (attribute == nullptr || !attribute->has_t() || node.output_size() != 1) return false;
    std::optional<ByteRange> range;
    if (attribute->t().data_location() == onnx::TensorProto::EXTERNAL) range = external_range(file_, attribute->t());
    add_source(attribute->t(), node.output(0), std::move(range), false);
    return true;
  }
  if (node.input_size() == 0 || node.output_size() != 1) return false;
  OnnxValue seen = value(node.input(0));
  if (seen.kind != OnnxValue::Kind::stored || !is_float(*sources_[seen.source].tensor)) return false;
  if (op == "Identity") {
    // PyTorch's exporter stores parameters of equal values once and gives the others' names to Identity nodes. They are
    // parameters of the network all the same; one that layers really share has one name and no Identity.
    seen.alias = node.output(0);
    values_[node.output(0)] = seen;
    return true;
  }
  if (op == "Transpose" && !seen.reshaped && sources_[seen.source].shape.size() == 2) {
    const auto permutation = integers_attribute(node, "perm").value_or(std::vector<std::int64_t>{1, 0});
    if (permutation == std::vector<std::int64_t>{1, 0}) seen.transposed = !seen.transposed;
    values_[node.output(0)] = seen;
    return permutation.size() == 2;
  }
  // A vector seen as [1, C, 1, 1] and the like; the shape is evaluated on an empty stand-in.
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape") {
    const auto original = shapes_of(seen)[0];
    std::vector<std::shared_ptr<const FoldedConstant>> held;
    Constant stand_in{false, original, {}, {}};
    const std::int64_t count = element_count(original);
    if (count > kMostFolded || original.size() > 8) return false;
    stand_in.integers.resize(static_cast<std::size_t>(count));
    std::vector<const Constant*> inputs{&stand_in};
    for (int i = 1; i < node.input_size(); ++i) {
      held.push_back(constant_of(value(node.input(i))));
      if (held.back() == nullptr) return false;
      inputs.push_back(&(*held.back())[0]);
    }
    const auto result = fold(node, inputs);
    if (!result) return false;
    seen.reshaped = result->shape;
    values_[node.output(0)] = seen;
    return true;
  }
  return false;
}

bool OnnxImporter::foldable(const OnnxValue& value) const {
  if (value.kind != OnnxValue::Kind::stored) return value.kind == OnnxValue::Kind::folded;
  const Source& source = sources_[value.source];
  const std::int64_t count = element_count(source.shape);
  return count <= kMostFolded && (!source.initialiser || !is_float(*source.tensor) || count == 1);
}

bool OnnxImporter::try_fold(const onnx::NodeProto& node) {
  if (node.output_size() != 1) return false;
  auto result = std::make_shared<FoldedConstant>();
  if ((node.op_type() == "Shape" || node.op_type() == "Size") && node.input_size() == 1) {
    const TrialShapes shapes = shapes_of(value(node.input(0)));
    for (std::size_t trial = 0; trial < 2; ++trial) {
      const auto rank = static_cast<std::int64_t>(shapes[trial].size());
      const auto bounded = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
      const std::int64_t begin = bounded(std::max(integer_attribute(node, "start", 0), -rank));
      const std::int64_t end = std::max(begin, bounded(std::max(integer_attribute(node, "end", rank), -rank)));
      std::vector<std::int64_t> part(shapes[trial].begin() + begin, shapes[trial].begin() + end);
      (*result)[trial] = {false, {static_cast<std::int64_t>(part.size())}, std::move(part), {}};
      if (node.op_type() == "Size") (*result)[trial] = {false, {}, {element_count(shapes[trial])}, {}};
    }
  } else {
    std::vector<std::shared_ptr<const FoldedConstant>> inputs;
    for (const auto& name : node.input()) {
      if (!name.empty() && !foldable(value(name))) return false;
      inputs.push_back(name.empty() ? nullptr : constant_of(value(name)));
      if (!name.empty() && inputs.back() == nullptr) return false;
    }
    for (std::size_t trial = 0; trial < 2; ++trial) {
      std::vector<const Constant*> pointers;
      for (const auto& input : inputs) pointers.push_back(input == nullptr ? nullptr : &(*input)[trial]);
      auto constant = fold(node, pointers);
      if (!constant) return false;
      (*result)[trial] = std::move(*constant);
    }
  }
  folded_elements_ += static_cast<std::int64_t>((*result)[0].size() + 16);
  if (folded_elements_ > kMostFoldedInAll) fail_onnx(path(), "computes too much from constants");
  OnnxValue folded;
  folded.kind = OnnxValue::Kind::folded;
  folded.constant = std::move(result);
  values_[node.output(0)] = folded;
  return true;
}

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
  const bool parameter = source.initialiser && is_float(*source.tensor) && element_count(source.shape) > 1;
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
  const std::string& said = source.tensor->doc_string();
  if (own_ && said == kParameterRole) role = graph::Role::parameter;
  if (own_ && said == kBufferRole) role = graph::Role::buffer;
  if (own_ && said == kConstantRole) role = graph::Role::constant;
  const auto key = std::tuple(value.source, value.transposed, value.reshaped, value.alias);
  if (const auto found = loaded_.find(key); found != loaded_.end()) {
    auto& known = model_.graph.tensors[found->second].role;
    if (role == graph::Role::parameter) known = role;
    return found->second;
  }
  if (!is_float(*source.tensor)) fail_onnx_unsupported(path(), fmt::format("tensor {} holds integers that are used as data", source.tensor->name()));
  const std::string& wanted = value.alias.empty() ? source.tensor->name() : value.alias;
  const bool first = !wanted.empty() && source.initialiser && source_names_.insert(wanted).second;
  const graph::TensorId id = add_stored(first ? wanted : fresh_name(wanted.empty() ? "constant" : wanted), load(value), role);
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

std::vector<graph::TensorId> OnnxImporter::emit(const std::string& name, graph::Operator op, std::vector<graph::TensorId> inputs,
                                                const std::vector<std::string>& outputs, const std::string& mark) {
  auto& graph = model_.graph;
  graph::Node node{unique(node_names_, name), std::move(op), std::move(inputs), {}};
  for (const std::string& output : outputs) {
    node.outputs.push_back(graph.tensors.size());
    graph.tensors.push_back({output, {}, graph::Role::activation, ElementType::f32, {}});
    for (auto& shapes : shapes_) shapes.emplace_back();
  }
  graph::check_arity(graph, node);
  for (std::size_t trial = 0; trial < 2; ++trial) {
    auto inferred = trial == 1 && !dynamic_ ? std::vector<Shape>{} : graph::infer_node_shapes(graph, node, shapes_[trial]);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      shapes_[trial][node.outputs[i]] = inferred.empty() ? shapes_[0][node.outputs[i]] : std::move(inferred[i]);
    }
  }
  for (const graph::TensorId output : node.outputs) {
    const std::size_t rank = shapes_[0][output].size();
    if (rank > kMostDimensions) fail_onnx(path(), fmt::format("node {} gives a tensor of {} dimensions", node.name, rank));
  }
  graph.nodes.push_back(node);
  marks_.push_back(mark);
  return node.outputs;
}

void OnnxImporter::set_outputs() {
  for (const auto& output : file_.model.graph().output()) {
    const auto found = values_.find(output.name());
    if (found == values_.end()) fail_onnx(path(), fmt::format("nothing produces its output {}", output.name()));
    if (found->second.kind != OnnxValue::Kind::activation) fail_onnx_unsupported(path(), fmt::format("its output {} is a constant", output.name()));
    model_.graph.outputs.push_back(found->second.tensor);
  }
  if (model_.graph.outputs.empty()) fail_onnx(path(), "has no output");
}

graph::Model read_onnx(const std::filesystem::path& path, const OnnxReadOptions& options) {
  const OnnxFile file = open_onnx(path, OnnxData::located);
  return OnnxImporter(file, options).run();
}

}  // namespace inferometer::formats

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
#include "graph/prune.h"
#include "graph/shapes.h"

namespace inferometer::formats {

namespace {

constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 21;
constexpr std::int64_t kMostFoldedInAll = std::int64_t{1} << 22;  // elements; shape computations of large networks have some ten thousand
constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kMostDimensions = 16;
/// Operators that only shape computations have; they are folded or else not supported.
constexpr std::string_view kFoldedOnly[]{"Constant",
                                         "ConstantOfShape",
                                         "Shape",
                                         "Size",
                                         "Range",
                                         "Equal",
                                         "Where",
                                         "Not",
                                         "Less",
                                         "Greater",
                                         "And",
                                         "Or",
                                         "Floor",
                                         "Ceil",
                                         "Round",
                                         "Mod",
                                         "ReduceProd",
                                         "LessOrEqual",
                                         "GreaterOrEqual",
                                         "Reciprocal",
                                         "Min",
                                         "Max"};

bool default_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::string describe(const onnx::NodeProto& node) {
  const std::string name = !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return fmt::format("node {} ({})", name, default_domain(node.domain()) ? node.op_type() : node.domain() + "::" + node.op_type());
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
  graph::prune(model_);
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
  fail_onnx_unsupported(path(),
                        fmt::format("has operators that cannot be read as a graph: {} (first: {})", join(lacking, ", "), describe(*first)),
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
    if (!input.type().has_tensor_type() || !element ||
        (*element != ElementType::f32 && *element != ElementType::f16 && *element != ElementType::f64)) {
      fail_onnx_unsupported(path(), fmt::format("input {} is no floating-point tensor", input.name()));
    }
    Shape shape;
    for (const auto& dimension : type.shape().dim())
      shape.push_back(dimension.has_dim_value() && dimension.dim_value() > 0 ? dimension.dim_value() : -1);
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
  if (convert == nullptr)
    fail_onnx_unsupported(path(), fmt::format("{} computes on data, which cannot be read as a graph", describe(node)));
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
  if (seen.kind != OnnxValue::Kind::stored || !holds_reals(*sources_[seen.source].tensor)) return false;
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
  return count <= kMostFolded && (!source.initialiser || !holds_reals(*source.tensor) || (count == 1 && !own_));
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

std::vector<graph::TensorId> OnnxImporter::emit(const std::string& name, graph::Operator op, std::vector<graph::TensorId> inputs,
                                                const std::vector<std::string>& outputs, const std::string& mark) {
  auto& graph = model_.graph;
  graph::Node node{unique(node_names_, name), std::move(op), std::move(inputs), {}};
  for (const std::string& output : outputs) {
    node.outputs.push_back(graph.tensors.size());
    graph.tensors.push_back({output, {}, graph::Role::activation, ElementType::f32, {}});
    for (auto& shapes : shapes_) shapes.emplace_back();
  }
  if (own_ && mark.starts_with(kLayerTypeMark)) node.layer_type = mark.substr(kLayerTypeMark.size());
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
    if (found->second.kind != OnnxValue::Kind::activation)
      fail_onnx_unsupported(path(), fmt::format("its output {} is a constant", output.name()));
    model_.graph.outputs.push_back(found->second.tensor);
  }
  if (model_.graph.outputs.empty()) fail_onnx(path(), "has no output");
}

graph::Model read_onnx(const std::filesystem::path& path, const OnnxReadOptions& options) {
  const OnnxFile file = open_onnx(path, OnnxData::located);
  return OnnxImporter(file, options).run();
}

}  // namespace inferometer::formats

#include "openvino/session.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/text.h"
#include "common/input_shapes.h"
#include "engine/check_inputs.h"
#include "openvino/errors.h"
#include "openvino/settings.h"

namespace inferometer::engine {
namespace {

struct TypePair {
  ElementType ours;
  ov::element::Type_t theirs;
};
constexpr std::array kTypes{
    TypePair{ElementType::f32, ov::element::Type_t::f32},         TypePair{ElementType::f16, ov::element::Type_t::f16},
    TypePair{ElementType::bf16, ov::element::Type_t::bf16},       TypePair{ElementType::f64, ov::element::Type_t::f64},
    TypePair{ElementType::u8, ov::element::Type_t::u8},           TypePair{ElementType::i8, ov::element::Type_t::i8},
    TypePair{ElementType::i32, ov::element::Type_t::i32},         TypePair{ElementType::i64, ov::element::Type_t::i64},
    TypePair{ElementType::boolean, ov::element::Type_t::boolean},
};

ElementType our_type(const ov::element::Type& theirs, const std::string& tensor) {
  for (const TypePair& pair : kTypes)
    if (theirs == pair.theirs) return pair.ours;
  throw Error(ErrorCode::unsupported, "tensor '" + tensor + "' has element type " + theirs.get_type_name() + ", which cannot be exchanged");
}

ov::element::Type their_type(ElementType ours) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypePair& pair) { return pair.ours == ours; });
  return found == kTypes.end() ? ov::element::Type() : ov::element::Type(found->theirs);
}

template <typename Port>
std::string port_name(const Port& port, const char* kind, std::size_t index) {
  return port.get_names().empty() ? kind + std::to_string(index) : port.get_any_name();
}

/// Fix every input's shape, the batch included. Does nothing where all are fixed already.
void fix_shapes(ov::Model& model, const SessionSettings& settings) {
  std::vector<DeclaredInput> declared;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    const ov::Output<ov::Node> input = model.input(i);
    const std::string name = port_name(input, "input", i);
    const ov::PartialShape& partial = input.get_partial_shape();
    if (partial.rank().is_dynamic()) throw Error(ErrorCode::unsupported, "input '" + name + "' has no fixed number of dimensions");
    Shape shape;
    for (const ov::Dimension& dimension : partial) shape.push_back(dimension.is_static() ? dimension.get_length() : -1);
    declared.push_back({name, shape});
  }
  const std::vector<Shape> shapes = concrete_input_shapes(declared, settings);
  if (!model.is_dynamic()) return;
  std::map<std::size_t, ov::PartialShape> wanted;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    wanted[i] = ov::PartialShape(std::vector<ov::Dimension>(shapes[i].begin(), shapes[i].end()));
  model.reshape(wanted);
}

template <typename Port>
TensorInfo describe(const Port& port, const char* kind, std::size_t index) {
  TensorInfo info;
  info.name = port_name(port, kind, index);
  if (port.get_partial_shape().is_dynamic())
    throw Error(ErrorCode::unsupported, std::string(kind) + " '" + info.name + "' has a shape that depends on the input's values");
  const ov::Shape shape = port.get_shape();
  info.shape.assign(shape.begin(), shape.end());
  info.type = our_type(port.get_element_type(), info.name);
  return info;
}

ov::Shape their_shape(const Shape& shape) { return ov::Shape(shape.begin(), shape.end()); }

/// "brgconv_avx512_amx_bf16" computes in bf16; "" where the kernel's name does not tell.
std::string kernel_precision(const std::string& kernel) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> kNames{
      {{"_f32", "fp32"}, {"_bf16", "bf16"}, {"_f16", "fp16"}, {"_i8", "int8"}, {"_u8", "int8"}}};
  for (const auto& [suffix, name] : kNames)
    if (lower(kernel).ends_with(suffix)) return name;
  return {};
}

/// A node of the model that really runs.
struct RuntimeNode {
  std::string type, origins;
};

std::map<std::string, RuntimeNode> runtime_nodes(const ov::CompiledModel& compiled) {
  std::map<std::string, RuntimeNode> nodes;
  for (const auto& node : compiled.get_runtime_model()->get_ordered_ops()) {
    const auto& facts = node->get_rt_info();
    const auto text = [&](const char* key) {
      const auto found = facts.find(key);
      return found != facts.end() && found->second.is<std::string>() ? found->second.as<std::string>() : std::string();
    };
    nodes[node->get_friendly_name()] = {text("layerType"), text("originalLayersNames")};
  }
  return nodes;
}

/// Not computed: given, stored, or only read at the end.
bool is_tensor(const std::string& type) {
  return type == "Input" || type == "Parameter" || type == "Const" || type == "Constant" || type == "Output" || type == "Result";
}

std::size_t byte_count(const TensorInfo& tensor) { return static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type); }

}  // namespace

OpenVinoSession::OpenVinoSession(ov::Core& core, const ModelFile& model, const SessionSettings& settings)
    : subject_(std::filesystem::path(model.path).filename().string()) {
  translated(subject_, [&] { load(core, model, settings); });
}

void OpenVinoSession::load(ov::Core& core, const ModelFile& model, const SessionSettings& settings) {
  if (model.kind != ModelKind::onnx) throw Error(ErrorCode::unsupported, "openvino reads ONNX files here", "convert the model to .onnx");
  const std::string device = openvino_device(core, settings.device);
  const ov::AnyMap properties = compile_properties(core, device, settings);
  require_readable_file(model.path);

  const std::shared_ptr<ov::Model> network = translated(
      subject_, [&] { return core.read_model(model.path); }, ErrorCode::input);
  fix_shapes(*network, settings);
  compiled_ = core.compile_model(network, device, properties);
  profiling_ = properties.contains(ov::enable_profiling.name());

  obtained_ = read_back(compiled_);
  if (settings.precision != "native" && obtained_.precision != settings.precision)
    throw Error(ErrorCode::unsupported, "openvino computes in " +
                                            (obtained_.precision.empty() ? "an unknown precision" : obtained_.precision) + " where " +
                                            settings.precision + " was asked");
  if (obtained_.threads > settings.threads)
    throw Error(ErrorCode::unsupported, "openvino takes " + std::to_string(obtained_.threads) + " threads where " +
                                            std::to_string(settings.threads) + " were asked");
  describe_tensors();
}

void OpenVinoSession::describe_tensors() {
  for (std::size_t i = 0; i < compiled_.inputs().size(); ++i) inputs_.push_back(describe(compiled_.input(i), "input", i));
  for (std::size_t i = 0; i < compiled_.outputs().size(); ++i) outputs_.push_back(describe(compiled_.output(i), "output", i));
}

/// Inputs are wrapped where they lie; outputs are the framework's own, which keep their place.
class OpenVinoRequest final : public Request {
 public:
  explicit OpenVinoRequest(OpenVinoSession& session) : session_(session), request_(session.compiled_.create_infer_request()) {
    session.requests_.fetch_add(1, std::memory_order_relaxed);
    for (const TensorInfo& input : session.inputs_) shapes_.push_back(their_shape(input.shape));
    for (const TensorInfo& output : session.outputs_) views_.push_back({output.type, output.shape, nullptr, byte_count(output)});
  }

  std::span<const TensorView> run(std::span<const TensorView> inputs) override {
    translated(session_.subject_, [&] {
      check_inputs(session_.inputs_, inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const TensorView& input = inputs[i];
        request_.set_input_tensor(i, ov::Tensor(their_type(input.type), shapes_[i], input.data));
      }
      // infer() computes on the calling thread, whatever the streams; only the queue of start_async() keeps to them.
      if (session_.is_queued()) {
        request_.start_async();
        request_.wait();
      } else {
        request_.infer();
      }
      for (std::size_t i = 0; i < views_.size(); ++i) views_[i].data = request_.get_output_tensor(i).data();
    });
    if (session_.profiling_) {
      const std::lock_guard lock(session_.last_mutex_);
      session_.last_ = request_;
      ++session_.runs_;
    }
    return views_;
  }

 private:
  OpenVinoSession& session_;
  ov::InferRequest request_;
  std::vector<ov::Shape> shapes_;  // of the inputs
  std::vector<TensorView> views_;
};

std::unique_ptr<Request> OpenVinoSession::create_request() {
  return translated(subject_, [&] { return std::make_unique<OpenVinoRequest>(*this); });
}

std::vector<LayerTime> OpenVinoSession::layer_times() const {
  const std::lock_guard lock(last_mutex_);
  const std::int64_t runs = runs_ - left_out_.runs;
  if (!last_ || runs < 1) return {};
  return translated(subject_, [&] {
    // The framework's figures are means, in whole microseconds, over all runs since the model was compiled.
    const auto mean_since_restart = [&](const ov::ProfilingInfo& info) {
      const auto before = left_out_.times_us.find(info.node_name);
      const double sum = std::chrono::duration<double, std::micro>(info.real_time).count() * static_cast<double>(runs_) -
                         (before == left_out_.times_us.end() ? 0 : before->second);
      return std::max(sum / static_cast<double>(runs), 0.0);
    };
    const std::map<std::string, RuntimeNode> nodes = runtime_nodes(compiled_);
    std::vector<LayerTime> layers;
    for (const ov::ProfilingInfo& info : last_.get_profiling_info()) {
      const auto node = nodes.find(info.node_name);
      // What is not in the model that runs was fused into something that is; and stored or given tensors are no layers.
      if (node == nodes.end() || is_tensor(node->second.type)) continue;
      LayerTime layer;
      layer.name = info.node_name;
      layer.op = node->second.type;
      layer.kernel = info.exec_type;
      layer.precision = kernel_precision(info.exec_type);
      layer.executed = info.status == ov::ProfilingInfo::Status::EXECUTED;
      if (layer.executed) layer.time_us = mean_since_restart(info);
      layer.origins = node->second.origins;
      layers.push_back(std::move(layer));
    }
    return layers;
  });
}

void OpenVinoSession::restart_layer_times() {
  const std::lock_guard lock(last_mutex_);
  left_out_ = {};
  if (!last_) return;
  translated(subject_, [&] {
    left_out_.runs = runs_;
    for (const ov::ProfilingInfo& info : last_.get_profiling_info())
      left_out_.times_us[info.node_name] = std::chrono::duration<double, std::micro>(info.real_time).count() * static_cast<double>(runs_);
  });
}

}  // namespace inferometer::engine

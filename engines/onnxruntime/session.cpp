#include "onnxruntime/session.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include <unistd.h>

#include <onnxruntime_session_options_config_keys.h>

#include "base/files.h"
#include "base/text.h"
#include "common/input_shapes.h"
#include "common/session_limits.h"
#include "engine/check_inputs.h"
#include "common/declared_dimensions.h"
#include "onnxruntime/half_arithmetic.h"
#include "onnxruntime/profile.h"
#include "onnxruntime/providers.h"

namespace inferometer::engine {
namespace {

struct TypePair {
  ElementType ours;
  ONNXTensorElementDataType theirs;
};
constexpr std::array kTypes{
    TypePair{ElementType::f32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},     TypePair{ElementType::f16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
    TypePair{ElementType::bf16, ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16}, TypePair{ElementType::f64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
    TypePair{ElementType::u8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},      TypePair{ElementType::i8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    TypePair{ElementType::i32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},     TypePair{ElementType::i64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    TypePair{ElementType::boolean, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},
};

ElementType our_type(ONNXTensorElementDataType theirs, const std::string& tensor) {
  for (const TypePair& pair : kTypes)
    if (pair.theirs == theirs) return pair.ours;
  throw Error(ErrorCode::unsupported,
              "tensor '" + tensor + "' has ONNX element type " + std::to_string(theirs) + ", which cannot be exchanged");
}

ONNXTensorElementDataType their_type(ElementType ours) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypePair& pair) { return pair.ours == ours; });
  return found == kTypes.end() ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED : found->theirs;
}

constexpr std::array<std::pair<const char*, GraphOptimizationLevel>, 4> kGraphLevels{{
    {"all", ORT_ENABLE_ALL},
    {"extended", ORT_ENABLE_EXTENDED},
    {"basic", ORT_ENABLE_BASIC},
    {"disabled", ORT_DISABLE_ALL},
}};

/// Threads of this process now.
int thread_count() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) count += task.is_directory() ? 1 : 0;
  return count;
}

std::string profile_prefix() {
  return (std::filesystem::temp_directory_path() / ("inferometer-onnxruntime-" + std::to_string(::getpid()))).string();
}

/// The names and values of dynamic dimensions, as ONNX Runtime fixes them.
std::map<std::string, std::int64_t> dimension_overrides(const OnnxDeclaration& declaration, const SessionSettings& settings) {
  std::vector<DeclaredInput> inputs;
  for (const DeclaredDimensions& input : declaration.inputs) inputs.push_back({input.name, input.shape});
  const std::vector<Shape> shapes = concrete_input_shapes(inputs, settings);
  std::map<std::string, std::int64_t> overrides;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const std::string& symbol = declaration.inputs[i].symbols[axis];
      if (symbol.empty()) continue;
      const auto [known, added] = overrides.emplace(symbol, shapes[i][axis]);
      if (!added && known->second != shapes[i][axis])
        throw Error(ErrorCode::usage, "dimension '" + symbol + "' of the model would be both " + std::to_string(known->second) + " and " +
                                          std::to_string(shapes[i][axis]) + "; give one value with --shape");
    }
  }
  return overrides;
}

struct FreeAligned {
  void operator()(void* memory) const { std::free(memory); }
};
using AlignedBytes = std::unique_ptr<void, FreeAligned>;

/// 64-byte aligned, as the framework's own tensors are.
AlignedBytes allocate_aligned(std::size_t bytes) {
  void* memory = std::aligned_alloc(64, std::max<std::size_t>((bytes + 63) / 64 * 64, 64));
  if (memory == nullptr) throw Error(ErrorCode::out_of_memory, "no memory for an output of " + std::to_string(bytes) + " bytes");
  return AlignedBytes(memory);
}

std::size_t byte_count(const TensorInfo& tensor) { return static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type); }

Ort::MemoryInfo host_memory() { return Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault); }

}  // namespace

const std::vector<OwnSetting>& onnxruntime_settings() {
  static const std::vector<OwnSetting> table{
      {"graph", {"all", "extended", "basic", "disabled"}},  // graph optimisations
      {"spinning", {"1", "0"}},                             // idle threads of the pool wait in a busy loop
      {"arena", {"1", "0"}},                                // memory is kept between runs
      {"fallback", {"0", "1"}},                             // on an accelerator: operators that it lacks may run on the CPU
      {"profile", {"0", "1"}},                              // layer_times()
  };
  return table;
}

OnnxRuntimeSession::OnnxRuntimeSession(const Ort::Env& environment, const ModelFile& model, const SessionSettings& settings)
    : subject_(std::filesystem::path(model.path).filename().string()), slots_(settings.streams) {
  translated(subject_, [&] { load(environment, model, settings); });
}

void OnnxRuntimeSession::load(const Ort::Env& environment, const ModelFile& model, const SessionSettings& settings) {
  if (model.kind != ModelKind::onnx) throw Error(ErrorCode::unsupported, "onnxruntime reads ONNX files only", "convert the model to .onnx");
  const std::map<std::string, std::string> own = own_values("onnxruntime", onnxruntime_settings(), settings);
  const auto on = [&](const char* key) { return own.at(key) == "1"; };
  require_positive(settings);
  // Every caller of Run() computes too, so S callers and a pool of T - S threads are T threads altogether.
  if (settings.streams > settings.threads)
    throw Error(ErrorCode::unsupported, std::to_string(settings.streams) + " streams need at least as many threads",
                "onnxruntime computes on the calling threads: raise --threads or lower --streams");

  Ort::SessionOptions options;
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_ERROR);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.SetInterOpNumThreads(1);
  options.SetIntraOpNumThreads(settings.threads - settings.streams + 1);
  for (const auto& [name, level] : kGraphLevels)
    if (own.at("graph") == name) options.SetGraphOptimizationLevel(level);
  options.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, own.at("spinning").c_str());
  // fp32 must be fp32: on ARM this switch would let products of matrices be computed in bfloat16.
  options.AddConfigEntry(kOrtSessionOptionsMlasGemmFastMathArm64Bfloat16, "0");
  if (!on("arena")) options.DisableCpuMemArena();

  const std::string provider = select_device(options, settings);
  const bool accelerator = provider != "CPUExecutionProvider";
  if (accelerator && !on("fallback")) options.AddConfigEntry(kOrtSessionOptionsDisableCPUEPFallback, "1");

  require_readable_file(model.path);
  const OnnxDeclaration declaration = read_declaration(model.path);
  if (!declaration.inputs.empty())  // else it is no ONNX model, and the framework says so below
    for (const auto& [symbol, value] : dimension_overrides(declaration, settings))
      Ort::ThrowOnError(Ort::GetApi().AddFreeDimensionOverrideByName(options, symbol.c_str(), value));

  profiling_ = on("profile");
  if (profiling_) options.EnableProfiling(profile_prefix().c_str());

  const int threads_before = thread_count();
  session_ = Ort::Session(environment, model.path.c_str(), options);
  obtained_.threads = thread_count() - threads_before + settings.streams;
  obtained_.device = lower(settings.device);
  // The CPU provider has no arithmetic of lower precision for float tensors.
  if (!accelerator) obtained_.precision = "fp32";
  holds_halves_ = declaration.half_weights;
  holds_bfloats_ = declaration.bfloat_weights;
  obtained_.own["providers"] = accelerator && on("fallback") ? provider + " CPUExecutionProvider" : provider;
  obtained_.own["spinning"] = options.GetConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning);
  if (obtained_.threads > settings.threads)
    throw Error(ErrorCode::unsupported, "onnxruntime started " + std::to_string(obtained_.threads) + " threads where " +
                                            std::to_string(settings.threads) + " were asked");
  describe_tensors(settings);
  if (accelerator) return;
  if (holds_halves_) note_half_arithmetic(environment);
  if (holds_bfloats_) obtained_.precision.clear();  // nothing tells
  if (settings.precision != "fp16" || obtained_.precision == "fp16") return;
  throw Error(ErrorCode::unsupported,
              holds_halves_ ? "onnxruntime has no fp16 kernels for this processor: it would cast and compute in fp32"
                            : "onnxruntime computes in fp16 only what the model stores so",
              holds_halves_ ? "--precision fp32 runs the file all the same" : "inferometer export MODEL --precision fp16 -o F.onnx");
}

/// What is computed in is a property of the kernels, not of the file.
void OnnxRuntimeSession::note_half_arithmetic(const Ort::Env& environment) {
  const std::vector<std::string> operators = half_operators(environment);
  obtained_.precision = half_precision_of(operators);
  obtained_.own["half_operators"] = operators.empty() ? "none" : join(operators, " ");
}

void OnnxRuntimeSession::describe_tensors(const SessionSettings& settings) {
  const auto describe = [&](const std::string& name, const Ort::TypeInfo& type) {
    if (type.GetONNXType() != ONNX_TYPE_TENSOR)
      throw Error(ErrorCode::unsupported, "'" + name + "' is no tensor (a sequence or map), which cannot be exchanged");
    const auto info = type.GetTensorTypeAndShapeInfo();
    const ElementType element = our_type(info.GetElementType(), name);
    holds_halves_ = holds_halves_ || element == ElementType::f16;
    holds_bfloats_ = holds_bfloats_ || element == ElementType::bf16;
    return TensorInfo{name, info.GetShape(), element};
  };

  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<DeclaredInput> declared;
  for (std::size_t i = 0; i < session_.GetInputCount(); ++i) {
    inputs_.push_back(describe(session_.GetInputNameAllocated(i, allocator).get(), session_.GetInputTypeInfo(i)));
    declared.push_back({inputs_[i].name, inputs_[i].shape});
  }
  const std::vector<Shape> shapes = concrete_input_shapes(declared, settings);
  for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i].shape = shapes[i];

  bool all_known = true;
  for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
    outputs_.push_back(describe(session_.GetOutputNameAllocated(i, allocator).get(), session_.GetOutputTypeInfo(i)));
    // An unknown number of dimensions is reported as none.
    all_known = all_known && !outputs_[i].shape.empty();
    for (const std::int64_t dimension : outputs_[i].shape) all_known = all_known && dimension >= 0;
  }
  for (const TensorInfo& input : inputs_) input_pointers_.push_back(input.name.c_str());
  for (const TensorInfo& output : outputs_) output_pointers_.push_back(output.name.c_str());
  if (!all_known) find_output_shapes();
}

/// A few models leave dimensions of an output open even where all inputs are fixed: one run on zeros shows them.
void OnnxRuntimeSession::find_output_shapes() {
  const Ort::MemoryInfo memory = host_memory();
  std::vector<AlignedBytes> zeros;
  std::vector<Ort::Value> values;
  for (const TensorInfo& input : inputs_) {
    zeros.push_back(allocate_aligned(byte_count(input)));
    std::memset(zeros.back().get(), 0, byte_count(input));
    values.push_back(Ort::Value::CreateTensor(memory, zeros.back().get(), byte_count(input), input.shape.data(), input.shape.size(),
                                              their_type(input.type)));
  }
  ++runs_;
  const std::vector<Ort::Value> results = session_.Run(Ort::RunOptions{nullptr}, input_pointers_.data(), values.data(), values.size(),
                                                       output_pointers_.data(), output_pointers_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i].shape = results[i].GetTensorTypeAndShapeInfo().GetShape();
  obtained_.own["output_shapes"] = "found by a run while loading";
}

/// Writes into outputs that were made once; inputs are wrapped where they lie.
class OnnxRuntimeRequest final : public Request {
 public:
  explicit OnnxRuntimeRequest(OnnxRuntimeSession& session) : session_(session), memory_(host_memory()) {
    for (const TensorInfo& output : session.outputs_) {
      buffers_.push_back(allocate_aligned(byte_count(output)));
      outputs_.push_back(Ort::Value::CreateTensor(memory_, buffers_.back().get(), byte_count(output), output.shape.data(),
                                                  output.shape.size(), their_type(output.type)));
      views_.push_back({output.type, output.shape, buffers_.back().get(), byte_count(output)});
    }
    inputs_.reserve(session.inputs_.size());
  }

  std::span<const TensorView> run(std::span<const TensorView> inputs) override {
    translated(session_.subject_, [&] {
      check_inputs(session_.inputs_, inputs);
      inputs_.clear();
      for (const TensorView& input : inputs) {
        // The interface takes a mutable pointer because outputs are made the same way; inputs are only read.
        inputs_.push_back(Ort::Value::CreateTensor(memory_, const_cast<void*>(input.data), input.bytes, input.shape.data(),
                                                   input.shape.size(), their_type(input.type)));
      }
      const StreamSlots::Slot slot(session_.slots_);
      if (session_.profiling_) ++session_.runs_;
      session_.session_.Run(run_options_, session_.input_pointers_.data(), inputs_.data(), inputs_.size(), session_.output_pointers_.data(),
                            outputs_.data(), outputs_.size());
    });
    return views_;
  }

 private:
  OnnxRuntimeSession& session_;
  Ort::MemoryInfo memory_;
  Ort::RunOptions run_options_;
  std::vector<AlignedBytes> buffers_;
  std::vector<Ort::Value> inputs_, outputs_;
  std::vector<TensorView> views_;
};

std::unique_ptr<Request> OnnxRuntimeSession::create_request() {
  return translated(subject_, [&] { return std::make_unique<OnnxRuntimeRequest>(*this); });
}

std::vector<LayerTime> OnnxRuntimeSession::end_profiling() const {
  Ort::AllocatorWithDefaultOptions allocator;
  const std::filesystem::path file = session_.EndProfilingAllocated(allocator).get();
  std::vector<LayerTime> layers = read_profile(file, skipped_runs_.load());
  std::filesystem::remove(file);
  return layers;
}

std::vector<LayerTime> OnnxRuntimeSession::layer_times() const {
  if (!profiling_) return {};
  const std::lock_guard lock(profile_mutex_);
  if (!profile_) profile_ = translated(subject_, [&] { return end_profiling(); });
  return *profile_;
}

OnnxRuntimeSession::~OnnxRuntimeSession() {
  try {
    layer_times();  // removes the profile's file
  } catch (const std::exception&) {
    // Nobody is left to tell.
  }
}

}  // namespace inferometer::engine

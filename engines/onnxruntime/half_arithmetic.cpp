#include "onnxruntime/half_arithmetic.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <filesystem>
#include <map>
#include <string_view>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/error.h"
#include "common/onnx_fields.h"
#include "common/wire.h"

namespace inferometer::engine {
namespace {

using Dimensions = std::vector<std::uint64_t>;
constexpr std::array<const char*, 3> kOperators{"Conv", "MatMul", "Gemm"};
constexpr std::uint64_t kSide = 8;

// Fields of onnx.proto that only a writer of whole models needs.
constexpr std::uint64_t kModelIrVersion = 1, kModelOpset = 8, kOpsetVersion = 2, kGraphName = 2, kNodeInput = 1, kNodeOutput = 2,
                        kTensorDims = 1, kTensorRawData = 9;

std::string text(std::uint64_t number, std::string_view content) { return wire::header(number, content.size()).append(content); }
std::string integer(std::uint64_t number, std::uint64_t value) { return wire::varint(number << 3).append(wire::varint(value)); }

std::string half_value(const char* name, const Dimensions& dimensions) {
  std::string shape;
  for (const std::uint64_t size : dimensions) shape += text(onnx_fields::kShapeDimension, integer(onnx_fields::kDimensionValue, size));
  const std::string type = integer(onnx_fields::kTensorTypeElement, onnx_fields::kFloat16) + text(onnx_fields::kTensorTypeShape, shape);
  return text(onnx_fields::kValueName, name) + text(onnx_fields::kValueType, text(onnx_fields::kTypeTensor, type));
}

std::string half_zeros(const char* name, const Dimensions& dimensions) {
  std::string tensor;
  std::size_t elements = 1;
  for (const std::uint64_t size : dimensions) {
    tensor += integer(kTensorDims, size);
    elements *= size;
  }
  tensor += integer(onnx_fields::kTensorDataType, onnx_fields::kFloat16) + text(onnx_fields::kTensorName, name);
  return tensor + text(kTensorRawData, std::string(elements * sizeof(std::uint16_t), '\0'));
}

std::string node(const char* type, const std::vector<const char*>& inputs, const char* output) {
  std::string bytes;
  for (const char* input : inputs) bytes += text(kNodeInput, input);
  return bytes + text(kNodeOutput, output) + text(onnx_fields::kNodeName, type) + text(onnx_fields::kNodeType, type);
}

/// Three nodes side by side on inputs of their own, so that none can be fused with another.
std::string tiny_model() {
  const Dimensions image{1, kSide, kSide, kSide}, square{kSide, kSide};
  std::string graph = text(kGraphName, "half");
  graph += text(onnx_fields::kGraphNode, node("Conv", {"image", "filters"}, "conv"));
  graph += text(onnx_fields::kGraphNode, node("MatMul", {"matrix", "factor"}, "product"));
  graph += text(onnx_fields::kGraphNode, node("Gemm", {"rows", "weights", "bias"}, "linear"));
  graph += text(onnx_fields::kGraphInitializer, half_zeros("filters", {kSide, kSide, 3, 3}));
  graph += text(onnx_fields::kGraphInitializer, half_zeros("factor", square));
  graph += text(onnx_fields::kGraphInitializer, half_zeros("weights", square));
  graph += text(onnx_fields::kGraphInitializer, half_zeros("bias", {kSide}));
  graph += text(onnx_fields::kGraphInput, half_value("image", image));
  graph += text(onnx_fields::kGraphInput, half_value("matrix", square));
  graph += text(onnx_fields::kGraphInput, half_value("rows", square));
  graph += text(onnx_fields::kGraphOutput, half_value("conv", {1, kSide, kSide - 2, kSide - 2}));
  graph += text(onnx_fields::kGraphOutput, half_value("product", square));
  graph += text(onnx_fields::kGraphOutput, half_value("linear", square));
  return integer(kModelIrVersion, 6) + text(onnx_fields::kModelGraph, graph) + text(kModelOpset, integer(kOpsetVersion, 10));
}

/// Run the model once with profiling. @return the profile's file, which the caller removes.
std::filesystem::path profiled_run(const Ort::Env& environment) {
  Ort::SessionOptions options;
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_ERROR);
  options.SetIntraOpNumThreads(1);
  options.EnableProfiling((std::filesystem::temp_directory_path() / ("inferometer-half-" + std::to_string(::getpid()))).c_str());
  const std::string model = tiny_model();
  Ort::Session session(environment, model.data(), model.size(), options);

  const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  std::array<std::uint16_t, kSide * kSide * kSide> zeros{};
  const std::array<std::int64_t, 4> image{1, kSide, kSide, kSide};
  const std::array<std::int64_t, 2> square{kSide, kSide};
  std::vector<Ort::Value> inputs;
  const auto add = [&](const std::int64_t* shape, std::size_t rank, std::size_t elements) {
    inputs.push_back(Ort::Value::CreateTensor(memory, zeros.data(), elements * sizeof(std::uint16_t), shape, rank,
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16));
  };
  add(image.data(), image.size(), zeros.size());
  add(square.data(), square.size(), kSide * kSide);
  add(square.data(), square.size(), kSide * kSide);
  constexpr std::array<const char*, 3> kInputs{"image", "matrix", "rows"}, kOutputs{"conv", "product", "linear"};
  session.Run(Ort::RunOptions{nullptr}, kInputs.data(), inputs.data(), inputs.size(), kOutputs.data(), kOutputs.size());
  Ort::AllocatorWithDefaultOptions allocator;
  return session.EndProfilingAllocated(allocator).get();
}

/// Element type of the first input that each operator's kernel was given, by operator. Fused forms ("NhwcFusedConv") count as what they do.
std::map<std::string, std::string> input_types(const std::filesystem::path& profile) {
  std::ifstream file(profile);
  const nlohmann::json events = nlohmann::json::parse(file, nullptr, false);
  std::map<std::string, std::string> types;
  if (!events.is_array()) return types;
  for (const nlohmann::json& event : events) {
    if (event.value("cat", "") != "Node") continue;
    const nlohmann::json arguments = event.value("args", nlohmann::json::object());
    const std::string op = arguments.value("op_name", "");
    const nlohmann::json inputs = arguments.value("input_type_shape", nlohmann::json::array());
    if (inputs.empty() || !inputs.front().is_object() || inputs.front().empty()) continue;
    for (const char* name : kOperators) {
      if (op.ends_with(name)) types[name] = inputs.front().begin().key();
    }
  }
  return types;
}

}  // namespace

std::vector<std::string> half_operators(const Ort::Env& environment) {
  const std::filesystem::path profile = profiled_run(environment);
  const std::map<std::string, std::string> types = input_types(profile);
  std::error_code ignored;
  std::filesystem::remove(profile, ignored);
  if (types.size() != kOperators.size())
    throw Error(ErrorCode::engine_failure, "ONNX Runtime's profile does not tell what half floats are computed in");
  std::vector<std::string> operators;
  for (const auto& [name, type] : types)
    if (type == "float16") operators.push_back(name);
  return operators;
}

std::string half_precision_of(const std::vector<std::string>& operators) {
  if (operators.empty()) return "fp32";
  return operators.size() == kOperators.size() ? "fp16" : "mixed";
}

}  // namespace inferometer::engine

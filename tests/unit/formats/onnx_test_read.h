/// Read a test model and look at what came out.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/onnx.h"
#include "onnx_test_model.h"

namespace inferometer::formats {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

inline graph::Model read(const OnnxTestModel& model, const OnnxReadOptions& options = {}) {
  const TemporaryFolder folder;
  model.save(folder / "model.onnx");
  return read_onnx(folder / "model.onnx", options);
}

inline std::string error_of(const OnnxTestModel& model) {
  try {
    read(model);
  } catch (const Error& error) {
    return std::string(name_of(error.code())) + ": " + error.what();
  }
  return "";
}

inline Names operators(const graph::Model& model) {
  Names names;
  for (const graph::Node& node : model.graph.nodes) names.emplace_back(graph::name_of(node.op));
  return names;
}

inline Shape output_shape(const graph::Model& model, std::int64_t batch) {
  return graph::infer_shapes(model.graph, batch)[model.graph.outputs[0]];
}

inline Floats values(const graph::Model& model, const std::string& name) {
  const auto found = model.weights.find(name);
  if (found == model.weights.end()) return {};
  return {found->second.floats(), found->second.floats() + element_count(found->second.shape)};
}

inline graph::Role role(const graph::Model& model, const std::string& name) {
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.name == name) return tensor.role;
  }
  ADD_FAILURE() << "no tensor " << name;
  return graph::Role::activation;
}

}  // namespace inferometer::formats

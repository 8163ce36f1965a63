/// Make small ONNX files as other exporters would, and places to put them.
#pragma once

#ifndef ONNX_NAMESPACE
#define ONNX_NAMESPACE onnx
#endif
#ifndef ONNX_ML
#define ONNX_ML 1
#endif

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

namespace inferometer::formats {

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "onnx_test_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A dimension below 1 is written as the free dimension `batch`.
class OnnxTestModel {
 public:
  explicit OnnxTestModel(std::int64_t opset, std::int64_t ir = 8) {
    model.set_ir_version(ir);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
  }

  static void declare(onnx::ValueInfoProto& value, const std::string& name, const std::vector<std::int64_t>& shape,
                      std::int32_t type = onnx::TensorProto::FLOAT) {
    value.set_name(name);
    value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    for (const std::int64_t size : shape) {
      auto& dimension = *value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
      if (size > 0) dimension.set_dim_value(size);
      if (size <= 0) dimension.set_dim_param("batch");
    }
  }
  OnnxTestModel& input(const std::string& name, const std::vector<std::int64_t>& shape) {
    declare(*model.mutable_graph()->add_input(), name, shape);
    return *this;
  }
  OnnxTestModel& output(const std::string& name, const std::vector<std::int64_t>& shape = {}) {
    declare(*model.mutable_graph()->add_output(), name, shape);
    return *this;
  }

  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    auto& added = *model.mutable_graph()->add_node();
    added.set_op_type(op);
    added.set_name("/" + outputs[0]);
    for (const auto& name : inputs) added.add_input(name);
    for (const auto& name : outputs) added.add_output(name);
    return added;
  }

  onnx::TensorProto& initialiser(const std::string& name, const std::vector<std::int64_t>& shape, std::int32_t type) {
    auto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t size : shape) tensor.add_dims(size);
    return tensor;
  }
  OnnxTestModel& floats(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    auto& tensor = initialiser(name, shape, onnx::TensorProto::FLOAT);
    for (const float value : values) tensor.add_float_data(value);
    return *this;
  }
  /// 0, 1, 2, ...
  OnnxTestModel& counted(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
    return floats(name, shape, values);
  }
  OnnxTestModel& integers(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& values) {
    auto& tensor = initialiser(name, shape, onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return *this;
  }

  void save(const std::filesystem::path& path) const {
    std::ofstream file(path, std::ios::binary);
    model.SerializeToOstream(&file);
  }

  onnx::ModelProto model;
};

inline void set(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, float value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}
inline void set(onnx::NodeProto& node, const std::string& name, const std::vector<std::int64_t>& values) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

}  // namespace inferometer::formats

/// Make small ONNX models for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <onnx/onnx_pb.h>

namespace inferometer::test {

/// "N" and other names are dynamic, "" is dynamic without a name, digits are fixed.
using Dimensions = std::vector<std::string>;

struct OneNode {
  std::string op = "Relu";
  std::string domain;
  Dimensions input{"N", "3", "4", "4"};
  Dimensions output{"N", "3", "4", "4"};
  int type = onnx::TensorProto::FLOAT;
};

inline void describe(onnx::ValueInfoProto& value, const std::string& name, int type, const Dimensions& dimensions) {
  value.set_name(name);
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  for (const std::string& text : dimensions) {
    auto* dimension = tensor->mutable_shape()->add_dim();
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
      dimension->set_dim_value(std::stoll(text));
    else if (!text.empty())
      dimension->set_dim_param(text);
  }
}

/// x -> op -> y
inline onnx::ModelProto model_of(const OneNode& one) {
  onnx::ModelProto model;
  model.set_ir_version(6);
  model.add_opset_import()->set_version(11);
  if (!one.domain.empty()) {
    auto* domain = model.add_opset_import();
    domain->set_domain(one.domain);
    domain->set_version(1);
  }
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("graph");
  onnx::NodeProto& node = *graph.add_node();
  node.set_name("the_node");
  node.set_op_type(one.op);
  node.set_domain(one.domain);
  node.add_input(std::string("x"));
  node.add_output(std::string("y"));
  describe(*graph.add_input(), "x", one.type, one.input);
  describe(*graph.add_output(), "y", one.type, one.output);
  return model;
}

/// A file that goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::ostringstream name;
    name << "inferometer-test-" << ::getpid() << '-' << next_++ << ".onnx";
    path_ = std::filesystem::temp_directory_path() / name.str();
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  static inline int next_ = 0;
  std::filesystem::path path_;
};

inline TemporaryFile model_file(const OneNode& one = {}) { return TemporaryFile(model_of(one).SerializeAsString()); }

}  // namespace inferometer::test

#include "formats/onnx_opset13.h"

#include <utility>

#include "formats/onnx_marks.h"

namespace inferometer::formats {

namespace {

/// Take an attribute out of a node; an empty one where there is none.
onnx::AttributeProto take(onnx::NodeProto& node, const std::string& name) {
  auto& attributes = *node.mutable_attribute();
  for (int i = 0; i < attributes.size(); ++i) {
    if (attributes.Get(i).name() != name) continue;
    onnx::AttributeProto attribute = attributes.Get(i);
    attributes.DeleteSubrange(i, 1);
    return attribute;
  }
  return {};
}

class Raiser {
 public:
  explicit Raiser(OnnxMessage& message) : message_(message) {}

  void run() {
    message_.model.set_ir_version(7);
    message_.model.mutable_opset_import(0)->set_version(13);
    for (auto& node : *message_.model.mutable_graph()->mutable_node()) {
      if (node.op_type() == "Clip") {
        add_scalar(node, "min");
        add_scalar(node, "max");
      } else if (node.op_type() == "Pad") {
        add_integers(node, "pads");
        add_scalar(node, "value");
      } else if (node.op_type() == "Split") {
        add_integers(node, "split");
      } else if (node.op_type() == "Resize") {
        raise_resize(node);
      }
    }
  }

 private:
  void add_scalar(onnx::NodeProto& node, const std::string& name) {
    const std::vector<float> value{take(node, name).f()};
    add(node, make_stored(node.output(0) + "/" + name, onnx::TensorProto::FLOAT, {}, value));
  }

  void add_integers(onnx::NodeProto& node, const std::string& name) {
    const onnx::AttributeProto attribute = take(node, name);
    const std::vector<std::int64_t> values(attribute.ints().begin(), attribute.ints().end());
    add(node, make_stored(node.output(0) + "/" + name, onnx::TensorProto::INT64, {attribute.ints_size()}, values));
  }

  void add(onnx::NodeProto& node, StreamedTensor tensor) {
    node.add_input(tensor.header.name());
    message_.tensors.push_back(std::move(tensor));
  }

  /// The sampling that opset 10 has without a choice is called asymmetric and floor since.
  static void raise_resize(onnx::NodeProto& node) {
    const std::string scales = node.input(1);
    node.set_input(1, "");
    node.add_input(scales);
    for (const auto& [name, value] : {std::pair{"coordinate_transformation_mode", "asymmetric"}, std::pair{"nearest_mode", "floor"}}) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(name);
      attribute.set_type(onnx::AttributeProto::STRING);
      attribute.set_s(value);
    }
  }

  OnnxMessage& message_;
};

}  // namespace

StreamedTensor make_stored(const std::string& name, std::int32_t onnx_type, const Shape& shape, std::vector<std::byte> bytes) {
  StreamedTensor tensor;
  tensor.header.set_name(name);
  tensor.header.set_data_type(onnx_type);
  for (const std::int64_t size : shape) tensor.header.add_dims(size);
  tensor.header.set_doc_string(std::string(kConstantRole));
  tensor.own = std::move(bytes);
  return tensor;
}

void raise_to_opset_13(OnnxMessage& message) { Raiser(message).run(); }

}  // namespace inferometer::formats

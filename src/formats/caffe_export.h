/// Collect the layers of a Caffe network and write its two files.
///
/// Internal to formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "inferometer_caffe.pb.h"

namespace inferometer::formats {

/// A blob as a view of values that the caller keeps.
struct CaffeBlobView {
  Shape shape;
  const float* values = nullptr;
};

/// One layer and what its caffemodel holds.
struct CaffeLayer {
  inferometer_caffe::Layer layer;
  std::vector<CaffeBlobView> blobs;
};

/// Write both files, or neither. Throws Error{unsupported} for a caffemodel above 2 GB, Error{io}.
void save_caffe(const inferometer_caffe::Net& inputs, const std::vector<CaffeLayer>& layers, const std::filesystem::path& prototxt,
                const std::filesystem::path& weights);

/// Writes the nodes of a model as layers, one by one.
class CaffeExporter {
 public:
  explicit CaffeExporter(const graph::Model& model);
  void write_nodes();
  /// The inputs, with this batch.
  inferometer_caffe::Net header(std::int64_t batch) const;
  const std::vector<CaffeLayer>& layers() const { return layers_; }

 private:
  using Layer = inferometer_caffe::Layer;
  using Bottoms = std::vector<std::string>;

  // caffe_write.cpp
  void write(const graph::Conv& op);
  void write(const graph::BatchNorm& op);
  void write(const graph::Linear& op);
  void write(const graph::MaxPool& op);
  void write(const graph::AveragePool& op);
  void write(const graph::AdaptiveAveragePool& op);
  void write(const graph::GlobalAveragePool& op);
  void write(const graph::ReduceMean& op);
  void write_pooling(const graph::Window& window, inferometer_caffe::PoolingParameter::Method method);
  void write_global_pooling(const std::string& name, const std::string& top);

  // caffe_write_elementwise.cpp
  void write(const graph::Activation& op);
  void write(const graph::Add& op);
  void write(const graph::Sub& op);
  void write(const graph::Mul& op);
  void write(const graph::Concat& op);
  void write(const graph::Split& op);
  void write(const graph::Reshape& op);
  void write(const graph::Transpose& op);
  void write(const graph::Flatten& op);
  void write(const graph::Pad& op);
  void write(const graph::Lrn& op);
  void write(const graph::Softmax& op);
  void write(const graph::Identity& op);
  template <class Operator>
  void write(const Operator&) {
    unsupported("Caffe has no layer for it");
  }
  std::string write_clip(const std::string& x, float low, float high, bool last);
  bool write_with_stored(bool product);

  // What both use.
  Layer& add(const char* type, const std::string& name, const Bottoms& bottoms, const std::string& top);
  Layer& last(const char* type, const Bottoms& bottoms);                            ///< named after the node, gives its output
  std::string inner(const char* type, const char* suffix, const Bottoms& bottoms);  ///< on the way to it; its layer is added().
  Layer& added() { return layers_.back().layer; }
  std::string power(const std::string& x, const char* suffix, float scale, float shift);
  void alias();  ///< the node's output is its input
  void add_blob(graph::TensorId id, Shape shape);
  void add_blob(Shape shape, float value);

  bool has(std::size_t i) const { return i < node_->inputs.size() && node_->inputs[i] != graph::kNoTensor; }
  bool stored(std::size_t i) const;
  const std::string& bottom(std::size_t i) const { return blobs_[node_->inputs[i]]; }
  Bottoms all_bottoms() const;
  const Shape& shape(std::size_t i) const { return shapes_[node_->inputs[i]]; }
  const Shape& output_shape() const { return shapes_[node_->outputs[0]]; }
  const float* values(graph::TensorId id) const;
  bool is_constant(std::size_t i, float value) const;  ///< input i is a constant with this value everywhere
  [[noreturn]] void unsupported(const std::string& what) const;

  const graph::Model& model_;
  const graph::Graph& graph_;
  std::vector<Shape> shapes_;
  std::vector<std::string> blobs_;         ///< by TensorId: Caffe's name of an activation
  std::vector<std::vector<float>> owned_;  ///< values that no tensor of the model has
  std::vector<CaffeLayer> layers_;
  const graph::Node* node_ = nullptr;
};

}  // namespace inferometer::formats

/// Turn the layers of a prototxt into nodes.
///
/// Internal to formats. CaffeImporter walks the layers in order and keeps, for each blob name, the tensor that it means at that point
/// (a layer that works in place gives the name a new tensor). A table has one function for each type of layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/builder.h"
#include "inferometer_caffe.pb.h"

namespace inferometer::formats {

class CaffeImporter {
 public:
  using Layer = inferometer_caffe::Layer;
  using TensorId = graph::TensorId;
  /// Adds the nodes of one layer and returns its tops.
  using Rule = std::vector<TensorId> (*)(CaffeImporter&, const Layer&, std::span<const TensorId> bottoms);

  CaffeImporter(std::filesystem::path path, inferometer_caffe::Net net);

  /// The network; call once. Its batch is free.
  graph::Graph import();
  /// Inner products whose weights the file keeps as [inputs, outputs]; their layers' names.
  const std::set<std::string>& transposed() const { return transposed_; }

  // What rules need.
  graph::Builder& builder() { return builder_; }
  const Shape& shape(TensorId id) const { return builder_.shape(id); }
  std::int64_t declared_batch() const { return declared_batch_; }
  void mark_transposed(const std::string& layer) { transposed_.insert(layer); }
  /// The Scale layer that reads this layer's result and nothing else does, so that both are one BatchNorm; nullptr otherwise.
  const Layer* scale_behind(const Layer& layer) const;
  /// Whether scale_behind() gave this layer to a BatchNorm.
  bool merged(const Layer& layer) const { return merged_.contains(&layer); }
  void merge(const Layer& scale) { merged_.insert(&scale); }

  /// Throw Error{unsupported} or Error{input} naming file, layer and type.
  [[noreturn]] void unsupported(const Layer& layer, const std::string& what, const std::string& hint = {}) const;
  [[noreturn]] void wrong(const Layer& layer, const std::string& what, const std::string& hint = {}) const;

 private:
  void add_inputs();
  void add_input(const std::string& blob, const inferometer_caffe::BlobShape& shape);
  void find_readers();
  void import_layer(const Layer& layer);
  std::vector<TensorId> outputs() const;

  std::filesystem::path path_;
  inferometer_caffe::Net net_;
  graph::Builder builder_;
  std::map<std::string, TensorId> blobs_;                      ///< by name, as they stand at the current layer
  std::map<const Layer*, std::vector<const Layer*>> readers_;  ///< layers that read a layer's tops
  std::map<std::string, const Layer*> last_writer_;            ///< of each blob, at the end
  std::set<std::string> unread_inputs_;                        ///< declared, and no layer reads them
  std::set<const Layer*> merged_;
  std::set<std::string> transposed_;
  std::int64_t declared_batch_ = 1;
};

/// The rule for a type of layer; nullptr when there is none.
CaffeImporter::Rule caffe_rule(std::string_view type);

/// Rules by type, in two files: layers with weights and windows, and the others.
using CaffeRules = std::map<std::string_view, CaffeImporter::Rule>;
CaffeRules caffe_window_rules();
CaffeRules caffe_elementwise_rules();

}  // namespace inferometer::formats

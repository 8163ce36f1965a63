/// Build a Graph from the nodes of an ONNX file.
///
/// Internal to formats. Nodes are visited in topological order. Every ONNX value becomes one of
///  - an activation: a tensor of the Graph, with its shape known at two trial batch sizes (onnx_fold.h);
///  - stored data: an initialiser or Constant node, perhaps seen through a Reshape or a 2-D Transpose, loaded when a node uses it;
///  - a folded constant: the value of a shape computation at both trial batches.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx.h"
#include "formats/onnx_file.h"
#include "formats/onnx_fold.h"
#include "graph/graph.h"

namespace inferometer::formats {

/// A constant at both trial batches.
using FoldedConstant = std::array<Constant, 2>;
/// A shape at both trial batches.
using TrialShapes = std::array<Shape, 2>;

struct OnnxValue {
  enum class Kind : std::uint8_t { absent, activation, stored, folded };
  Kind kind = Kind::absent;
  graph::TensorId tensor = graph::kNoTensor;       ///< activation
  std::size_t source = 0;                          ///< stored: index of the importer's sources
  bool transposed = false;                         ///< stored: a matrix seen transposed, before `reshaped`
  std::optional<Shape> reshaped;                   ///< stored: seen with another shape
  std::string alias;                               ///< stored: the name that an Identity gave it, see OnnxImporter::view
  std::shared_ptr<const FoldedConstant> constant;  ///< folded
};

/// The Graph being built. Nodes carry a mark beside them: the doc string of our own exports, see onnx_marks.h.
class OnnxImporter {
 public:
  OnnxImporter(const OnnxFile& file, const OnnxReadOptions& options);
  graph::Model run();

  // ---- for converters of nodes --------------------------------------------------------------------------------
  const std::filesystem::path& path() const { return file_.path; }
  std::int64_t opset() const { return opset_; }
  bool own() const { return own_; }
  const OnnxValue& value(const std::string& name) const;
  TrialShapes shapes_of(const OnnxValue& value) const;
  TrialShapes shapes_of(graph::TensorId tensor) const { return {shapes_[0][tensor], shapes_[1][tensor]}; }
  /// The constant behind a value when it is small: folded, or stored data that is loaded for this.
  std::shared_ptr<const FoldedConstant> constant_of(const OnnxValue& value);
  /// A tensor of the Graph for this value; stored data is loaded under its ONNX name. `role` says what stored data serves as here.
  graph::TensorId tensor_of(const OnnxValue& value, graph::Role role);
  /// A tensor of the Graph for stored integers that pick among `extent` elements: i64, counted from the front.
  /// Throws Error{input} when one is out of range, Error{unsupported} when they are computed.
  graph::TensorId indices_of(const OnnxValue& value, std::int64_t extent);
  /// What stored data is that serves as an operand of Add, Mul and the like. In our own exports what the file says; else a
  /// float initialiser of more than one element is a parameter and everything else a constant.
  graph::Role operand_role(const OnnxValue& value) const;
  /// A new stored tensor of float values under a name of its own.
  graph::TensorId add_stored(const std::string& name, graph::Array array, graph::Role role);
  /// Add a node whose outputs have these names; names are made unique, shapes inferred.
  std::vector<graph::TensorId> emit(const std::string& name, graph::Operator op, std::vector<graph::TensorId> inputs,
                                    const std::vector<std::string>& outputs, const std::string& mark);
  /// A name that no value of the file and no tensor made here has.
  std::string fresh_name(const std::string& wanted);
  void bind(const std::string& name, graph::TensorId tensor);
  /// Elements of stored data, without loading it.
  std::int64_t elements_of(const OnnxValue& value) const;
  bool used(const std::string& name) const { return uses_.contains(name); }
  graph::Array& array_of(graph::TensorId tensor);

 private:
  struct Source {
    const onnx::TensorProto* tensor = nullptr;
    std::optional<ByteRange> range;
    bool initialiser = false;
    Shape shape;
    std::shared_ptr<const FoldedConstant> constant;
  };

  void read_opset();
  void add_sources();
  void add_inputs();
  std::vector<const onnx::NodeProto*> sorted_nodes() const;
  void check_names();
  void check_operators() const;
  void visit(const onnx::NodeProto& node);
  bool view(const onnx::NodeProto& node);
  bool try_fold(const onnx::NodeProto& node);
  bool foldable(const OnnxValue& value) const;
  void add_source(const onnx::TensorProto& tensor, const std::string& name, std::optional<ByteRange> range, bool initialiser);
  graph::Array load(const OnnxValue& value);
  graph::Role role_of(const Source& source, graph::Role otherwise) const;
  graph::TensorId add_source_tensor(const OnnxValue& value, graph::Array array, graph::Role role);
  void set_outputs();
  std::string unique(std::unordered_set<std::string>& names, const std::string& wanted);

  const OnnxFile& file_;
  const OnnxReadOptions& options_;
  std::int64_t opset_ = 0;
  bool own_ = false;
  bool dynamic_ = false;  ///< some input has a free batch
  graph::Model model_;
  std::vector<std::string> marks_;            ///< by node
  std::array<std::vector<Shape>, 2> shapes_;  ///< by trial batch and TensorId
  std::vector<Source> sources_;
  std::unordered_map<std::string, OnnxValue> values_;
  std::unordered_set<std::string> taken_;  ///< names of values in the file and of tensors made here
  std::unordered_set<std::string> node_names_;
  std::unordered_map<std::string, int> suffixes_;  ///< last number given to a name that was taken
  std::unordered_set<std::string> source_names_;   ///< of stored data that already is a tensor under its own name
  std::unordered_set<std::string> uses_;           ///< names that some node or output reads
  std::map<std::tuple<std::size_t, bool, std::optional<Shape>, std::string>, graph::TensorId> loaded_;
  std::int64_t loaded_bytes_ = 0;
  std::int64_t folded_elements_ = 0;
  std::vector<std::shared_ptr<const FoldedConstant>> kept_;  ///< constants that references were given to
  std::int64_t stored_bytes_ = 0;                            ///< of the file and the external files it refers to
};

/// One node with its inputs at hand, as converters see it.
struct OnnxNode {
  OnnxImporter& importer;
  const onnx::NodeProto& proto;

  std::string name() const;  ///< the node's, else its first output's
  [[noreturn]] void unsupported(std::string_view why) const;
  [[noreturn]] void broken(std::string_view why) const;
  bool has(int input) const { return input < proto.input_size() && !proto.input(input).empty(); }
  const OnnxValue& value(int input) const;                    ///< fails when absent
  graph::TensorId operand(int input) const;                   ///< activation or stored data
  graph::TensorId stored(int input, graph::Role role) const;  ///< stored data only: "weight of x is computed" is unsupported
  TrialShapes shapes(int input) const { return importer.shapes_of(value(input)); }
  std::size_t rank(int input) const { return shapes(input)[0].size(); }
  std::int64_t axis(std::int64_t given, std::size_t of_rank) const;  ///< made non-negative; fails out of range
  const FoldedConstant& trial_constants(int input) const;            ///< small constant; fails when it is none
  const Constant& constant(int input) const;                         ///< the same at both batches
  std::vector<std::int64_t> integers(int input) const;
  float scalar(int input) const;
  /// Integers of an attribute, each at most 2^31 in magnitude: sizes beyond that are damage.
  std::optional<std::vector<std::int64_t>> integers(std::string_view attribute) const;
  std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const;

  /// Emit the node that produces the first output, under the node's own name.
  void finish(graph::Operator op, std::vector<graph::TensorId> inputs) const;
  void finish_many(graph::Operator op, std::vector<graph::TensorId> inputs) const;
  /// Emit a helper node, named after this one.
  graph::TensorId inner(std::string_view suffix, graph::Operator op, std::vector<graph::TensorId> inputs) const;
  /// A scalar constant for a helper.
  graph::TensorId scalar_tensor(std::string_view suffix, float value) const;
  /// Reshape `x` to these shapes, with 0 and -1 where the batch shows.
  void finish_reshape(graph::TensorId x, const TrialShapes& shapes) const;
  void refuse_other_outputs() const;
};

using OnnxConverter = void (*)(const OnnxNode&);
/// nullptr for an operator that Graph lacks.
OnnxConverter find_converter(std::string_view op_type);
using OnnxConverterTable = std::unordered_map<std::string_view, OnnxConverter>;
const OnnxConverterTable& layer_converters();    ///< convolution, pooling, normalisation, matrix products
const OnnxConverterTable& element_converters();  ///< activations and arithmetic
const OnnxConverterTable& shape_converters();    ///< reshape, slice, pad, ...

/// Turn groups of nodes that stand for one operator into that operator (onnx_lift.cpp). Marks are by node.
void lift_groups(graph::Model& model, std::vector<std::string>& marks, bool own, const std::vector<Shape>& shapes);

}  // namespace inferometer::formats

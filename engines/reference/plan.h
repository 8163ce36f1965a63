/// Decide before the first request where every tensor lies in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "convolution.h"
#include "graph/graph.h"

namespace inferometer::reference {

/// Where a tensor's elements are.
struct Place {
  enum class Kind : std::uint8_t { nowhere, input, weight, arena };
  Kind kind = Kind::nowhere;
  std::size_t input = 0;                ///< index into Graph::inputs
  const graph::Array* array = nullptr;  ///< of a weight
  std::size_t offset = 0;               ///< into the request's arena, in floats
};

/// A model at one batch, with a place for every tensor. Tensors whose lives do not overlap share memory; what only renames dimensions is a
/// view; activations and batch normalisations work in place where nobody reads their input afterwards. Requests share it.
/// Not movable: places point into it.
class Plan {
 public:
  /// Throws what infer_shapes() throws; Error{input} for a missing or mis-shaped weight and an index out of range;
  /// Error{unsupported} for element types other than f32 (indices: i64) and for sizes beyond the kernels.
  Plan(graph::Model model, std::int64_t batch, Depthwise depthwise);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const graph::Graph& graph() const { return model_.graph; }
  const Shape& shape(graph::TensorId id) const { return shapes_[id]; }
  const Place& place(graph::TensorId id) const { return places_[id]; }
  /// By index into Graph::outputs: an arena block that no other tensor uses.
  std::size_t output_offset(std::size_t index) const { return output_offsets_[index]; }
  std::size_t arena_floats() const { return arena_floats_; }
  std::size_t scratch_floats() const { return scratch_floats_; }  ///< for each worker
  Depthwise depthwise() const { return depthwise_; }

 private:
  void check() const;
  void check_tensor(graph::TensorId id, ElementType type) const;
  void check_indices(const graph::Node& node, const graph::Gather& gather) const;
  void place_given_tensors();
  void place_activations();
  void measure_scratch();

  graph::Model model_;
  Depthwise depthwise_;
  std::vector<Shape> shapes_;
  std::vector<Place> places_;
  std::vector<std::size_t> output_offsets_;
  std::size_t arena_floats_ = 0;
  std::size_t scratch_floats_ = 0;
};

}  // namespace inferometer::reference

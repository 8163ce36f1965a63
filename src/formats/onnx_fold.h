/// Evaluate the small constant parts of an ONNX graph: shapes, indices, scalar factors.
///
/// Internal to formats. Exporters compute shapes at run time (Shape -> Gather -> Concat -> Reshape). Such chains are evaluated
/// twice, at two batch sizes: what is equal in both is a constant, what differs depends on the batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "base/element_type.h"
#include "graph/graph.h"

namespace inferometer::formats {

/// The two batch sizes: primes that no dimension is a multiple of by accident.
inline constexpr std::array<std::int64_t, 2> kTrialBatches{61, 67};

/// Largest constant that is evaluated; what is larger is data, not a shape.
inline constexpr std::int64_t kMostFolded = 4096;

/// A small array of integers (booleans are 0 and 1) or of real numbers.
struct Constant {
  bool real = false;
  Shape shape;
  std::vector<std::int64_t> integers;  ///< when not real
  std::vector<double> reals;           ///< when real

  std::size_t size() const { return real ? reals.size() : integers.size(); }
  double at(std::size_t i) const { return real ? reals[i] : static_cast<double>(integers[i]); }
  bool operator==(const Constant&) const = default;
};

/// nullopt when the array has more than kMostFolded elements.
std::optional<Constant> to_constant(const graph::Array& array);
graph::Array to_array(const Constant& constant);  ///< f32 or i64

/// Evaluate one node. `inputs` holds nullptr for an absent optional input.
/// nullopt: an operator that is not evaluated, inputs that do not fit it, or a result above kMostFolded.
std::optional<Constant> fold(const onnx::NodeProto& node, std::span<const Constant* const> inputs);

}  // namespace inferometer::formats

#include "predict/unit_amounts.h"

#include <algorithm>
#include <cmath>

#include "base/element_type.h"
#include "base/text.h"
#include "graph/overloaded.h"

namespace inferometer::predict {
namespace {

using graph::Node;

constexpr double kBytesPerValue = 4, kMega = 1e6, kGiga = 1e9;
/// Maps with fewer points than this leave a kernel's register tile partly empty (7 x 7; 14 x 14 half so).
constexpr double kSmallMap = 100, kMediumMap = 250;
/// Activations beyond the second-level cache of a core (1.25 to 2 MB on today's servers) come from further away.
constexpr double kNearCacheMb = 2;

double beyond_near_cache(double megabytes) { return std::max(0.0, megabytes - kNearCacheMb); }

class UnitMaker {
 public:
  UnitMaker(const ShapedGraph& net, const Node& node) : net_(net), node_(node) {
    unit_.layer = node.name;
    unit_.operation = graph::name_of(node.op);
  }

  Unit make() {
    std::visit(
        graph::Overloaded{
            [&](const graph::Conv& conv) { convolution(conv); },
            [&](const graph::Linear&) { linear(); },
            [&](const graph::MatMul&) { matmul(); },
            [&](const graph::BatchNorm&) { moves("norm"); },
            [&](const graph::Activation& activation) { alone(activation); },
            [&](const graph::MaxPool& pool) { pooling("max_pool", pool.window); },
            [&](const graph::AveragePool& pool) { pooling("average_pool", pool.window); },
            [&](const graph::AdaptiveAveragePool& pool) { pool.height == 1 && pool.width == 1 ? global_pool() : moves("adaptive_pool"); },
            [&](const graph::GlobalAveragePool&) { global_pool(); },
            [&](const graph::ReduceMean&) { moves("mean"); },
            [&](const graph::Add&) { arithmetic("add"); },
            [&](const graph::Sub&) { arithmetic("add"); },
            [&](const graph::Mul&) { arithmetic("multiply"); },
            [&](const graph::Div&) { arithmetic("divide"); },
            [&](const graph::Concat& concat) { concatenation(concat); },
            [&](const graph::Split& split) { splitting(split); },
            [&](const graph::Slice&) { moves("slice"); },
            [&](const graph::Gather&) { moves("gather"); },
            [&](const graph::Reshape&) { reshaping(); },
            [&](const graph::Transpose&) { moves("transpose"); },
            [&](const graph::Flatten&) { reshaping(); },
            [&](const graph::Pad&) { moves("pad"); },
            [&](const graph::Lrn&) { moves("lrn"); },
            [&](const graph::Softmax&) { moves("softmax"); },
            [&](const graph::LayerNorm&) { moves("layer_norm"); },
            [&](const graph::Identity&) { unit_.kind = "identity"; },
        },
        node_.op);
    return unit_;
  }

 private:
  const Shape& in() const { return net_.shapes[node_.inputs[0]]; }
  const Shape& out() const { return net_.shapes[node_.outputs[0]]; }
  static double at(const Shape& shape, std::size_t i) { return i < shape.size() ? static_cast<double>(shape[i]) : 1; }
  double padded(double channels) const { return std::ceil(channels / net_.lanes()) * net_.lanes(); }
  double in_mb() const { return net_.megabytes(node_.inputs[0]); }
  double out_mb() const { return net_.megabytes(node_.outputs[0]); }

  void charge(const std::string& what, double amount) {
    if (amount > 0) unit_.amounts[unit_.kind + "." + what] += amount;
  }
  void extent(const char* name, double value) {
    double& known = unit_.extents[name];
    known = std::max(known, value);
  }
  void begin(const char* kind) {
    unit_.kind = kind;
    charge("count", 1);
  }
  /// What lies beyond the near cache, of what is read and written.
  void charge_far(double megabytes) { charge("far_mb", beyond_near_cache(megabytes)); }

  /// What it reads and writes, where that is what it costs.
  void charge_moved(double megabytes) {
    charge("mb", megabytes);
    extent(kMegabytesExtent, megabytes);
  }

  /// An operator that reads its input and writes its output once.
  void moves(const char* kind) {
    begin(kind);
    charge_moved(in_mb() + out_mb());
    charge_far(in_mb() + out_mb());
  }

  void convolution(const graph::Conv& conv) {
    const Shape& weight = net_.shapes[node_.inputs[1]];
    const double kernel = at(weight, 2) * at(weight, 3), in_channels = at(in(), 1), out_channels = at(out(), 1);
    const double points = at(out(), 2) * at(out(), 3), images = at(out(), 0);
    const auto groups = static_cast<double>(conv.groups);
    const bool strided = conv.window.strides[0] > 1 || conv.window.strides[1] > 1;
    extent("kernel", std::max(at(weight, 2), at(weight, 3)));
    extent("channels", std::max(in_channels, out_channels));
    extent("map", std::max(at(in(), 2), at(in(), 3)));
    if (groups > 1 && groups == in_channels && out_channels == in_channels) {
      depthwise(kernel, points, images, in_channels, strided);
    } else if (groups > 1) {
      grouped(kernel, points, images, in_channels / groups, out_channels / groups, groups, strided);
    } else {
      dense(kernel, points, images, in_channels, out_channels, strided, conv.window.dilations[0] > 1 || conv.window.dilations[1] > 1);
    }
  }

  void dense(double kernel, double points, double images, double in_channels, double out_channels, bool strided, bool dilated) {
    const double exact = kernel * points * images * in_channels * out_channels / kGiga;
    if (in_channels <= 4) {
      begin("stem");
      charge("gmac", exact);
      charge("input_mb", in_mb());
      charge("output_mb", out_mb());
      charge_far(in_mb() + out_mb());
      if (std::fmod(out_channels, net_.lanes()) != 0) charge("unaligned_output_mb", out_mb());
      return;
    }
    const double work = kernel * points * images * in_channels * padded(out_channels) / kGiga;
    if (points == 1) {
      begin("vector");  // a convolution of one point: a product of a matrix and a vector
      // Odd channels cost a few microseconds here; charged for, they would be charged whatever else is odd about a gate.
      charge("gmac", work);
      charge("weights_mb", net_.megabytes(node_.inputs[1]));
      return;
    }
    const bool pointwise = kernel == 1;
    begin(pointwise ? "pointwise" : "convolution");
    charge("gmac", work);
    if (points < kSmallMap) charge("small_map_gmac", work);
    if (points >= kSmallMap && points < kMediumMap) charge("medium_map_gmac", work);
    if (strided) charge("strided_gmac", work);
    if (dilated) charge("dilated_gmac", work);
    if (!pointwise && std::max(in_channels, out_channels) < 2 * net_.lanes()) charge("narrow_gmac", work);
    if (std::fmod(in_channels, kChannelsOfBlocked) != 0) charge("unaligned_gmac", work);
    charge("input_mb", in_mb());
    charge("output_mb", out_mb());
    charge_far(in_mb() + out_mb());
    if (std::fmod(in_channels, net_.lanes()) != 0) charge("unaligned_input_mb", in_mb());
    if (std::fmod(out_channels, net_.lanes()) != 0) charge("unaligned_output_mb", out_mb());
    charge("weights_mb", net_.megabytes(node_.inputs[1]));
  }

  void depthwise(double kernel, double points, double images, double channels, bool strided) {
    begin("depthwise");
    const double work = kernel * points * images * padded(channels) / kGiga;
    charge("gmac", work);
    if (strided) charge("strided_gmac", work);
    if (std::fmod(channels, kChannelsOfBlocked) != 0) charge("unaligned_gmac", work);
    charge("input_mb", in_mb());
    charge("output_mb", out_mb());
    charge_far(in_mb() + out_mb());
    if (std::fmod(channels, net_.lanes()) != 0) charge("unaligned_channels", images * channels);
  }

  void grouped(double kernel, double points, double images, double in_width, double out_width, double groups, bool strided) {
    begin("grouped");
    const double work = kernel * points * images * in_width * out_width * groups / kGiga;
    charge("groups", groups * images);
    // Narrow groups leave lanes empty; which widths an engine has kernels for, the columns tell apart.
    const double width = std::min(in_width, out_width);
    const char* const name = width <= 4    ? "width4_gmac"
                             : width <= 8  ? "width8_gmac"
                             : width <= 16 ? "width16_gmac"
                             : width <= 32 ? "width32_gmac"
                                           : "wide_gmac";
    charge(name, work);
    if (strided) charge("strided_gmac", work);
    // Blocked layouts need groups of whole blocks; others are unrolled into a matrix of every window's values for a plain product.
    if (std::fmod(width, net_.lanes()) != 0) {
      charge("unaligned_mb", in_mb() + out_mb());
      const double unrolled_mb = kernel * points * images * in_width * groups * kBytesPerValue / kMega;
      if (kernel > 1) charge("unrolled_mb", unrolled_mb);
      if (kernel > 1 && strided) charge("strided_unrolled_mb", unrolled_mb);
    }
    charge("mb", in_mb() + out_mb());
    charge_far(in_mb() + out_mb());
    charge("weights_mb", net_.megabytes(node_.inputs[1]));
  }

  void linear() {
    const Shape& weight = net_.shapes[node_.inputs[1]];
    const double rows = net_.elements(node_.inputs[0]) / at(weight, 1);
    const bool tokens = in().size() > 2;
    begin(tokens ? "token_linear" : "linear");
    extent("features", std::max(at(weight, 0), at(weight, 1)));
    charge("gmac", rows * at(weight, 0) * at(weight, 1) / kGiga);
    charge("weights_mb", net_.megabytes(node_.inputs[1]));
    if (tokens) charge_moved(in_mb() + out_mb());
    if (tokens) charge_far(in_mb() + out_mb());
  }

  void matmul() {
    begin("matmul");
    const double work = net_.elements(node_.outputs[0]) * static_cast<double>(in().back()) / kGiga;
    // The kernels are those of a linear layer over tokens; a column of its own was never told apart from what surrounds products.
    unit_.amounts["token_linear.gmac"] += work;
    extent(kWorkExtent, work);
    charge_moved(in_mb() + net_.megabytes(node_.inputs[1]) + out_mb());
  }

  void alone(const graph::Activation& activation) {
    begin("activation");
    charge_moved(in_mb() + out_mb());
    charge_far(in_mb() + out_mb());
    add_activation(unit_, net_, activation, node_.outputs[0]);
  }

  void pooling(const char* kind, const graph::Window& window) {
    begin(kind);
    const auto cells = static_cast<double>(window.kernel[0] * window.kernel[1]);
    extent("kernel", static_cast<double>(std::max(window.kernel[0], window.kernel[1])));
    charge("gcell", net_.elements(node_.outputs[0]) * cells / kGiga);
    charge_moved(in_mb() + out_mb());
    charge_far(in_mb() + out_mb());
    if (std::fmod(at(in(), 1), net_.lanes()) != 0) charge("unaligned_mb", in_mb() + out_mb());
  }

  void global_pool() {
    begin("global_pool");
    charge_moved(in_mb());
    charge("channels", at(in(), 0) * at(in(), 1));
    if (std::fmod(at(in(), 1), net_.lanes()) != 0) charge("unaligned_mb", in_mb());
  }

  /// Of two operands with the shape of the output, or of one and a smaller one that is repeated over it.
  void arithmetic(const char* kind) {
    const bool same = net_.shapes[node_.inputs[0]] == out() && net_.shapes[node_.inputs[1]] == out();
    const std::string scaled = std::string("repeated_") + kind;
    begin(same ? kind : scaled.c_str());
    const double read = in_mb() + net_.megabytes(node_.inputs[1]);
    charge_moved(read + out_mb());
    charge_far(read + out_mb());
    // A factor a channel: every channel of every image is a loop of its own.
    if (!same && out().size() == 4) charge("channels", at(out(), 0) * at(out(), 1));
  }

  void concatenation(const graph::Concat& concat) {
    begin("concat");
    charge("inputs", static_cast<double>(node_.inputs.size()));
    charge_moved(out_mb());
    double unaligned = 0;
    const bool channels = concat.axis == 1 && out().size() == 4;
    for (const graph::TensorId id : node_.inputs) {
      if (channels && std::fmod(at(net_.shapes[id], 1), net_.lanes()) != 0) unaligned = out_mb();
    }
    charge("unaligned_mb", unaligned);
  }

  void splitting(const graph::Split& split) {
    begin("split");
    charge_moved(in_mb());
    const bool channels = split.axis == 1 && in().size() == 4;
    const bool unaligned =
        std::any_of(split.sizes.begin(), split.sizes.end(), [this](std::int64_t size) { return size % net_.block_channels != 0; });
    if (channels && unaligned) charge("unaligned_mb", in_mb());
  }

  /// Costs nothing by itself; but a map that is kept in blocks of channels must be laid out plainly for it.
  void reshaping() {
    begin("reshape");
    const bool map = in().size() == 4 && at(in(), 2) * at(in(), 3) > 1;
    if (map) charge("map_mb", in_mb());
    if (map) charge_far(2 * in_mb());
  }

  const ShapedGraph& net_;
  const Node& node_;
  Unit unit_;
};

/// Costs next to nothing behind the unit that it is fused to: kernels apply it to what is in their registers. Others are a pass of their
/// own over what the kernel has just written.
bool is_free(graph::ActivationKind kind) { return kind == graph::ActivationKind::relu; }

}  // namespace

double ShapedGraph::elements(graph::TensorId id) const {
  double product = 1;
  for (const std::int64_t size : shapes[id]) product *= static_cast<double>(size);
  return product;
}

double ShapedGraph::megabytes(graph::TensorId id) const { return elements(id) * kBytesPerValue / kMega; }

bool ShapedGraph::stored(graph::TensorId id) const { return graph::is_stored(graph.tensors[id].role); }

bool ShapedGraph::is_vector(graph::TensorId id) const {
  const Shape& shape = shapes[id];
  return shape.size() <= 2 || (shape.size() == 4 && shape[2] * shape[3] == 1);
}

Unit unit_of(const ShapedGraph& net, const Node& node) { return UnitMaker(net, node).make(); }

void add_activation(Unit& unit, const ShapedGraph& net, const graph::Activation& activation, graph::TensorId map) {
  if (is_free(activation.kind)) return;
  const std::string name = lower(graph::name_of(graph::Operator(activation)));
  unit.amounts[name + ".count"] += 1;
  if (net.is_vector(map)) return;
  const double megabytes = net.megabytes(map);
  unit.amounts[name + ".mb"] += megabytes;
  if (megabytes > kNearCacheMb) unit.amounts[name + ".far_mb"] += beyond_near_cache(megabytes);
}

void add_residual(Unit& unit, double megabytes) {
  unit.amounts["residual.count"] += 1;
  unit.amounts["residual.mb"] += megabytes;
}

Unit reorder_unit(const ShapedGraph& net, graph::TensorId map, bool to_blocks, const std::string& layer) {
  Unit unit;
  unit.layer = layer;
  unit.kind = "reorder";
  unit.operation = "Reorder";
  const double megabytes = net.megabytes(map);
  unit.amounts["reorder.count"] = 1;
  unit.amounts[to_blocks ? "reorder.to_blocks_mb" : "reorder.to_plain_mb"] = megabytes;
  if (megabytes > kNearCacheMb) unit.amounts["reorder.far_mb"] = beyond_near_cache(megabytes);
  return unit;
}

}  // namespace inferometer::predict

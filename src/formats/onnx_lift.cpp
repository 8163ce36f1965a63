#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "formats/adaptive_windows.h"
#include "formats/onnx_import.h"
#include "formats/onnx_marks.h"

namespace inferometer::formats {

namespace {

using graph::Activation;
using graph::ActivationKind;
using graph::kNoTensor;
using graph::Node;
using graph::Role;
using graph::TensorId;

constexpr std::size_t kNoNode = std::numeric_limits<std::size_t>::max();

/// Looks backwards from a node for the group that it ends, and replaces the group by one node in that node's place.
/// Inner nodes of a group must have no other reader. Nodes of a replaced group are left without a reader; graph::prune() drops them.
class Lifter {
 public:
  Lifter(graph::Model& model, const std::vector<std::string>& marks, bool own, const std::vector<Shape>& shapes)
      : model_(model),
        graph_(model.graph),
        marks_(marks),
        own_(own),
        shapes_(shapes),
        producers_(graph_.tensors.size(), kNoNode),
        readers_(graph_.tensors.size(), 0) {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      for (const TensorId id : graph_.nodes[i].outputs) producers_[id] = i;
      for (const TensorId id : graph_.nodes[i].inputs) {
        if (id != kNoTensor) ++readers_[id];
      }
    }
    for (const TensorId id : graph_.outputs) readers_[id] += 2;  // what the caller sees must stay
  }

  void run() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      current_ = i;
      const bool lifted = lift_linear() || lift_layer_norm() || lift_gelu() || lift_hard_sigmoid() || lift_product() || lift_softmax() ||
                          lift_adaptive() || lift_average_pool();
      (void)lifted;
    }
  }

 private:
  /// The node that computes this tensor, if it is one of these operators; inner nodes have one reader (or `readers`).
  template <typename Op>
  const Node* maker(TensorId id, std::size_t readers = 1) const {
    if (id == kNoTensor || producers_[id] == kNoNode || readers_[id] != readers) return nullptr;
    const Node& node = graph_.nodes[producers_[id]];
    return std::holds_alternative<Op>(node.op) ? &node : nullptr;
  }
  const Node* activation(TensorId id, ActivationKind kind, std::size_t readers = 1) const {
    const Node* node = maker<Activation>(id, readers);
    return node != nullptr && std::get<Activation>(node->op).kind == kind ? node : nullptr;
  }
  template <typename Op>
  const Node* here() const {
    const Node& node = graph_.nodes[current_];
    return std::holds_alternative<Op>(node.op) ? &node : nullptr;
  }

  bool stored(TensorId id) const { return graph::is_stored(graph_.tensors[id].role); }
  /// The number that a stored tensor of one element holds.
  std::optional<float> number(TensorId id) const {
    if (!stored(id)) return std::nullopt;
    const graph::Array& array = model_.weights.find(graph_.tensors[id].name)->second;
    if (array.type != ElementType::f32 || array.bytes.size() != sizeof(float)) return std::nullopt;
    return array.floats()[0];
  }
  bool is(TensorId id, double wanted) const {
    const auto value = number(id);
    return value && std::abs(*value - wanted) <= 1e-6 * std::abs(wanted);
  }

  /// In our own exports all nodes of a group must carry its mark.
  bool marked(std::string_view mark, std::initializer_list<const Node*> nodes) const {
    if (!own_) return true;
    return marks_[current_] == mark && std::all_of(nodes.begin(), nodes.end(), [&](const Node* node) {
             return marks_[static_cast<std::size_t>(node - graph_.nodes.data())] == mark;
           });
  }

  bool replace(graph::Operator op, std::vector<TensorId> inputs) {
    Node& node = graph_.nodes[current_];
    // The group's inner nodes lose their reader, its inputs get one: counts that later groups rely on.
    for (const TensorId id : inputs) ++readers_[id];
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    return true;
  }

  /// Linear without bias, then a vector added to it.
  bool lift_linear() {
    const Node* add = here<graph::Add>();
    if (add == nullptr) return false;
    for (const std::size_t side : {0U, 1U}) {
      const Node* linear = maker<graph::Linear>(add->inputs[side]);
      const TensorId bias = add->inputs[1 - side];
      if (linear == nullptr || linear->inputs.size() != 2 || !stored(bias)) continue;
      const std::int64_t features = graph_.tensors[linear->inputs[1]].shape[0];
      if (graph_.tensors[bias].shape != Shape{features} || !marked(kLinearMark, {linear})) continue;
      if (!own_) graph_.tensors[bias].role = Role::parameter;
      return replace(graph::Linear{}, {linear->inputs[0], linear->inputs[1], bias});
    }
    return false;
  }

  /// (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + bias, over the last axes.
  bool lift_layer_norm() {
    if (const Node* mul = own_ ? here<graph::Mul>() : nullptr) {
      return lift_layer_norm_from(mul->inputs[0], mul->inputs[1], kNoTensor, *mul, kLayerNormWithoutBiasMark);
    }
    const Node* add = here<graph::Add>();
    if (add == nullptr) return false;
    for (const std::size_t add_side : {0U, 1U}) {
      const Node* mul = maker<graph::Mul>(add->inputs[add_side]);
      if (mul == nullptr) continue;
      for (const std::size_t mul_side : {0U, 1U}) {
        if (lift_layer_norm_from(mul->inputs[mul_side], mul->inputs[1 - mul_side], add->inputs[1 - add_side], *mul, kLayerNormMark))
          return true;
      }
    }
    return false;
  }

  bool lift_layer_norm_from(TensorId normalized, TensorId scale, TensorId bias, const Node& mul, std::string_view mark) {
    const Node* div = maker<graph::Div>(normalized);
    if (div == nullptr || !stored(scale) || (bias != kNoTensor && !stored(bias))) return false;
    const Node* root = activation(div->inputs[1], ActivationKind::sqrt);
    const Node* plus = root != nullptr ? maker<graph::Add>(root->inputs[0]) : nullptr;
    const Node* variance = plus != nullptr ? maker<graph::ReduceMean>(plus->inputs[0]) : nullptr;
    const Node* square = variance != nullptr ? maker<graph::Mul>(variance->inputs[0]) : nullptr;
    if (square == nullptr || square->inputs[0] != square->inputs[1]) return false;
    // The difference is read by the square (twice) and by the division; some exporters compute it once for each.
    const Node* difference = maker<graph::Sub>(square->inputs[0], div->inputs[0] == square->inputs[0] ? 3 : 2);
    const Node* other = div->inputs[0] == square->inputs[0] ? difference : maker<graph::Sub>(div->inputs[0]);
    if (difference == nullptr || other == nullptr || difference->inputs != other->inputs) return false;
    const TensorId x = difference->inputs[0];
    const Node* mean = maker<graph::ReduceMean>(difference->inputs[1], difference == other ? 1 : 2);
    if (mean == nullptr || mean->inputs[0] != x) return false;
    const auto epsilon = number(plus->inputs[1]);
    const auto axis = last_axes(std::get<graph::ReduceMean>(mean->op), shapes_[x].size());
    if (!epsilon || !axis || axis != last_axes(std::get<graph::ReduceMean>(variance->op), shapes_[x].size())) return false;
    const Shape normalized_shape(shapes_[x].begin() + static_cast<std::ptrdiff_t>(*axis), shapes_[x].end());
    if (graph_.tensors[scale].shape != normalized_shape || (bias != kNoTensor && graph_.tensors[bias].shape != normalized_shape))
      return false;
    if (!marked(mark, {&mul, div, root, plus, variance, square, difference, other, mean})) return false;
    if (!own_) graph_.tensors[scale].role = graph_.tensors[bias].role = Role::parameter;
    const auto from_end = static_cast<std::int64_t>(*axis) - static_cast<std::int64_t>(shapes_[x].size());
    std::vector<TensorId> inputs{x, scale};
    if (bias != kNoTensor) inputs.push_back(bias);
    return replace(graph::LayerNorm{from_end, *epsilon}, std::move(inputs));
  }

  /// The first of the reduced axes when they are exactly the last ones and are kept.
  static std::optional<std::size_t> last_axes(const graph::ReduceMean& reduce, std::size_t rank) {
    if (!reduce.keep_dimensions || reduce.axes.empty()) return std::nullopt;
    std::vector<std::int64_t> axes = reduce.axes;
    for (auto& axis : axes) axis = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
    std::sort(axes.begin(), axes.end());
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] != static_cast<std::int64_t>(rank - axes.size() + i)) return std::nullopt;
    }
    return rank - axes.size();
  }

  /// x * (1 + erf(x / sqrt 2)) * 0.5, multiplied in any order.
  bool lift_gelu() {
    const Node* top = here<graph::Mul>();
    if (top == nullptr) return false;
    for (const std::size_t side : {0U, 1U}) {
      const Node* inner = maker<graph::Mul>(top->inputs[side]);
      if (inner == nullptr) continue;
      const std::array<TensorId, 3> factors{top->inputs[1 - side], inner->inputs[0], inner->inputs[1]};
      for (std::size_t half = 0; half < 3; ++half) {
        if (!is(factors[half], 0.5)) continue;
        const TensorId a = factors[(half + 1) % 3], b = factors[(half + 2) % 3];
        if (lift_gelu_from(a, b, *inner) || lift_gelu_from(b, a, *inner)) return true;
      }
    }
    return false;
  }

  bool lift_gelu_from(TensorId x, TensorId gate, const Node& inner) {
    const Node* plus = maker<graph::Add>(gate);
    if (plus == nullptr) return false;
    const std::size_t one = is(plus->inputs[0], 1) ? 0 : 1;
    if (!is(plus->inputs[one], 1)) return false;
    const Node* erf = activation(plus->inputs[1 - one], ActivationKind::erf);
    if (erf == nullptr) return false;
    const Node* scaled = maker<graph::Div>(erf->inputs[0]);
    bool fits = scaled != nullptr && scaled->inputs[0] == x && is(scaled->inputs[1], std::sqrt(2.0));
    if (scaled == nullptr) {
      scaled = maker<graph::Mul>(erf->inputs[0]);
      fits = scaled != nullptr && ((scaled->inputs[0] == x && is(scaled->inputs[1], std::sqrt(0.5))) ||
                                   (scaled->inputs[1] == x && is(scaled->inputs[0], std::sqrt(0.5))));
    }
    if (!fits || !marked(kGeluMark, {&inner, plus, erf, scaled})) return false;
    return replace(Activation{ActivationKind::gelu}, {x});
  }

  /// clip(x + 3, 0, 6); the tensor x.
  std::optional<TensorId> shifted_clip(TensorId id) const {
    const Node* clip = activation(id, ActivationKind::clip);
    if (clip == nullptr) return std::nullopt;
    const auto& limits = std::get<Activation>(clip->op);
    const Node* plus = maker<graph::Add>(clip->inputs[0]);
    if (limits.alpha != 0 || limits.beta != 6 || plus == nullptr) return std::nullopt;
    if (is(plus->inputs[1], 3)) return plus->inputs[0];
    if (is(plus->inputs[0], 3)) return plus->inputs[1];
    return std::nullopt;
  }

  /// clip(x + 3, 0, 6) / 6 is hard_sigmoid(x); x clip(x + 3, 0, 6) / 6 hard_swish(x). Only exporters write these.
  bool lift_hard_sigmoid() {
    const Node* div = own_ ? nullptr : here<graph::Div>();
    if (div == nullptr || !is(div->inputs[1], 6)) return false;
    if (const auto x = shifted_clip(div->inputs[0])) return replace(Activation{ActivationKind::hard_sigmoid, 1.0F / 6, 0.5F}, {*x});
    const Node* mul = maker<graph::Mul>(div->inputs[0]);
    for (const std::size_t side : {0U, 1U}) {
      if (mul == nullptr || shifted_clip(mul->inputs[side]) != mul->inputs[1 - side]) continue;
      return replace(Activation{ActivationKind::hard_swish}, {mul->inputs[1 - side]});
    }
    return false;
  }

  /// x sigmoid(x) and x hard_sigmoid(x).
  bool lift_product() {
    const Node* mul = here<graph::Mul>();
    if (mul == nullptr) return false;
    for (const std::size_t side : {0U, 1U}) {
      const TensorId x = mul->inputs[1 - side];
      const Node* gate = activation(mul->inputs[side], ActivationKind::sigmoid);
      if (gate != nullptr && gate->inputs[0] == x && marked(kSiluMark, {gate})) return replace(Activation{ActivationKind::silu}, {x});
      gate = activation(mul->inputs[side], ActivationKind::hard_sigmoid);
      if (gate == nullptr || gate->inputs[0] != x || !marked(kHardSwishMark, {gate})) continue;
      const auto& slope = std::get<Activation>(gate->op);
      if (std::abs(slope.alpha - 1.0F / 6) < 1e-4F && slope.beta == 0.5F) return replace(Activation{ActivationKind::hard_swish}, {x});
    }
    return false;
  }

  /// Our own: an axis brought to the end for Softmax and back.
  bool lift_softmax() {
    const Node* back = own_ ? here<graph::Transpose>() : nullptr;
    const Node* softmax = back != nullptr ? maker<graph::Softmax>(back->inputs[0]) : nullptr;
    const Node* forth = softmax != nullptr ? maker<graph::Transpose>(softmax->inputs[0]) : nullptr;
    if (forth == nullptr || !marked(kSoftmaxMark, {softmax, forth})) return false;
    const auto& permutation = std::get<graph::Transpose>(forth->op).permutation;
    const auto last = static_cast<std::int64_t>(permutation.size()) - 1;
    const auto axis = permutation.back();
    const std::int64_t given = std::get<graph::Softmax>(softmax->op).axis;
    const bool swap =
        permutation[static_cast<std::size_t>(axis)] == last && std::get<graph::Transpose>(back->op).permutation == permutation;
    if (!swap || (given != last && given != -1)) return false;
    return replace(graph::Softmax{axis}, {forth->inputs[0]});
  }

  /// Our own: columns averaged by one matrix, rows by another, with the image transposed for it.
  bool lift_adaptive() {
    const Node* back = own_ ? here<graph::Transpose>() : nullptr;
    if (back == nullptr || !marks_[current_].starts_with(kAdaptiveMark)) return false;
    const Node* rows = maker<graph::MatMul>(back->inputs[0]);
    const Node* turned = rows != nullptr ? maker<graph::Transpose>(rows->inputs[0]) : nullptr;
    const Node* columns = turned != nullptr ? maker<graph::MatMul>(turned->inputs[0]) : nullptr;
    if (columns == nullptr || !marked(marks_[current_], {rows, turned, columns})) return false;
    const std::vector<std::int64_t> swapped{0, 1, 3, 2};
    if (std::get<graph::Transpose>(back->op).permutation != swapped || std::get<graph::Transpose>(turned->op).permutation != swapped)
      return false;
    const TensorId x = columns->inputs[0];
    const Shape &image = shapes_[x], &out = shapes_[back->outputs[0]];
    if (image.size() != 4 || !averages(columns->inputs[1], image[3], out[3]) || !averages(rows->inputs[1], image[2], out[2])) return false;
    return replace(graph::AdaptiveAveragePool{out[2], out[3]}, {x});
  }

  /// Our own: zeros around the image, then a pooling without padding.
  bool lift_average_pool() {
    const Node* pool = own_ ? here<graph::AveragePool>() : nullptr;
    const Node* padded = pool != nullptr ? maker<graph::Pad>(pool->inputs[0]) : nullptr;
    if (padded == nullptr || !marked(kAveragePoolMark, {padded})) return false;
    const auto& pad = std::get<graph::Pad>(padded->op);
    graph::AveragePool lifted = std::get<graph::AveragePool>(pool->op);
    const bool plain = lifted.window.pads == std::array<std::int64_t, 4>{} && lifted.rounding == graph::Rounding::floor;
    if (!plain || pad.pads.size() != 8 || pad.value != 0) return false;
    if (pad.pads[0] != 0 || pad.pads[1] != 0 || pad.pads[4] != 0 || pad.pads[5] != 0) return false;
    lifted.window.pads = {pad.pads[2], pad.pads[3], pad.pads[6], pad.pads[7]};
    for (std::size_t side = 0; side < 4; ++side) {
      if (lifted.window.pads[side] >= lifted.window.kernel[side % 2]) return false;
    }
    lifted.count_include_pad = true;
    return replace(lifted, {padded->inputs[0]});
  }

  /// Whether a stored tensor is the averaging matrix from `size` to `out`.
  bool averages(TensorId id, std::int64_t size, std::int64_t out) const {
    constexpr std::int64_t kMost = 1 << 12;
    if (size > kMost || out > kMost || !stored(id) || graph_.tensors[id].shape != Shape{size, out}) return false;
    const std::vector<float> values = averaging_matrix(size, out);
    const graph::Array& array = model_.weights.find(graph_.tensors[id].name)->second;
    return array.type == ElementType::f32 && std::equal(values.begin(), values.end(), array.floats());
  }

  graph::Model& model_;
  graph::Graph& graph_;
  const std::vector<std::string>& marks_;
  bool own_;
  const std::vector<Shape>& shapes_;
  std::vector<std::size_t> producers_;  ///< by TensorId
  std::vector<std::size_t> readers_;    ///< by TensorId
  std::size_t current_ = 0;
};

}  // namespace

void lift_groups(graph::Model& model, std::vector<std::string>& marks, bool own, const std::vector<Shape>& shapes) {
  Lifter(model, marks, own, shapes).run();
}

}  // namespace inferometer::formats

#include "naive.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "graph/overloaded.h"

namespace inferometer::contract {

namespace {

using Index = std::vector<std::int64_t>;

struct Values {
  Shape shape;
  std::vector<double> elements;

  std::size_t position(const Index& index) const {
    std::int64_t result = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) result = result * shape[axis] + index[axis];
    return static_cast<std::size_t>(result);
  }
  double at(const Index& index) const { return elements[position(index)]; }
  /// As NumPy broadcasts: missing leading axes and axes of one element repeat.
  double broadcast(const Index& index) const {
    Index own(shape.size());
    for (std::size_t axis = 0; axis < shape.size(); ++axis) own[axis] = shape[axis] == 1 ? 0 : index[index.size() - shape.size() + axis];
    return at(own);
  }
};

/// Every index of a shape, in row-major order.
void for_indices(const Shape& shape, const std::function<void(const Index&)>& body) {
  Index index(shape.size(), 0);
  while (true) {
    body(index);
    std::size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

std::size_t from_front(std::int64_t axis, const Shape& shape) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) : axis);
}

double activated(const graph::Activation& op, double x, double slope) {
  using graph::ActivationKind;
  switch (op.kind) {
    case ActivationKind::relu: return std::max(x, 0.0);
    case ActivationKind::clip: return std::min<double>(std::max<double>(x, op.alpha), op.beta);
    case ActivationKind::leaky_relu: return x < 0 ? op.alpha * x : x;
    case ActivationKind::prelu_shared: return x < 0 ? slope * x : x;
    case ActivationKind::sigmoid: return 1 / (1 + std::exp(-x));
    case ActivationKind::hard_sigmoid: return std::max(0.0, std::min(1.0, op.alpha * x + op.beta));
    case ActivationKind::hard_swish: return x * std::max(0.0, std::min(1.0, x / 6 + 0.5));
    case ActivationKind::silu: return x / (1 + std::exp(-x));
    case ActivationKind::gelu: return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
    case ActivationKind::tanh: return std::tanh(x);
    case ActivationKind::exp: return std::exp(x);
    case ActivationKind::sqrt: return std::sqrt(x);
    case ActivationKind::erf: return std::erf(x);
  }
  return 0;
}

/// One node: its inputs, and the shapes of what it must produce.
struct Evaluation {
  const std::vector<const Values*>& in;
  std::vector<Values>& out;

  const Values& x() const { return *in[0]; }
  bool has(std::size_t i) const { return i < in.size() && in[i] != nullptr; }

  /// Fill the first output from a function of the index.
  void fill(const std::function<double(const Index&)>& value) const {
    std::size_t next = 0;
    for_indices(out[0].shape, [&](const Index& index) { out[0].elements[next++] = value(index); });
  }

  /// Call body(value, inside the image) for every cell of a pooling window that lies in the image or its padding.
  void for_window(const graph::Window& w, const Index& o, const std::function<void(double, bool)>& body) const {
    for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
      for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
        const std::int64_t row = o[2] * w.strides[0] - w.pads[0] + ky * w.dilations[0];
        const std::int64_t column = o[3] * w.strides[1] - w.pads[1] + kx * w.dilations[1];
        if (row >= x().shape[2] + w.pads[2] || column >= x().shape[3] + w.pads[3]) continue;
        const bool inside = row >= 0 && column >= 0 && row < x().shape[2] && column < x().shape[3];
        body(inside ? x().at({o[0], o[1], row, column}) : 0, inside);
      }
    }
  }

  void operator()(const graph::Conv& op) const {
    const Values& weight = *in[1];
    const std::int64_t group_in = weight.shape[1], group_out = weight.shape[0] / op.groups;
    // Plain indices here: a whole network goes through this loop.
    const std::int64_t height = x().shape[2], width = x().shape[3];
    fill([&](const Index& o) {
      double sum = has(2) ? in[2]->elements[static_cast<std::size_t>(o[1])] : 0;
      for (std::int64_t c = 0; c < group_in; ++c) {
        const std::int64_t channel = o[1] / group_out * group_in + c;
        for (std::int64_t ky = 0; ky < weight.shape[2]; ++ky) {
          const std::int64_t row = o[2] * op.window.strides[0] - op.window.pads[0] + ky * op.window.dilations[0];
          if (row < 0 || row >= height) continue;
          for (std::int64_t kx = 0; kx < weight.shape[3]; ++kx) {
            const std::int64_t column = o[3] * op.window.strides[1] - op.window.pads[1] + kx * op.window.dilations[1];
            if (column < 0 || column >= width) continue;
            sum += x().elements[static_cast<std::size_t>(((o[0] * x().shape[1] + channel) * height + row) * width + column)] *
                   weight.elements[static_cast<std::size_t>(((o[1] * group_in + c) * weight.shape[2] + ky) * weight.shape[3] + kx)];
          }
        }
      }
      return sum;
    });
  }
  void operator()(const graph::BatchNorm& op) const {
    fill([&](const Index& o) {
      const auto c = static_cast<std::size_t>(o[1]);
      return (x().at(o) - in[3]->elements[c]) / std::sqrt(in[4]->elements[c] + op.epsilon) * in[1]->elements[c] + in[2]->elements[c];
    });
  }
  void operator()(const graph::Activation& op) const {
    fill([&](const Index& o) { return activated(op, x().at(o), has(1) ? in[1]->elements[0] : 0); });
  }
  void operator()(const graph::MaxPool& op) const {
    fill([&](const Index& o) {
      double most = -std::numeric_limits<double>::infinity();
      for_window(op.window, o, [&](double value, bool inside) { most = inside ? std::max(most, value) : most; });
      return most;
    });
  }
  void operator()(const graph::AveragePool& op) const {
    fill([&](const Index& o) {
      double sum = 0, cells = 0;
      for_window(op.window, o, [&](double value, bool inside) {
        sum += value;
        cells += inside || op.count_include_pad ? 1 : 0;
      });
      return sum / cells;
    });
  }
  void operator()(const graph::AdaptiveAveragePool& op) const {
    const auto edge = [](std::int64_t i, std::int64_t size, std::int64_t n, bool up) {
      const double exact = static_cast<double>(i) * static_cast<double>(size) / static_cast<double>(n);
      return static_cast<std::int64_t>(up ? std::ceil(exact) : std::floor(exact));
    };
    fill([&](const Index& o) {
      double sum = 0, cells = 0;
      for (std::int64_t row = edge(o[2], x().shape[2], op.height, false); row < edge(o[2] + 1, x().shape[2], op.height, true); ++row) {
        for (std::int64_t column = edge(o[3], x().shape[3], op.width, false); column < edge(o[3] + 1, x().shape[3], op.width, true);
             ++column) {
          sum += x().at({o[0], o[1], row, column});
          cells += 1;
        }
      }
      return sum / cells;
    });
  }
  void operator()(const graph::GlobalAveragePool&) const { mean_over({2, 3}); }
  void operator()(const graph::ReduceMean& op) const { mean_over(op.axes); }
  void mean_over(std::vector<std::int64_t> axes) const {
    if (axes.empty()) {
      axes.resize(x().shape.size());
      std::iota(axes.begin(), axes.end(), 0);
    }
    // The output with every reduced axis kept as one element has the same order.
    Values kept{x().shape, {}};
    for (const std::int64_t axis : axes) kept.shape[from_front(axis, x().shape)] = 1;
    std::fill(out[0].elements.begin(), out[0].elements.end(), 0.0);
    const double cells = static_cast<double>(x().elements.size()) / static_cast<double>(out[0].elements.size());
    for_indices(x().shape, [&](const Index& i) {
      Index o = i;
      for (const std::int64_t axis : axes) o[from_front(axis, x().shape)] = 0;
      out[0].elements[kept.position(o)] += x().at(i) / cells;
    });
  }
  void operator()(const graph::Linear&) const {
    fill([&](const Index& o) {
      double sum = has(2) ? in[2]->elements[static_cast<std::size_t>(o.back())] : 0;
      Index i = o;
      for (std::int64_t k = 0; k < in[1]->shape[1]; ++k) {
        i.back() = k;
        sum += x().at(i) * in[1]->at({o.back(), k});
      }
      return sum;
    });
  }
  void operator()(const graph::MatMul&) const {
    fill([&](const Index& o) {
      double sum = 0;
      for (std::int64_t k = 0; k < x().shape.back(); ++k) {
        Index left = o, right = o;
        left.back() = k;
        right[right.size() - 2] = k;
        // Batch axes broadcast; the matrix's own axes must not, so a size of one is indexed by zero anyway.
        sum += x().broadcast(left) * in[1]->broadcast(right);
      }
      return sum;
    });
  }
  void operator()(const graph::Add&) const {
    fill([&](const Index& o) { return x().broadcast(o) + in[1]->broadcast(o); });
  }
  void operator()(const graph::Sub&) const {
    fill([&](const Index& o) { return x().broadcast(o) - in[1]->broadcast(o); });
  }
  void operator()(const graph::Mul&) const {
    fill([&](const Index& o) { return x().broadcast(o) * in[1]->broadcast(o); });
  }
  void operator()(const graph::Div&) const {
    fill([&](const Index& o) { return x().broadcast(o) / in[1]->broadcast(o); });
  }
  void operator()(const graph::Concat& op) const {
    const std::size_t axis = from_front(op.axis, out[0].shape);
    fill([&](const Index& o) {
      Index i = o;
      for (const Values* part : in) {
        if (i[axis] < part->shape[axis]) return part->at(i);
        i[axis] -= part->shape[axis];
      }
      return std::nan("");
    });
  }
  void operator()(const graph::Split& op) const {
    const std::size_t axis = from_front(op.axis, x().shape);
    for_indices(x().shape, [&](const Index& i) {
      Index o = i;
      std::size_t part = 0;
      while (o[axis] >= op.sizes[part]) o[axis] -= op.sizes[part++];
      out[part].elements[out[part].position(o)] = x().at(i);
    });
  }
  void operator()(const graph::Slice& op) const {
    const std::size_t axis = from_front(op.axis, x().shape);
    const std::int64_t size = x().shape[axis], begin = std::max<std::int64_t>(0, op.begin < 0 ? op.begin + size : op.begin);
    fill([&](const Index& o) {
      Index i = o;
      i[axis] = begin + o[axis] * op.step;
      return x().at(i);
    });
  }
  void operator()(const graph::Gather& op) const {
    const std::size_t axis = from_front(op.axis, x().shape), picked = in[1]->shape.size();
    fill([&](const Index& o) {
      const auto at = o.begin() + static_cast<std::ptrdiff_t>(axis), after = at + static_cast<std::ptrdiff_t>(picked);
      Index i(o.begin(), at);
      i.push_back(static_cast<std::int64_t>(in[1]->at(Index(at, after))));
      i.insert(i.end(), after, o.end());
      return x().at(i);
    });
  }
  void operator()(const graph::Reshape&) const { out[0].elements = x().elements; }
  void operator()(const graph::Flatten&) const { out[0].elements = x().elements; }
  void operator()(const graph::Identity&) const { out[0].elements = x().elements; }
  void operator()(const graph::Transpose& op) const {
    fill([&](const Index& o) {
      Index i(o.size());
      for (std::size_t axis = 0; axis < o.size(); ++axis) i[static_cast<std::size_t>(op.permutation[axis])] = o[axis];
      return x().at(i);
    });
  }
  void operator()(const graph::Pad& op) const {
    fill([&](const Index& o) {
      Index i = o;
      for (std::size_t axis = 0; axis < i.size(); ++axis) {
        i[axis] -= op.pads[axis];
        if (i[axis] < 0 || i[axis] >= x().shape[axis]) return static_cast<double>(op.value);
      }
      return x().at(i);
    });
  }
  void operator()(const graph::Lrn& op) const {
    fill([&](const Index& o) {
      double squares = 0;
      for (std::int64_t c = 0; c < x().shape[1]; ++c) {
        // ONNX: from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2).
        if (c < o[1] - (op.size - 1) / 2 || c > o[1] + op.size / 2) continue;
        Index i = o;
        i[1] = c;
        squares += x().at(i) * x().at(i);
      }
      return x().at(o) / std::pow(op.k + op.alpha / static_cast<double>(op.size) * squares, op.beta);
    });
  }
  void operator()(const graph::Softmax& op) const {
    const std::size_t axis = from_front(op.axis, x().shape);
    fill([&](const Index& o) {
      double sum = 0;
      Index i = o;
      for (i[axis] = 0; i[axis] < x().shape[axis]; ++i[axis]) sum += std::exp(x().at(i) - x().at(o));
      return 1 / sum;
    });
  }
  void operator()(const graph::LayerNorm& op) const {
    const std::size_t axis = from_front(op.axis, x().shape);
    const auto length =
        static_cast<std::size_t>(element_count(Shape(x().shape.begin() + static_cast<std::ptrdiff_t>(axis), x().shape.end())));
    for (std::size_t start = 0; start < x().elements.size(); start += length) {
      const double* row = x().elements.data() + start;
      const double mean = std::accumulate(row, row + length, 0.0) / static_cast<double>(length);
      double squares = 0;
      for (std::size_t i = 0; i < length; ++i) squares += (row[i] - mean) * (row[i] - mean);
      const double deviation = std::sqrt(squares / static_cast<double>(length) + op.epsilon);
      for (std::size_t i = 0; i < length; ++i) {
        out[0].elements[start + i] = (row[i] - mean) / deviation * in[1]->elements[i] + (has(2) ? in[2]->elements[i] : 0);
      }
    }
  }
};

}  // namespace

std::vector<std::vector<double>> compute_naively(const graph::Model& model, std::int64_t batch,
                                                 const std::vector<std::vector<float>>& inputs) {
  const graph::Graph& graph = model.graph;
  const std::vector<Shape> shapes = graph::infer_shapes(graph, batch);
  std::vector<Values> tensors(graph.tensors.size());
  for (graph::TensorId id = 0; id < tensors.size(); ++id) {
    tensors[id].shape = shapes[id];
    const auto found = model.weights.find(graph.tensors[id].name);
    if (found == model.weights.end()) continue;
    const auto assign = [&](const auto* values) { tensors[id].elements.assign(values, values + element_count(shapes[id])); };
    if (found->second.type == ElementType::i64) {
      assign(reinterpret_cast<const std::int64_t*>(found->second.bytes.data()));
    } else {
      assign(found->second.floats());
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) tensors[graph.inputs[i]].elements.assign(inputs[i].begin(), inputs[i].end());
  for (const graph::Node& node : graph.nodes) {
    std::vector<const Values*> in;
    for (const graph::TensorId id : node.inputs) in.push_back(id == graph::kNoTensor ? nullptr : &tensors[id]);
    std::vector<Values> out;
    for (const graph::TensorId id : node.outputs)
      out.push_back({shapes[id], std::vector<double>(static_cast<std::size_t>(element_count(shapes[id])))});
    std::visit(Evaluation{in, out}, node.op);
    for (std::size_t i = 0; i < out.size(); ++i) tensors[node.outputs[i]] = std::move(out[i]);
  }
  std::vector<std::vector<double>> results;
  for (const graph::TensorId id : graph.outputs) results.push_back(tensors[id].elements);
  return results;
}

}  // namespace inferometer::contract

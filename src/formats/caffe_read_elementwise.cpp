#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/caffe_import.h"

// Rules for activations, arithmetic between blobs, and layers that move data.

namespace inferometer::formats {

namespace {

using graph::ActivationKind;
using graph::TensorId;
using Layer = CaffeImporter::Layer;
using Tops = std::vector<TensorId>;
using Bottoms = std::span<const TensorId>;

TensorId the_bottom(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  if (bottoms.size() != 1) importer.wrong(layer, fmt::format("it has {} bottoms, not 1", bottoms.size()));
  return bottoms[0];
}

std::int64_t axis_of(CaffeImporter& importer, const Layer& layer, std::int64_t axis, std::size_t rank) {
  const auto dimensions = static_cast<std::int64_t>(rank);
  if (axis < -dimensions || axis >= dimensions) importer.wrong(layer, fmt::format("its axis {} of {} dimensions", axis, dimensions));
  return axis < 0 ? axis + dimensions : axis;
}

TensorId scalar(CaffeImporter& importer, const std::string& name, float value) { return importer.builder().constant(name, {1}, value); }

Tops relu(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const float slope = layer.relu_param().negative_slope();
  if (slope == 0) return {importer.builder().relu(layer.name(), x)};
  return {importer.builder().activation(layer.name(), x, ActivationKind::leaky_relu, slope)};
}

/// One slope for all, or one for each channel: then relu(x) + slope * min(x, 0).
Tops prelu(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  graph::Builder& net = importer.builder();
  const std::string& name = layer.name();
  if (layer.prelu_param().channel_shared()) {
    return {net.node(name, graph::Activation{ActivationKind::prelu_shared}, {x, net.parameter(name + ".weight", {1}, {})})};
  }
  const Shape shape = importer.shape(x);
  if (shape.size() < 2) importer.wrong(layer, fmt::format("its bottom {} has no channels", to_string(shape)));
  Shape each(shape.size() - 1, 1);
  each[0] = shape[1];
  const TensorId slopes = net.parameter(name + ".weight", std::move(each), {});
  const TensorId positive = net.relu(name + "/positive", x);
  const TensorId negative = net.activation(name + "/negative", x, ActivationKind::clip, std::numeric_limits<float>::lowest(), 0);
  return {net.add(name, positive, net.mul(name + "/slope", negative, slopes))};
}

Tops sigmoid(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  return {importer.builder().activation(layer.name(), the_bottom(importer, layer, bottoms), ActivationKind::sigmoid)};
}

Tops tanh(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  return {importer.builder().activation(layer.name(), the_bottom(importer, layer, bottoms), ActivationKind::tanh)};
}

Tops exponential(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& p = layer.exp_param();
  if (p.base() != -1 || p.scale() != 1 || p.shift() != 0) importer.unsupported(layer, "a base, scale or shift of its own");
  return {importer.builder().activation(layer.name(), the_bottom(importer, layer, bottoms), ActivationKind::exp)};
}

/// (shift + scale x) ^ power, for the powers that Graph has an operator for.
Tops power(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& p = layer.power_param();
  const std::string& name = layer.name();
  graph::Builder& net = importer.builder();
  TensorId x = the_bottom(importer, layer, bottoms);
  const bool scaled = p.scale() != 1, shifted = p.shift() != 0, raised = p.power() != 1;
  if (scaled) {
    const TensorId factor = scalar(importer, name + ".scale", p.scale());
    x = net.mul(shifted || raised ? name + "/scaled" : name, x, factor);
  }
  if (shifted) {
    const TensorId summand = scalar(importer, name + ".shift", p.shift());
    x = net.add(raised ? name + "/shifted" : name, x, summand);
  }
  if (p.power() == 0.5F) return {net.activation(name, x, ActivationKind::sqrt)};
  if (p.power() == 2) return {net.mul(name, x, x)};
  if (p.power() == -1) return {net.node(name, graph::Div{}, {scalar(importer, name + ".one", 1), x})};
  if (raised) importer.unsupported(layer, fmt::format("the power {}", p.power()));
  return {scaled || shifted ? x : net.node(name, graph::Identity{}, {x})};
}

Tops lrn(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& p = layer.lrn_param();
  if (p.norm_region() != inferometer_caffe::LrnParameter::ACROSS_CHANNELS) importer.unsupported(layer, "it normalises within a channel");
  if (p.local_size() % 2 == 0) importer.wrong(layer, fmt::format("its local_size {} is even", p.local_size()));
  const graph::Lrn op{p.local_size(), p.alpha(), p.beta(), p.k()};
  return {importer.builder().node(layer.name(), op, {the_bottom(importer, layer, bottoms)})};
}

Tops softmax(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  return {importer.builder().softmax(layer.name(), the_bottom(importer, layer, bottoms), layer.softmax_param().axis())};
}

Tops identity(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  return {importer.builder().node(layer.name(), graph::Identity{}, {the_bottom(importer, layer, bottoms)})};
}

/// Caffe's way of naming one blob several times.
Tops split(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  return Tops(static_cast<std::size_t>(layer.top_size()), identity(importer, layer, bottoms).front());
}

Tops flatten(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const auto& p = layer.flatten_param();
  const auto rank = static_cast<std::int64_t>(importer.shape(x).size());
  const bool rest = p.axis() == 1 && (p.end_axis() == -1 || p.end_axis() == rank - 1);
  if (!rest) importer.unsupported(layer, fmt::format("axes {} to {}", p.axis(), p.end_axis()));
  return {importer.builder().flatten(layer.name(), x)};
}

/// What the first dimension of a reshaped blob must be for images of a batch to stay apart: the batch, in one of its spellings.
void check_batch(CaffeImporter& importer, const Layer& layer, std::int64_t first, const std::vector<std::int64_t>& shape, const Shape& x) {
  if (first == 0) return;
  const std::int64_t per_image = std::accumulate(x.begin() + 1, x.end(), std::int64_t{1}, std::multiplies<>());
  std::int64_t rest = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    const std::int64_t size = shape[i] == 0 && i < x.size() ? x[i] : shape[i];
    // A count that is left open takes what the batch leaves.
    if (size == -1) rest = -1;
    if (rest > 0 && (size < 1 || size > per_image / rest)) importer.unsupported(layer, "it mixes the images of a batch");
    if (rest > 0) rest *= size;
  }
  const bool kept = first == -1 ? rest == per_image : first == importer.declared_batch() && (rest == -1 || rest == per_image);
  if (!kept) importer.unsupported(layer, "it mixes the images of a batch", "its first dimension should be 0");
}

Tops reshape(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const auto& p = layer.reshape_param();
  const Shape from = importer.shape(x);
  const auto rank = static_cast<std::int64_t>(from.size());
  const std::int64_t axis = p.axis() < 0 ? p.axis() + rank + 1 : p.axis();
  const std::int64_t end = p.num_axes() == -1 ? rank : axis + p.num_axes();
  if (axis < 0 || axis > rank || p.num_axes() < -1 || end > rank) {
    importer.wrong(layer, fmt::format("axis {} and {} axes of {}", p.axis(), p.num_axes(), to_string(from)));
  }
  // A 0 copies the dimension at the same place, in Caffe as in Graph; what stands before the axis is copied too.
  std::vector<std::int64_t> shape(static_cast<std::size_t>(axis), 0);
  shape.insert(shape.end(), p.shape().dim().begin(), p.shape().dim().end());
  shape.insert(shape.end(), from.begin() + end, from.end());
  if (shape.empty()) importer.wrong(layer, "its shape has no dimensions");
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < -1; })) importer.wrong(layer, "a negative dimension");
  check_batch(importer, layer, shape[0], shape, from);
  shape[0] = 0;
  return {importer.builder().reshape(layer.name(), x, std::move(shape))};
}

Tops permute(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  std::vector<std::int64_t> order(layer.permute_param().order().begin(), layer.permute_param().order().end());
  // Axes that are not named follow in their own order.
  for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(importer.shape(x).size()); ++axis) {
    if (std::find(order.begin(), order.end(), axis) == order.end()) order.push_back(axis);
  }
  if (order[0] != 0) importer.unsupported(layer, "it moves the batch");
  return {importer.builder().transpose(layer.name(), x, std::move(order))};
}

/// Channels (group, place) become (place, group).
Tops shuffle_channel(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const Shape shape = importer.shape(x);
  const std::int64_t groups = layer.shuffle_channel_param().group();
  if (shape.size() != 4 || groups < 1 || shape[1] % groups != 0) {
    importer.wrong(layer, fmt::format("{} does not divide into {} groups", to_string(shape), groups));
  }
  graph::Builder& net = importer.builder();
  const std::string& name = layer.name();
  const TensorId grouped = net.reshape(name + "/groups", x, {0, groups, shape[1] / groups, shape[2] * shape[3]});
  const TensorId dealt = net.transpose(name + "/deal", grouped, {0, 2, 1, 3});
  return {net.reshape(name, dealt, {0, shape[1], shape[2], shape[3]})};
}

Tops concat(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& p = layer.concat_param();
  if (bottoms.empty()) importer.wrong(layer, "it has no bottoms");
  if (p.has_axis() && p.has_concat_dim()) importer.wrong(layer, "its axis is given in two ways");
  const std::int64_t given = p.has_concat_dim() ? p.concat_dim() : p.has_axis() ? p.axis() : 1;
  const std::int64_t axis = axis_of(importer, layer, given, importer.shape(bottoms[0]).size());
  if (axis == 0) importer.unsupported(layer, "it joins batches");
  return {importer.builder().concat(layer.name(), {bottoms.begin(), bottoms.end()}, axis)};
}

Tops slice(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const auto& p = layer.slice_param();
  if (p.has_axis() && p.has_slice_dim()) importer.wrong(layer, "its axis is given in two ways");
  const Shape& shape = importer.shape(x);
  const std::int64_t axis = axis_of(importer, layer, p.has_slice_dim() ? std::int64_t{p.slice_dim()} : p.axis(), shape.size());
  if (axis == 0) importer.unsupported(layer, "it splits the batch");
  const std::int64_t size = shape[static_cast<std::size_t>(axis)], parts = layer.top_size();
  std::vector<std::int64_t> sizes;
  std::int64_t from = 0;
  for (const std::uint32_t point : p.slice_point()) {
    sizes.push_back(point - from);
    from = point;
  }
  if (sizes.empty() && parts > 0) {
    if (size % parts != 0) importer.wrong(layer, fmt::format("{} does not divide into {} parts", size, parts));
    sizes.assign(static_cast<std::size_t>(parts), size / parts);
  } else {
    sizes.push_back(size - from);
  }
  return importer.builder().split(layer.name(), x, std::move(sizes), axis);
}

/// The bottoms of a sum, each times its coefficient.
Tops weighted(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& coefficients = layer.eltwise_param().coeff();
  if (!coefficients.empty() && static_cast<std::size_t>(coefficients.size()) != bottoms.size()) {
    importer.wrong(layer, fmt::format("{} coefficients for {} bottoms", coefficients.size(), bottoms.size()));
  }
  Tops terms(bottoms.begin(), bottoms.end());
  for (int i = 0; i < coefficients.size(); ++i) {
    if (coefficients.Get(i) == 1) continue;
    const std::string name = fmt::format("{}/term{}", layer.name(), i);
    TensorId& term = terms[static_cast<std::size_t>(i)];
    term = importer.builder().mul(name, term, scalar(importer, name + ".coefficient", coefficients.Get(i)));
  }
  return terms;
}

Tops eltwise(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const auto& p = layer.eltwise_param();
  if (bottoms.size() < 2) importer.wrong(layer, fmt::format("it has {} bottoms, not 2 or more", bottoms.size()));
  for (const TensorId bottom : bottoms) {
    if (importer.shape(bottom) != importer.shape(bottoms[0])) {
      importer.wrong(layer,
                     fmt::format("its bottoms are {} and {}", to_string(importer.shape(bottoms[0])), to_string(importer.shape(bottom))));
    }
  }
  const bool sum = p.operation() == inferometer_caffe::EltwiseParameter::SUM;
  if (!sum && p.operation() != inferometer_caffe::EltwiseParameter::PROD) importer.unsupported(layer, "the operation MAX");
  if (!sum && p.coeff_size() > 0) importer.wrong(layer, "coefficients are for sums");
  const Tops terms = sum ? weighted(importer, layer, bottoms) : Tops(bottoms.begin(), bottoms.end());
  TensorId total = terms[0];
  for (std::size_t i = 1; i < terms.size(); ++i) {
    const std::string name = i + 1 == terms.size() ? layer.name() : fmt::format("{}/part{}", layer.name(), i);
    total = sum ? importer.builder().add(name, total, terms[i]) : importer.builder().mul(name, total, terms[i]);
  }
  return {total};
}

}  // namespace

CaffeRules caffe_elementwise_rules() {
  return {{"ReLU", relu},        {"PReLU", prelu},
          {"Sigmoid", sigmoid},  {"TanH", tanh},
          {"Exp", exponential},  {"Power", power},
          {"LRN", lrn},          {"Softmax", softmax},
          {"Dropout", identity}, {"Split", split},
          {"Flatten", flatten},  {"Reshape", reshape},
          {"Permute", permute},  {"ShuffleChannel", shuffle_channel},
          {"Concat", concat},    {"Slice", slice},
          {"Eltwise", eltwise}};
}

}  // namespace inferometer::formats

#include <algorithm>
#include <array>
#include <limits>

#include "formats/caffe_import.h"

// Rules for layers with weights, and for poolings.

namespace inferometer::formats {

namespace {

using graph::TensorId;
using Layer = CaffeImporter::Layer;
using Tops = std::vector<TensorId>;
using Bottoms = std::span<const TensorId>;

constexpr graph::Initial kFromFile{};  ///< values come from a caffemodel, there are no synthetic ones

TensorId the_bottom(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  if (bottoms.size() != 1) importer.wrong(layer, fmt::format("it has {} bottoms, not 1", bottoms.size()));
  return bottoms[0];
}

TensorId the_image(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  if (importer.shape(x).size() != 4) importer.wrong(layer, fmt::format("its bottom is {}, no image", to_string(importer.shape(x))));
  return x;
}

/// Height and width as a window's field says them: once for both, once for each, or in two fields of their own.
template <class Repeated>
std::array<std::int64_t, 2> both(CaffeImporter& importer, const Layer& layer, const char* name, const Repeated& values, bool has_height,
                                 std::uint32_t height, bool has_width, std::uint32_t width, std::int64_t preset) {
  if (has_height || has_width) {
    if (!values.empty()) importer.wrong(layer, fmt::format("its {} is given in two ways", name));
    return {has_height ? height : preset, has_width ? width : preset};
  }
  if (values.empty()) return {preset, preset};
  if (values.size() > 2) importer.unsupported(layer, fmt::format("its {} has {} dimensions, not 2", name, values.size()));
  return {values.Get(0), values.Get(values.size() - 1)};
}

/// The part of pads at both ends.
void set_pads(graph::Window& window, const std::array<std::int64_t, 2>& pads) { window.pads = {pads[0], pads[1], pads[0], pads[1]}; }

bool is_depthwise(const std::string& type) { return type == "DepthwiseConvolution" || type == "ConvolutionDepthwise"; }

Tops convolution(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_image(importer, layer, bottoms);
  const auto& p = layer.convolution_param();
  if (p.axis() != 1 && p.axis() != -3) importer.unsupported(layer, fmt::format("its axis {} is not 1", p.axis()));
  graph::Window window;
  window.kernel = both(importer, layer, "kernel_size", p.kernel_size(), p.has_kernel_h(), p.kernel_h(), p.has_kernel_w(), p.kernel_w(), 0);
  window.strides = both(importer, layer, "stride", p.stride(), p.has_stride_h(), p.stride_h(), p.has_stride_w(), p.stride_w(), 1);
  window.dilations = both(importer, layer, "dilation", p.dilation(), false, 0, false, 0, 1);
  set_pads(window, both(importer, layer, "pad", p.pad(), p.has_pad_h(), p.pad_h(), p.has_pad_w(), p.pad_w(), 0));
  if (window.kernel[0] < 1 || window.kernel[1] < 1) importer.wrong(layer, "it has no kernel_size");

  const std::int64_t in = importer.shape(x)[1], out = p.num_output();
  const bool depthwise = is_depthwise(layer.type());
  const std::int64_t groups = depthwise && (!p.has_group() || p.group() == 1) ? in : p.has_group() ? p.group() : 1;
  if (depthwise && groups != in) importer.unsupported(layer, fmt::format("its {} groups are not its {} channels", groups, in));
  if (out < 1 || groups < 1 || in % groups != 0 || out % groups != 0) {
    importer.wrong(layer, fmt::format("{} and {} channels do not divide into {} groups", in, out, groups));
  }
  graph::Builder& net = importer.builder();
  std::vector<TensorId> inputs{x,
                               net.parameter(layer.name() + ".weight", {out, in / groups, window.kernel[0], window.kernel[1]}, kFromFile)};
  if (p.bias_term()) inputs.push_back(net.parameter(layer.name() + ".bias", {out}, kFromFile));
  return {net.node(layer.name(), graph::Conv{window, groups}, std::move(inputs), depthwise ? layer.type() : std::string())};
}

Tops inner_product(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  TensorId x = the_bottom(importer, layer, bottoms);
  const auto& p = layer.inner_product_param();
  const auto rank = static_cast<std::int64_t>(importer.shape(x).size());
  const std::int64_t axis = p.axis() < 0 ? p.axis() + rank : p.axis();
  graph::Builder& net = importer.builder();
  if (axis == 1 && rank != 2) {
    x = net.flatten(layer.name() + "/flatten", x);
  } else if (axis < 1 || axis != rank - 1) {
    importer.unsupported(layer, fmt::format("its axis {} of {} dimensions", p.axis(), rank));
  }
  const std::int64_t in = importer.shape(x).back(), out = p.num_output();
  if (out < 1) importer.wrong(layer, "it has no num_output");
  if (p.transpose()) importer.mark_transposed(layer.name());
  std::vector<TensorId> inputs{x, net.parameter(layer.name() + ".weight", {out, in}, kFromFile)};
  if (p.bias_term()) inputs.push_back(net.parameter(layer.name() + ".bias", {out}, kFromFile));
  return {net.node(layer.name(), graph::Linear{}, std::move(inputs))};
}

std::int64_t channels_of(CaffeImporter& importer, const Layer& layer, TensorId x) {
  if (importer.shape(x).size() < 2) importer.wrong(layer, fmt::format("its bottom {} has no channels", to_string(importer.shape(x))));
  return importer.shape(x)[1];
}

/// The factors and shifts of a Scale layer, one for each channel.
std::array<TensorId, 2> affine(CaffeImporter& importer, const Layer& scale, std::int64_t channels) {
  graph::Builder& net = importer.builder();
  const Shape each{channels};
  const TensorId factors = net.parameter(scale.name() + ".weight", each, kFromFile);
  const std::string shifts = scale.name() + ".bias";
  return {factors, scale.scale_param().bias_term() ? net.parameter(shifts, each, kFromFile) : net.constant(shifts, each, 0)};
}

Tops batch_norm(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_bottom(importer, layer, bottoms);
  const auto& p = layer.batch_norm_param();
  if (p.has_use_global_stats() && !p.use_global_stats()) {
    importer.unsupported(layer, "it normalises with the statistics of the batch", "use_global_stats: true is what inference takes");
  }
  graph::Builder& net = importer.builder();
  const Shape each{channels_of(importer, layer, x)};
  const TensorId mean = net.buffer(layer.name() + ".running_mean", each, kFromFile);
  const TensorId variance = net.buffer(layer.name() + ".running_var", each, kFromFile);
  std::array<TensorId, 2> scale{};
  if (const Layer* behind = importer.scale_behind(layer)) {
    importer.merge(*behind);
    scale = affine(importer, *behind, each[0]);
  } else {
    scale = {net.constant(layer.name() + ".weight", each, 1), net.constant(layer.name() + ".bias", each, 0)};
  }
  return {net.node(layer.name(), graph::BatchNorm{p.eps()}, {x, scale[0], scale[1], mean, variance})};
}

/// x times a second bottom: one factor for each image and channel, as squeeze-and-excitation has them.
TensorId scale_by_bottom(CaffeImporter& importer, const Layer& layer, TensorId x, TensorId factors) {
  const auto& p = layer.scale_param();
  const Shape wide = importer.shape(x), narrow = importer.shape(factors);
  if (p.bias_term()) importer.unsupported(layer, "a bias beside a second bottom");
  const bool leading = p.axis() == 0 && narrow.size() <= wide.size() && std::equal(narrow.begin(), narrow.end(), wide.begin());
  if (wide != narrow && !leading) {
    importer.unsupported(layer, fmt::format("it scales {} by {} at axis {}", to_string(wide), to_string(narrow), p.axis()));
  }
  graph::Builder& net = importer.builder();
  if (narrow.size() != wide.size()) {
    std::vector<std::int64_t> shape(wide.size(), 1);
    std::fill_n(shape.begin(), narrow.size(), 0);
    factors = net.reshape(layer.name() + "/reshape", factors, std::move(shape));
  }
  return net.mul(layer.name(), x, factors);
}

Tops scale(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  if (bottoms.size() == 2) return {scale_by_bottom(importer, layer, bottoms[0], bottoms[1])};
  const TensorId x = the_bottom(importer, layer, bottoms);
  if (importer.merged(layer)) return {x};
  const auto& p = layer.scale_param();
  if (p.axis() != 1 || p.num_axes() != 1) importer.unsupported(layer, fmt::format("axis {} and {} axes", p.axis(), p.num_axes()));
  graph::Builder& net = importer.builder();
  const Shape each{channels_of(importer, layer, x)};
  const auto [factors, shifts] = affine(importer, layer, each[0]);
  const TensorId mean = net.constant(layer.name() + ".running_mean", each, 0);
  const TensorId variance = net.constant(layer.name() + ".running_var", each, 1);
  return {net.node(layer.name(), graph::BatchNorm{0}, {x, factors, shifts, mean, variance})};
}

graph::Rounding rounding_of(CaffeImporter& importer, const Layer& layer) {
  const auto& p = layer.pooling_param();
  const bool down = p.has_round_mode() && p.round_mode() == inferometer_caffe::PoolingParameter::FLOOR;
  if (p.has_ceil_mode() && p.has_round_mode()) importer.wrong(layer, "its rounding is given in two ways");
  return down || (p.has_ceil_mode() && !p.ceil_mode()) ? graph::Rounding::floor : graph::Rounding::caffe_ceil;
}

graph::Window pooling_window(CaffeImporter& importer, const Layer& layer, const Shape& x) {
  const auto& p = layer.pooling_param();
  const auto pair = [&](const char* name, bool has, std::uint32_t value, bool has_h, std::uint32_t h, bool has_w, std::uint32_t w,
                        std::int64_t preset) -> std::array<std::int64_t, 2> {
    if (has && (has_h || has_w)) importer.wrong(layer, fmt::format("its {} is given in two ways", name));
    if (has) return {value, value};
    return {has_h ? h : preset, has_w ? w : preset};
  };
  graph::Window window;
  window.kernel =
      pair("kernel_size", p.has_kernel_size(), p.kernel_size(), p.has_kernel_h(), p.kernel_h(), p.has_kernel_w(), p.kernel_w(), 0);
  window.strides = pair("stride", p.has_stride(), p.stride(), p.has_stride_h(), p.stride_h(), p.has_stride_w(), p.stride_w(), 1);
  const auto pads = pair("pad", p.has_pad(), p.pad(), p.has_pad_h(), p.pad_h(), p.has_pad_w(), p.pad_w(), 0);
  set_pads(window, pads);
  if (p.global_pooling()) {
    if (window.kernel != std::array<std::int64_t, 2>{0, 0}) importer.wrong(layer, "a global pooling with a kernel");
    if (pads != std::array<std::int64_t, 2>{0, 0}) importer.unsupported(layer, "a global pooling with padding");
    window.kernel = {x[2], x[3]};
    window.strides = {1, 1};
  }
  if (window.kernel[0] < 1 || window.kernel[1] < 1) importer.wrong(layer, "it has no kernel_size");
  return window;
}

Tops pooling(CaffeImporter& importer, const Layer& layer, Bottoms bottoms) {
  const TensorId x = the_image(importer, layer, bottoms);
  const auto& p = layer.pooling_param();
  const graph::Window window = pooling_window(importer, layer, importer.shape(x));
  const graph::Rounding rounding = rounding_of(importer, layer);
  graph::Builder& net = importer.builder();
  switch (p.pool()) {
    case inferometer_caffe::PoolingParameter::MAX: return {net.node(layer.name(), graph::MaxPool{window, rounding}, {x})};
    case inferometer_caffe::PoolingParameter::AVE:
      if (p.global_pooling()) return {net.global_average_pool(layer.name(), x)};
      return {net.node(layer.name(), graph::AveragePool{window, rounding, true}, {x})};
    default: importer.unsupported(layer, "stochastic pooling");
  }
}

}  // namespace

CaffeRules caffe_window_rules() {
  return {{"Convolution", convolution},
          {"DepthwiseConvolution", convolution},
          {"ConvolutionDepthwise", convolution},
          {"InnerProduct", inner_product},
          {"BatchNorm", batch_norm},
          {"Scale", scale},
          {"Pooling", pooling}};
}

}  // namespace inferometer::formats

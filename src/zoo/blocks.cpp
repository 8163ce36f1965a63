#include "zoo/blocks.h"

#include <algorithm>

#include "zoo/families.h"

namespace inferometer::zoo {

using graph::ActivationKind;
using graph::Builder;
using graph::TensorId;

TensorId apply(Builder& net, const std::string& name, TensorId x, Nonlinearity nonlinearity) {
  switch (nonlinearity) {
    case Nonlinearity::none: return x;
    case Nonlinearity::relu: return net.relu(name, x);
    case Nonlinearity::relu6: return net.relu6(name, x);
    case Nonlinearity::hard_swish: return net.activation(name, x, ActivationKind::hard_swish);
    case Nonlinearity::silu: return net.activation(name, x, ActivationKind::silu);
    case Nonlinearity::sigmoid: return net.activation(name, x, ActivationKind::sigmoid);
    case Nonlinearity::hard_sigmoid: return net.activation(name, x, ActivationKind::hard_sigmoid, 1.0f / 6, 0.5f);
  }
  return x;
}

TensorId conv_norm(Builder& net, const std::string& block, TensorId x, graph::ConvOptions conv, const graph::BatchNormOptions& norm,
                   Nonlinearity nonlinearity) {
  conv.bias = false;
  x = net.conv(inside(block, "0"), x, conv);
  x = net.batch_norm(inside(block, "1"), x, norm);
  return apply(net, inside(block, "2"), x, nonlinearity);
}

TensorId squeeze_excitation(Builder& net, const std::string& block, TensorId x, const SqueezeExcitation& options) {
  TensorId gate = net.global_average_pool(inside(block, "avgpool"), x);
  gate = net.conv(inside(block, "fc1"), gate, {.channels = options.channels, .draw = options.first});
  gate = apply(net, inside(block, "activation"), gate, options.squeezed);
  gate = net.conv(inside(block, "fc2"), gate, {.channels = net.channels(x), .draw = options.second});
  gate = apply(net, inside(block, "scale_activation"), gate, options.gate);
  return net.mul(inside(block, "mul"), gate, x);
}

std::int64_t round_channels(double channels, std::int64_t divisor) {
  const auto wanted = static_cast<std::int64_t>(channels + static_cast<double>(divisor) / 2);
  const std::int64_t rounded = std::max(divisor, wanted / divisor * divisor);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + divisor : rounded;
}

}  // namespace inferometer::zoo

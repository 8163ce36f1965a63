#include "predict/columns_identity.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/hash.h"
#include "predict/block_channels.h"
#include "predict/units.h"
#include "zoo/zoo.h"

namespace inferometer::predict {
namespace {

constexpr const char* kNetworks[] = {
    "alexnet",        "squeezenet1_1", "googlenet",       "resnext50_32x4d", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x0_5",
    "regnet_y_400mf", "vit_b_16",      "caffe_googlenet", "swin_t"};
constexpr std::int64_t kBatch = 2;

std::string compute() {
  std::string text;
  for (const char* name : kNetworks) {
    const NetworkUnits network = units_of(zoo::find(name)->build({}), kBatch, kWidestBlock);
    // Six digits: what compilers round otherwise makes no other column.
    text +=
        fmt::format("{} {:.6g} {:.6g} {:.6g} {:.6g}", name, network.weights_mb, network.linear_mb, network.live_mb, network.activations_mb);
    for (const auto& [column, amount] : total_amounts(network)) text += fmt::format(" {} {:.6g}", column, amount);
    for (const Unit& unit : network.units) {
      for (const auto& [extent, size] : unit.extents) text += fmt::format(" {} {} {:.6g}", unit.kind, extent, size);
    }
    text += '\n';
  }
  return sha256_hex(text).substr(0, 12);
}

}  // namespace

std::string columns_identity() {
  static const std::string identity = compute();
  return identity;
}

}  // namespace inferometer::predict

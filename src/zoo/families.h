/// List the families: one function a family, each in a file of its own.
#pragma once

#include <string>
#include <vector>

#include "graph/builder.h"
#include "zoo/zoo.h"

namespace inferometer::zoo {

std::vector<Network> alexnet_networks();
std::vector<Network> caffe_alexnet_networks();
std::vector<Network> caffe_densenet_networks();
std::vector<Network> caffe_googlenet_networks();
std::vector<Network> caffe_resnet_networks();
std::vector<Network> caffe_squeezenet_networks();
std::vector<Network> caffe_vgg_networks();
std::vector<Network> cifar_resnet_networks();
std::vector<Network> convnext_networks();
std::vector<Network> densenet_networks();
std::vector<Network> dpn_networks();
std::vector<Network> efficientnet_networks();
std::vector<Network> googlenet_networks();
std::vector<Network> hardnet_networks();
std::vector<Network> inception_v3_networks();
std::vector<Network> lenet_networks();
std::vector<Network> mnasnet_networks();
std::vector<Network> mnist_networks();
std::vector<Network> mobilenet_v1_networks();
std::vector<Network> mobilenet_v2_networks();
std::vector<Network> mobilenet_v3_networks();
std::vector<Network> regnet_networks();
std::vector<Network> resnet_networks();
std::vector<Network> resnext_networks();
std::vector<Network> samplenet_networks();
std::vector<Network> shufflenet_v1_networks();
std::vector<Network> shufflenet_v2_networks();
std::vector<Network> squeezenet_networks();
std::vector<Network> swin_networks();
std::vector<Network> vgg_networks();
std::vector<Network> vision_transformer_networks();
std::vector<Network> wide_resnet_networks();

/// How published figures of torchvision's first weights are cited.
inline constexpr const char* kTorchvisionV1 = "torchvision IMAGENET1K_V1";

/// A name as a layer inside a block has it: "layer1.0" and "conv1" give "layer1.0.conv1".
inline std::string inside(const std::string& block, const std::string& layer) { return block + "." + layer; }

/// The input of an image network: "input", [batch, channels, height, width]. A height or width of 0 is `own_size`.
/// Throws Error{usage} for a negative size or fewer than one class.
graph::TensorId image_input(graph::Builder& builder, const BuildOptions& options, std::int64_t own_size, std::int64_t channels = 3);

}  // namespace inferometer::zoo

#include "zoo/zoo.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/text.h"
#include "zoo/families.h"

namespace inferometer::zoo {

namespace {

// clang-format off
constexpr std::vector<Network> (*kFamilies[])() = {
    alexnet_networks,
    caffe_alexnet_networks,
    cifar_resnet_networks,
    convnext_networks,
    densenet_networks,
    caffe_densenet_networks,
    dpn_networks,
    efficientnet_networks,
    googlenet_networks,
    caffe_googlenet_networks,
    hardnet_networks,
    inception_v3_networks,
    lenet_networks,
    mnasnet_networks,
    mnist_networks,
    mobilenet_v1_networks,
    mobilenet_v2_networks,
    mobilenet_v3_networks,
    regnet_networks,
    resnet_networks,
    caffe_resnet_networks,
    resnext_networks,
    samplenet_networks,
    shufflenet_v1_networks,
    shufflenet_v2_networks,
    squeezenet_networks,
    caffe_squeezenet_networks,
    swin_networks,
    vgg_networks,
    caffe_vgg_networks,
    vision_transformer_networks,
    wide_resnet_networks,
};
// clang-format on

/// Families' builders are given the number of classes that 0 stands for.
void resolve_classes(Network& network) {
  network.build = [own = network.classes, build = std::move(network.build)](const BuildOptions& asked) {
    BuildOptions options = asked;
    if (options.classes == 0) options.classes = own;
    return build(options);
  };
}

std::vector<Network> collect() {
  std::vector<Network> all;
  for (const auto family : kFamilies) {
    std::vector<Network> members = family();
    std::for_each(members.begin(), members.end(), resolve_classes);
    std::move(members.begin(), members.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const Network& a, const Network& b) { return a.family < b.family; });
  return all;
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Network& network : networks()) result.push_back(network.name);
  return result;
}

}  // namespace

const std::vector<Network>& networks() {
  static const std::vector<Network> all = collect();
  return all;
}

const Network* find(std::string_view name) {
  static const std::map<std::string_view, const Network*> by_name = [] {
    std::map<std::string_view, const Network*> result;
    for (const Network& network : networks()) result.emplace(network.name, &network);
    return result;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

std::vector<std::string> match(std::string_view glob) {
  std::vector<std::string> result = names();
  std::erase_if(result, [&](const std::string& name) { return !glob_match(glob, name); });
  return result;
}

std::vector<std::string> nearest(std::string_view name, std::size_t most) { return inferometer::nearest(name, names(), most); }

}  // namespace inferometer::zoo

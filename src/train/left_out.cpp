#include "train/left_out.h"

#include "base/text.h"

namespace inferometer::train {
namespace {

struct LeftOut {
  const char* networks;  ///< a pattern
  std::string_view what;
};
constexpr LeftOut kLeftOut[] = {{"alexnet", "dropout"},
                                {"caffe_alexnet", "dropout"},
                                {"vgg*", "dropout"},
                                {"caffe_vgg*", "dropout"},
                                {"squeezenet*", "dropout"},
                                {"caffe_squeezenet*", "dropout"},
                                {"googlenet", "dropout and heads that only train"},
                                {"caffe_googlenet", "dropout and heads that only train"},
                                {"inception_v3", "dropout and a head that only trains"},
                                {"mobilenet_v2", "dropout"},
                                {"mobilenet_v3_*", "dropout"},
                                {"mnasnet*", "dropout"},
                                {"hardnet*", "dropout"},
                                {"efficientnet_*", "dropout and stochastic depth"},
                                {"convnext_*", "stochastic depth"},
                                {"swin_*", "stochastic depth"}};

}  // namespace

std::string_view left_out_of_training(const zoo::Network& network) {
  for (const LeftOut& each : kLeftOut)
    if (glob_match(each.networks, network.name)) return each.what;
  return {};
}

}  // namespace inferometer::train

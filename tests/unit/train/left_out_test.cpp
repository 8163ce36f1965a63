#include "train/left_out.h"

#include <gtest/gtest.h>

namespace inferometer::train {
namespace {

std::string_view left_out(const char* name) { return left_out_of_training(*zoo::find(name)); }

TEST(LeftOut, NamesWhatTheAuthorsTrainedWith) {
  for (const char* name :
       {"alexnet", "vgg16", "vgg11_bn", "caffe_vgg19", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "hardnet68"})
    EXPECT_EQ(left_out(name), "dropout") << name;
  EXPECT_EQ(left_out("googlenet"), "dropout and heads that only train");
  EXPECT_EQ(left_out("inception_v3"), "dropout and a head that only trains");
  EXPECT_EQ(left_out("efficientnet_v2_s"), "dropout and stochastic depth");
  EXPECT_EQ(left_out("swin_t"), "stochastic depth");
  for (const char* name :
       {"lenet5", "resnet50", "wide_resnet50_2", "regnet_y_400mf", "shufflenet_v2_x1_0", "mobilenet_v1", "dpn68", "vit_b_16"})
    EXPECT_EQ(left_out(name), "") << name;
}

/// Heads that only train are known to the zoo too.
TEST(LeftOut, AgreesWithTheZooAboutHeads) {
  for (const zoo::Network& network : zoo::networks()) {
    if (network.training_only.empty()) continue;
    EXPECT_NE(left_out_of_training(network).find("head"), std::string_view::npos) << network.name;
  }
}

}  // namespace
}  // namespace inferometer::train

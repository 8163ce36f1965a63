/// Share what the Caffe originals have in common.
///
/// Layers are named as in the authors' prototxt files, so that public caffemodels load by name: NAME.weight and NAME.bias are the
/// blobs of layer NAME. Caffe normalises in two layers: the running statistics are the BatchNorm's (NAME.running_mean,
/// NAME.running_var), weight and bias those of the Scale behind it, under that layer's name. The "prob" layer that ends most of
/// these files is left out: outputs are logits, as of every network here. So are Dropout layers.
#pragma once

#include <cstdint>
#include <string>

#include "zoo/families.h"

namespace inferometer::zoo {

/// Caffe rounds a pooling's output size up.
inline graph::PoolOptions caffe_pool(std::int64_t kernel, std::int64_t stride, std::int64_t padding = 0) {
  return {.kernel = kernel, .stride = stride, .padding = padding, .rounding = graph::Rounding::caffe_ceil};
}

/// The mean of ImageNet's training pictures, rounded as most Caffe networks subtract it: blue, green, red.
inline constexpr std::array<double, 3> kRoundedMean{104, 117, 123};
inline constexpr std::array<double, 3> kMean{103.94, 116.78, 123.68};

/// Caffe subtracts the mean from values 0 to 255 in the order blue, green, red, and multiplies by `scale` afterwards.
inline Preprocessing caffe_preprocessing(ResizeRule resize, std::int64_t crop, const std::array<double, 3>& mean, double scale = 1) {
  return {.resize = resize,
          .resize_to = 256,
          .crop = crop,
          .channels = ChannelOrder::bgr,
          .scale = 1,
          .mean = mean,
          .standard_deviation = {1 / scale, 1 / scale, 1 / scale}};
}

/// How accuracies are cited that the published cost table of dd_performances lists.
inline constexpr const char* kDeepDetectTable = "dd_performances";

}  // namespace inferometer::zoo

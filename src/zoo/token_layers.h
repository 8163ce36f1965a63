/// Build the layers that transformers and their relatives share: on tokens [N, T, C] or images with channels last [N, H, W, C].
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "graph/builder.h"

namespace inferometer::zoo {

/// How the weights behind queries, keys and values are drawn: scores of a deviation of about 3, so that a token attends to few
/// others, which depend on the image; scores near 0 would make every token the mean of all and images alike.
inline constexpr graph::Draw kAttentionDraw{1.2f, 0};

/// Two linear layers with a GELU between them, back to as many features as x has; named `name.0`, `name.1`, `name.3` as in
/// torchvision, where .2 and .4 are dropout. @param name  may end in a prefix of a plain sequence, e.g. "features.1.0.block"
graph::TensorId mlp(graph::Builder& net, const std::string& name, graph::TensorId x, std::int64_t hidden);

/// Scaled dot-product attention: softmax(q k' / sqrt(features of a head)) v.
/// @param qkv      [B, T, 3 C]: queries, keys and values one behind the other, each with its heads one behind the other
/// @param adjust   given the scores [B, heads, T, T], returns what goes into the softmax; empty: the scores themselves
/// @return [B, T, C]
graph::TensorId attention(graph::Builder& net, const std::string& name, graph::TensorId qkv, std::int64_t heads,
                          const std::function<graph::TensorId(graph::TensorId)>& adjust = {});

/// Channels last and back: [N, C, H, W] to [N, H, W, C] and the other way round.
graph::TensorId channels_last(graph::Builder& net, const std::string& name, graph::TensorId x);
graph::TensorId channels_first(graph::Builder& net, const std::string& name, graph::TensorId x);

}  // namespace inferometer::zoo

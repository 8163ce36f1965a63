#include "zoo/token_layers.h"

#include <cmath>

#include "zoo/families.h"

namespace inferometer::zoo {

using graph::Builder;
using graph::TensorId;

TensorId mlp(Builder& net, const std::string& name, TensorId x, std::int64_t hidden) {
  const std::int64_t features = net.shape(x).back();
  x = net.linear(inside(name, "0"), x, {.features = hidden, .draw = graph::kLinear});
  x = net.activation(inside(name, "1"), x, graph::ActivationKind::gelu);
  return net.linear(inside(name, "3"), x, {.features = features});
}

TensorId attention(Builder& net, const std::string& name, TensorId qkv, std::int64_t heads,
                   const std::function<TensorId(TensorId)>& adjust) {
  const std::int64_t tokens = net.shape(qkv)[1], features = net.shape(qkv)[2] / 3, per_head = features / heads;
  const auto parts = net.split(inside(name, "split"), qkv, {features, features, features}, 2);
  const auto by_head = [&](const std::string& part, TensorId x, std::vector<std::int64_t> permutation) {
    x = net.reshape(inside(name, part + "_heads"), x, {0, tokens, heads, per_head});
    return net.transpose(inside(name, part), x, std::move(permutation));
  };
  const TensorId factor = net.constant(inside(name, "factor"), {1}, static_cast<float>(1 / std::sqrt(static_cast<double>(per_head))));
  const TensorId query = net.mul(inside(name, "query_scaled"), by_head("query", parts[0], {0, 2, 1, 3}), factor);
  TensorId scores = net.matmul(inside(name, "scores"), query, by_head("key", parts[1], {0, 2, 3, 1}));
  if (adjust) scores = adjust(scores);
  scores = net.softmax(inside(name, "softmax"), scores);
  TensorId x = net.matmul(inside(name, "context"), scores, by_head("value", parts[2], {0, 2, 1, 3}));
  x = net.transpose(inside(name, "context_tokens"), x, {0, 2, 1, 3});
  return net.reshape(inside(name, "context_features"), x, {0, tokens, features});
}

TensorId channels_last(Builder& net, const std::string& name, TensorId x) { return net.transpose(name, x, {0, 2, 3, 1}); }
TensorId channels_first(Builder& net, const std::string& name, TensorId x) { return net.transpose(name, x, {0, 3, 1, 2}); }

}  // namespace inferometer::zoo

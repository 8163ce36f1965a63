/// Draw the sizes of a probe and write its layers.
///
/// Internal to predict.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "graph/builder.h"
#include "stats/random.h"

namespace inferometer::predict {

/// One probe in the making. Layers get numbers for names.
class ProbeMaker {
 public:
  /// @param number  of the probe among those of its kind: what must not be left to chance goes by it
  ProbeMaker(const std::string& name, std::uint64_t seed, std::uint64_t stream, std::size_t number)
      : net_(name), random_(seed, stream), number_of_kind_(number) {}

  // ---- draws
  std::int64_t one_of(std::initializer_list<std::int64_t> values) { return values.begin()[random_.below(values.size())]; }
  bool chance(double share) { return random_.uniform() < share; }
  /// From low to high, small numbers as likely as large ones, a multiple of `step`.
  std::int64_t size(std::int64_t low, std::int64_t high, std::int64_t step);
  /// Channels as networks have them: of every sixteen probes of a kind eight mostly in multiples of 16, four of 8, two of 4 and two any,
  /// so that no seed leaves the costs of odd numbers to one or two probes.
  std::int64_t channels(std::int64_t low, std::int64_t high);
  /// Height and width of a map with room for so many channels.
  std::int64_t map_for(std::int64_t channels);

  // ---- layers
  graph::TensorId image(std::int64_t channels, std::int64_t size) { return net_.input("input", {graph::kBatch, channels, size, size}); }
  /// A map as blocks of a network find it: made by a convolution, so in the layout that the engine likes.
  graph::TensorId inner(std::int64_t channels, std::int64_t size) { return relu(conv(image(kThin, size), channels)); }
  graph::TensorId conv(graph::TensorId x, std::int64_t channels, graph::Extent kernel = 1, std::int64_t stride = 1,
                       std::int64_t groups = 1);
  graph::TensorId norm(graph::TensorId x) { return net_.batch_norm(next("norm"), x); }
  graph::TensorId relu(graph::TensorId x) { return net_.relu(next("relu"), x); }
  /// One that networks put behind convolutions; index as drawn once for a whole probe, so that a probe has one kind.
  graph::TensorId nonlinearity(graph::TensorId x, int kind);
  graph::TensorId squeeze_excitation(graph::TensorId x, std::int64_t squeezed, bool hard);
  graph::TensorId max_pool(graph::TensorId x, std::int64_t kernel, std::int64_t stride, std::int64_t padding);
  graph::TensorId average_pool(graph::TensorId x, std::int64_t kernel, std::int64_t stride, std::int64_t padding);

  /// Multiply-accumulates of the network so far, an image. What may come must be below kMost.
  double work() const { return work_; }
  static constexpr double kMost = 0.25e9;
  bool room_for(double more) const { return work_ + more < kMost; }
  double work_of(graph::TensorId x, std::int64_t channels, std::int64_t cells, std::int64_t stride = 1, std::int64_t groups = 1) const;

  graph::Graph finish(graph::TensorId x);  ///< behind a global average pooling
  graph::Graph finish_as_is(graph::TensorId x);
  graph::Builder& net() { return net_; }
  std::string next(const char* what) { return std::string(what) + "." + std::to_string(number_++); }
  stats::CounterRandom& random() { return random_; }

 private:
  static constexpr std::int64_t kThin = 16;  ///< channels of an input that costs little

  graph::Builder net_;
  stats::CounterRandom random_;
  std::size_t number_of_kind_;
  int number_ = 0;
  double work_ = 0;
};

}  // namespace inferometer::predict

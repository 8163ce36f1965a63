/// Find for each layer of a network what an engine made of it, from the times that the engine tells.
///
/// Pure: lists in, list out. docs/layers.md has the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace inferometer::measure {

/// A layer of the network as its file or graph has it.
struct NetworkLayer {
  std::string name, op;                ///< op in Graph's words, or in ONNX's where Graph lacks the operator
  std::optional<std::int64_t> macs;    ///< per image; nullopt: not known
  std::vector<std::size_t> producers;  ///< layers that it reads from, all before it
  bool stored_only = false;            ///< nothing that it reads depends on the network's input
};

struct Network {
  std::vector<NetworkLayer> layers;  ///< in topological order
  /// What an engine may call a layer: its own name, names of the file's nodes that compute it, and of the tensors that these give. A name
  /// that means several layers is held with all of them and taken for none.
  std::multimap<std::string, std::size_t, std::less<>> names;
};

enum class LayerOutcome : std::uint8_t {
  executed,       ///< a layer of the engine stands for it, and took this time
  fused,          ///< computed within the engine's layer that stands for another layer
  optimised_out,  ///< not computed: it only moves or names what is there already, or all that it reads is stored
  untimed,        ///< the engine lists it without a time: done in place, or below the resolution of its timer
  not_told,       ///< the engine does not tell what became of it
  own,            ///< the engine's own: a change of layout, a cast, a copy; no layer of the network
};
std::string_view name_of(LayerOutcome outcome);

/// One line of the answer. Every layer of the network has one or more, every layer of the engine exactly one.
struct MappedLayer {
  std::optional<std::size_t> layer;         ///< of the network; nullopt: own
  std::optional<std::size_t> engine_layer;  ///< of the engine; nullopt: it lists none for this layer
  LayerOutcome outcome = LayerOutcome::not_told;
  std::optional<std::size_t> fused_into;  ///< the network's layer that stands for the engine's layer
  bool inferred = false;                  ///< from the neighbours, where the engine's names do not say it
  /// Multiply-accumulates per image of all layers that the engine's layers for this one compute, on the line that takes longest of them;
  /// `rate_time_us` is what those took together. nullopt elsewhere.
  std::optional<std::int64_t> rate_macs;
  double rate_time_us = 0;
};

/// Names are matched exactly. An engine's layer stands for the network's layers that `name` or, of its `origins`, all names that are
/// known mean; of several that with the most MACs (then the first) has the time, the others are fused into it. A layer that no name
/// means is inferred: one that only moves data is optimised out; an activation, normalisation or element-wise operation was fused into
/// the latest engine's layer that computes what it reads; a softmax, pooling or the like is the one engine's layer of that operator without
/// a known name that ran between what it reads and what reads it; a convolution, product or padding into the one that computes what reads
/// it.
/// Lines stand in the order of the network's layers; those of the engine's own after the line of the engine's layer before them.
std::vector<MappedLayer> map_layers(const Network& network, std::span<const engine::LayerTime> times);

/// The names in a text that joins them by commas and may hold names with commas: from the left the longest that `known` accepts; what
/// is not accepted is left out.
std::vector<std::string> split_names(std::string_view text, const Network& network);

}  // namespace inferometer::measure

#include "measure/layers.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace inferometer::measure {
namespace {

using engine::LayerTime;

/// What may become of a layer that no engine's layer is named after.
enum class Nature : std::uint8_t {
  moves,    ///< changes no value: the engine may do without it
  follows,  ///< element by element, so engines compute it on what they just made
  leads,    ///< what comes next is computed on its result at once
  unknown,
};

Nature nature_of(std::string_view op) {
  static constexpr std::array kMoves{"Identity", "Reshape",   "Flatten", "Transpose", "Concat", "Split",  "Slice", "Gather",
                                     "Squeeze",  "Unsqueeze", "Dropout", "Constant",  "Shape",  "Expand", "Cast",  "ConstantOfShape"};
  static constexpr std::array kFollows{"BatchNorm",
                                       "BatchNormalization",
                                       "Relu",
                                       "Clip",
                                       "LeakyRelu",
                                       "PRelu",
                                       "Sigmoid",
                                       "HardSigmoid",
                                       "HardSwish",
                                       "Silu",
                                       "Gelu",
                                       "Tanh",
                                       "Exp",
                                       "Sqrt",
                                       "Erf",
                                       "Add",
                                       "Sub",
                                       "Mul",
                                       "Div",
                                       "Pow",
                                       "QuantizeLinear",
                                       "DequantizeLinear"};
  static constexpr std::array kLeads{"Conv", "Linear", "MatMul", "Gemm", "Pad"};
  const auto among = [&](const auto& list) { return std::find(list.begin(), list.end(), op) != list.end(); };
  if (among(kMoves)) return Nature::moves;
  if (among(kFollows)) return Nature::follows;
  return among(kLeads) ? Nature::leads : Nature::unknown;
}

/// Whether an engine's operator may be this one of the network.
bool same_operation(std::string_view op, std::string_view engine_op) {
  if (lower(op) == lower(engine_op)) return true;
  const bool means = op == "GlobalAveragePool" || op == "AdaptiveAveragePool" || op == "ReduceMean";
  return means && lower(engine_op).starts_with("reduce");
}

std::optional<std::size_t> layer_called(const Network& network, std::string_view name) {
  const auto [begin, end] = network.names.equal_range(name);
  if (begin == end || std::any_of(begin, end, [first = begin->second](const auto& each) { return each.second != first; }))
    return std::nullopt;
  return begin->second;
}

/// Works out one mapping.
class Mapper {
 public:
  Mapper(const Network& network, std::span<const LayerTime> times)
      : network_(network), times_(times), readers_(network.layers.size()), owner_(network.layers.size()), inferred_(network.layers.size()) {
    for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
      for (const std::size_t producer : network.layers[layer].producers) readers_[producer].push_back(layer);
    }
  }

  std::vector<MappedLayer> map() {
    read_names();
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
      if (computed(layer) || nature(layer) != Nature::unknown) continue;
      const std::optional<std::size_t> found = namesake(layer);
      infer(layer, found);
      if (found) adopted_.push_back(*found);
    }
    // A convolution is fused into what follows it before that draws in what follows further.
    for (std::size_t layer = network_.layers.size(); layer-- > 0;) {
      if (is_open(layer) && nature(layer) == Nature::leads && !network_.layers[layer].stored_only) infer(layer, first_reader(layer));
    }
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
      if (!is_open(layer) || nature(layer) != Nature::follows || network_.layers[layer].stored_only) continue;
      const std::optional<std::size_t> last = last_producer(layer);
      infer(layer, last ? last : first_reader(layer));
    }
    choose_heads();
    return lines();
  }

 private:
  Nature nature(std::size_t layer) const { return nature_of(network_.layers[layer].op); }
  std::int64_t macs(std::size_t layer) const { return network_.layers[layer].macs.value_or(0); }
  bool computed(std::size_t layer) const { return !owner_[layer].empty(); }
  bool listed(std::size_t layer) const {
    return std::any_of(meant_.begin(), meant_.end(),
                       [&](const auto& each) { return std::find(each.begin(), each.end(), layer) != each.end(); });
  }
  bool is_open(std::size_t layer) const { return !computed(layer) && !listed(layer); }

  void read_names() {
    meant_.resize(times_.size());
    for (std::size_t i = 0; i < times_.size(); ++i) {
      std::set<std::size_t> layers;
      if (const auto layer = layer_called(network_, times_[i].name)) layers.insert(*layer);
      for (const std::string& name : split_names(times_[i].origins, network_)) {
        if (const auto layer = layer_called(network_, name)) layers.insert(*layer);
      }
      meant_[i].assign(layers.begin(), layers.end());
      if (!times_[i].executed) continue;
      for (const std::size_t layer : layers) owner_[layer].push_back(i);
    }
  }

  /// The engine's layers that compute what is read from this one, however many layers without one lie between.
  std::set<std::size_t> next_readers(std::size_t layer) const {
    std::set<std::size_t> found;
    std::vector<std::size_t> ahead = readers_[layer];
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      const std::size_t reader = ahead[i];
      if (computed(reader)) {
        found.insert(owner_[reader].front());
      } else {
        for (const std::size_t next : readers_[reader]) {
          if (std::find(ahead.begin(), ahead.end(), next) == ahead.end()) ahead.push_back(next);
        }
      }
    }
    return found;
  }

  /// Two engine's layers that need it would both have to compute it: then something else happened that is not told.
  std::optional<std::size_t> first_reader(std::size_t layer) const {
    const std::set<std::size_t> found = next_readers(layer);
    return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
  }

  /// A layer of the engine's with a name of its own that does the same and ran between what this one reads and what reads it, if there is
  /// only one: frameworks rename what they rewrite.
  std::optional<std::size_t> namesake(std::size_t layer) const {
    const std::optional<std::size_t> last = last_producer(layer);
    const std::set<std::size_t> readers = next_readers(layer);
    const std::size_t begin = last ? *last + 1 : 0, end = readers.empty() ? times_.size() : *readers.begin();
    std::optional<std::size_t> found;
    for (std::size_t i = begin; i < end; ++i) {
      if (!times_[i].executed || !meant_[i].empty() || !same_operation(network_.layers[layer].op, times_[i].op)) continue;
      if (found || std::find(adopted_.begin(), adopted_.end(), i) != adopted_.end()) return std::nullopt;
      found = i;
    }
    return found;
  }

  /// Of the engine's layers that compute what this one reads the last: only then everything is there.
  std::optional<std::size_t> last_producer(std::size_t layer) const {
    std::optional<std::size_t> last;
    std::vector<std::size_t> behind = network_.layers[layer].producers;
    for (std::size_t i = 0; i < behind.size(); ++i) {
      const std::size_t producer = behind[i];
      if (computed(producer)) {
        last = std::max(last.value_or(0), owner_[producer].back());
      } else {
        for (const std::size_t next : network_.layers[producer].producers) {
          if (std::find(behind.begin(), behind.end(), next) == behind.end()) behind.push_back(next);
        }
      }
    }
    return last;
  }

  void infer(std::size_t layer, std::optional<std::size_t> engine_layer) {
    if (!engine_layer) return;
    owner_[layer].push_back(*engine_layer);
    inferred_[layer] = true;
  }

  /// The higher, the rather a layer stands for the engine's layer that computes it: by its products, where these are known, then by whether
  /// the engine named it.
  std::tuple<std::int64_t, bool, bool> rank(std::size_t layer) const {
    const bool multiplies = nature(layer) == Nature::leads && network_.layers[layer].op != "Pad";
    return {macs(layer), multiplies, !inferred_[layer]};
  }

  /// Which of the layers that an engine's layer computes has its time.
  void choose_heads() {
    head_.resize(times_.size());
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
      for (const std::size_t i : owner_[layer]) {
        if (!head_[i] || rank(layer) > rank(*head_[i])) head_[i] = layer;
      }
    }
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (head_[i]) headed_[*head_[i]].push_back(i);
    }
  }

  /// How a layer ended that no engine's layer with a time stands for.
  MappedLayer rest_of(std::size_t layer) const {
    MappedLayer line;
    line.layer = layer;
    line.inferred = inferred_[layer];
    if (computed(layer)) {
      line.outcome = LayerOutcome::fused;
      line.fused_into = head_[owner_[layer].front()];
      return line;
    }
    if (listed(layer)) {
      line.outcome = LayerOutcome::untimed;
    } else if (!times_.empty() && (nature(layer) == Nature::moves || network_.layers[layer].stored_only)) {
      line.outcome = LayerOutcome::optimised_out;
      line.inferred = true;
    }
    return line;
  }

  void add_rate(std::size_t layer, std::vector<MappedLayer>& lines, std::size_t first_line) const {
    const std::vector<std::size_t>& parts = headed_.at(layer);
    std::int64_t macs_of_all = 0;
    double time_us = 0;
    for (const std::size_t i : parts) time_us += times_[i].time_us;
    for (std::size_t other = 0; other < network_.layers.size(); ++other) {
      const bool here = std::any_of(owner_[other].begin(), owner_[other].end(), [&](std::size_t i) { return head_[i] == layer; });
      if (here) macs_of_all += macs(other);
    }
    if (macs_of_all == 0 || time_us <= 0) return;
    const auto longest =
        std::max_element(lines.begin() + static_cast<std::ptrdiff_t>(first_line), lines.end(),
                         [&](const auto& a, const auto& b) { return times_[*a.engine_layer].time_us < times_[*b.engine_layer].time_us; });
    longest->rate_macs = macs_of_all;
    longest->rate_time_us = time_us;
  }

  std::vector<MappedLayer> lines() const {
    std::vector<MappedLayer> lines;
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
      const auto parts = headed_.find(layer);
      if (parts == headed_.end()) {
        lines.push_back(rest_of(layer));
        continue;
      }
      const std::size_t first_line = lines.size();
      for (const std::size_t i : parts->second)
        lines.push_back({layer, i, LayerOutcome::executed, std::nullopt, inferred_[layer], std::nullopt, 0});
      add_rate(layer, lines, first_line);
    }
    add_rest_of_engine(lines);
    return lines;
  }

  /// The engine's layers that have no line yet.
  void add_rest_of_engine(std::vector<MappedLayer>& lines) const {
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const auto has_line = [&](const MappedLayer& line) { return line.engine_layer == i; };
      if (std::any_of(lines.begin(), lines.end(), has_line)) continue;
      MappedLayer line;
      line.engine_layer = i;
      line.outcome = times_[i].executed ? LayerOutcome::own : LayerOutcome::untimed;
      if (!meant_[i].empty()) {
        line.layer = meant_[i].front();
        const auto known = std::find_if(lines.begin(), lines.end(), [&](const MappedLayer& each) { return each.layer == line.layer; });
        if (!known->engine_layer) {
          known->engine_layer = i;
          continue;
        }
      }
      auto place = lines.begin();
      if (i > 0) {
        place = std::find_if(lines.begin(), lines.end(), [&](const MappedLayer& each) { return each.engine_layer == i - 1; });
        if (place != lines.end()) ++place;
      }
      lines.insert(place, line);
    }
  }

  const Network& network_;
  std::span<const LayerTime> times_;
  std::vector<std::vector<std::size_t>> readers_;           // by layer of the network
  std::vector<std::vector<std::size_t>> meant_;             // by the engine's layer: the network's layers that its names mean
  std::vector<std::vector<std::size_t>> owner_;             // by layer of the network: the engine's layers that compute it
  std::vector<std::size_t> adopted_;                        // the engine's layers that were found by what they do
  std::vector<bool> inferred_;                              // by layer of the network
  std::vector<std::optional<std::size_t>> head_;            // by the engine's layer
  std::map<std::size_t, std::vector<std::size_t>> headed_;  // by layer of the network: the engine's layers whose time it has
};

}  // namespace

std::string_view name_of(LayerOutcome outcome) {
  static constexpr std::array<std::string_view, 6> kNames{"executed", "fused", "optimised_out", "untimed", "not_told", "own"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::vector<std::string> split_names(std::string_view text, const Network& network) {
  std::vector<std::string> names;
  while (!text.empty()) {
    // The longest beginning that ends at a comma and is a name.
    std::size_t end = text.size();
    while (end != std::string_view::npos && end > 0 && network.names.find(text.substr(0, end)) == network.names.end())
      end = text.rfind(',', end - 1);
    const bool known = end != std::string_view::npos && end > 0;
    if (known) names.emplace_back(text.substr(0, end));
    const std::size_t comma = text.find(',', known ? end : 0);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return names;
}

std::vector<MappedLayer> map_layers(const Network& network, std::span<const LayerTime> times) { return Mapper(network, times).map(); }

}  // namespace inferometer::measure

#include "report/network_columns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "report/network_facts.h"

namespace inferometer::report {
namespace {

std::string whole(std::int64_t value) { return std::to_string(value); }

struct Feature {
  std::string_view name;
  bool goes_with_input;
  std::string (*of)(const NetworkFacts& facts);
};
constexpr std::array<Feature, 7> kFeatures{{
    {"family", false, [](const NetworkFacts& facts) { return facts.family; }},
    {"parameters", false, [](const NetworkFacts& facts) { return whole(facts.parameters); }},
    {"macs", true, [](const NetworkFacts& facts) { return whole(facts.macs); }},
    {"gmacs", true, [](const NetworkFacts& facts) { return exact_text(static_cast<double>(facts.macs) / 1e9); }},
    {"activations", true, [](const NetworkFacts& facts) { return whole(facts.activations); }},
    {"operators", false, [](const NetworkFacts& facts) { return whole(facts.operators); }},
    {"weight_layers", false, [](const NetworkFacts& facts) { return whole(facts.weight_layers); }},
}};

/// Height and width of each row's input where both are the same whole number.
std::vector<std::optional<std::int64_t>> square_inputs(const Frame& frame) {
  std::vector<std::optional<std::int64_t>> inputs(frame.size());
  if (!frame.has("input_height")) return inputs;
  const auto& heights = frame.texts("input_height");
  const auto& widths = frame.texts(frame.has("input_width") ? "input_width" : "input_height");
  for (std::size_t row = 0; row < inputs.size(); ++row) {
    if (heights[row] == widths[row]) inputs[row] = parse_integer(heights[row]);
  }
  return inputs;
}

}  // namespace

const std::vector<std::string>& network_feature_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Feature& feature : kFeatures) all.emplace_back(feature.name);
    return all;
  }();
  return names;
}

void add_network_columns(Frame& frame, const std::string& net, const std::set<std::string>& wanted) {
  if (!frame.has(net)) return;
  NetworkCatalog catalog;
  const std::vector<std::optional<std::int64_t>> inputs = square_inputs(frame);
  const std::vector<std::string> names = frame.texts(net);
  for (const Feature& feature : kFeatures) {
    const std::string column(feature.name);
    if (!wanted.contains(column)) continue;
    std::vector<std::string> texts = frame.has(column) ? frame.texts(column) : std::vector<std::string>(frame.size());
    for (std::size_t row = 0; row < texts.size(); ++row) {
      if (!texts[row].empty() || (feature.goes_with_input && !inputs[row])) continue;
      const NetworkFacts* facts = catalog.find(names[row], inputs[row].value_or(0));
      if (facts != nullptr) texts[row] = feature.of(*facts);
    }
    frame.set(column, std::move(texts));
  }
}

}  // namespace inferometer::report

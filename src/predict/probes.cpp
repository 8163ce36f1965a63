#include "predict/probes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/cost.h"
#include "predict/probe_kinds.h"

namespace inferometer::predict {
namespace {

/// Multiply-accumulates of one probe. What was drawn larger is passed over for the next of its kind.
constexpr std::int64_t kMostWork = 600'000'000;

}  // namespace

std::vector<Probe> generate_probes(std::size_t count, std::uint64_t seed) {
  std::vector<ProbeKind> kinds(layer_probes().begin(), layer_probes().end());
  kinds.insert(kinds.end(), block_probes().begin(), block_probes().end());
  if (count < kinds.size()) {
    throw Error(ErrorCode::usage, fmt::format("--probes: {} are fewer than the {} kinds there are", count, kinds.size()),
                fmt::format("the default is {}", kDefaultProbes));
  }
  double shares = 0;
  for (const ProbeKind& kind : kinds) shares += kind.share;
  std::vector<Probe> probes;
  const auto add = [&](std::size_t index, std::size_t number) {
    const ProbeKind& kind = kinds[index];
    const std::string name = fmt::format("{}-{}", kind.name, number);
    // A stream of its own for each, so that more probes of one kind change no other.
    ProbeMaker make(name, seed, index * 100'000 + number, number);
    graph::Graph graph = kind.build(make, number);
    if (graph::compute_cost(graph).total.macs > kMostWork) return false;
    probes.push_back({name, kind.name, std::move(graph)});
    return true;
  };
  // Those of each kind that the share gives, rounded down but one at least; what is left over goes to the first kinds.
  std::vector<std::size_t> counts;
  std::size_t given = 0;
  for (const ProbeKind& kind : kinds) {
    counts.push_back(std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(count) * kind.share / shares)));
    given += counts.back();
  }
  for (std::size_t i = 0; given < count; i = (i + 1) % counts.size(), ++given) ++counts[i];
  while (given > count) {
    --*std::max_element(counts.begin(), counts.end());
    --given;
  }
  for (std::size_t index = 0; index < kinds.size(); ++index)
    for (std::size_t number = 0, left = counts[index]; left > 0; ++number) left -= add(index, number) ? 1 : 0;
  return probes;
}

}  // namespace inferometer::predict

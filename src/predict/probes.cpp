#include "predict/probes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "predict/probe_kinds.h"

namespace inferometer::predict {

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
    ProbeMaker make(name, seed, index * 100'000 + number);
    probes.push_back({name, kind.name, kind.build(make, number)});
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
    for (std::size_t number = 0; number < counts[index]; ++number) add(index, number);
  return probes;
}

}  // namespace inferometer::predict

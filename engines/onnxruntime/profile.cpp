#include "onnxruntime/profile.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <map>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "common/layer_history.h"

namespace inferometer::engine {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kKernelTime = "_kernel_time";

struct Span {
  std::int64_t begin = 0, end = 0;
};

/// Of every run after the first `skipped`, in the order that they began.
std::vector<Span> runs_of(const Json& events, std::size_t skipped) {
  std::vector<Span> runs;
  for (const Json& event : events) {
    if (event.value("name", "") != "model_run") continue;
    const std::int64_t begin = event.value("ts", std::int64_t{0});
    runs.push_back({begin, begin + event.value("dur", std::int64_t{0})});
  }
  std::stable_sort(runs.begin(), runs.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(std::min(skipped, runs.size())));
  return runs;
}

/// One kernel and how long it took in each run.
struct Kernel {
  LayerTime layer;
  std::vector<std::int64_t> begins;  ///< from the begin of its run
  std::vector<double> times_us;
};

bool drop_end(std::string& name, std::string_view end) {
  if (name.size() <= end.size() || !name.ends_with(end)) return false;
  name.resize(name.size() - end.size());
  return true;
}

/// "Transpose_token_12" is a second "Transpose".
void drop_token(std::string& name) {
  const std::size_t at = name.rfind("_token_");
  if (at == std::string::npos || at == 0) return;
  const std::string_view digits = std::string_view(name).substr(at + 7);
  if (!digits.empty() && std::all_of(digits.begin(), digits.end(), [](unsigned char letter) { return std::isdigit(letter) != 0; }))
    name.resize(at);
}

}  // namespace

std::string origins_of(const std::string& node) {
  std::string name = node, origins;
  const auto add = [&] { origins += (origins.empty() ? "" : ",") + name; };
  drop_token(name);
  if (name != node) add();
  if (drop_end(name, "_nchwc")) add();
  if (drop_end(name, "_bn")) add();
  drop_end(name, "/");
  const std::size_t slash = name.rfind('/');
  if (slash != std::string::npos && slash > 0 && name.ends_with("Fusion")) {
    name.resize(slash);
    add();
  }
  return origins;
}

std::vector<LayerTime> read_profile(const std::filesystem::path& path, std::size_t skipped_runs) {
  std::ifstream file(path);
  const Json events = Json::parse(file, nullptr, false);
  if (!events.is_array()) throw Error(ErrorCode::engine_failure, "ONNX Runtime's profile cannot be read");
  const std::vector<Span> runs = runs_of(events, skipped_runs);

  // Several nodes may have one name: the index tells them apart.
  std::map<std::pair<std::string, std::string>, Kernel> kernels;
  for (const Json& event : events) {
    if (event.value("cat", "") != "Node") continue;
    std::string name = event.value("name", "");
    if (!drop_end(name, kKernelTime)) continue;  // older versions also time what surrounds the kernel
    const std::int64_t at = event.value("ts", std::int64_t{0});
    // Runs that overlap cannot be told apart: the last that has begun is taken.
    const auto after = std::upper_bound(runs.begin(), runs.end(), at, [](std::int64_t time, const Span& run) { return time < run.begin; });
    if (after == runs.begin() || at > std::prev(after)->end) continue;
    const Json arguments = event.value("args", Json::object());
    Kernel& kernel = kernels[{arguments.value("node_index", ""), name}];
    kernel.layer.name = name;
    kernel.layer.op = arguments.value("op_name", "");
    kernel.layer.kernel = arguments.value("provider", "");
    kernel.begins.push_back(at - std::prev(after)->begin);
    kernel.times_us.push_back(static_cast<double>(event.value("dur", std::int64_t{0})));
  }

  std::vector<std::pair<std::int64_t, LayerTime>> ordered;
  for (auto& [key, kernel] : kernels) {
    kernel.layer.origins = origins_of(kernel.layer.name);
    kernel.layer.time_us = LayerHistory::median(kernel.times_us);
    ordered.emplace_back(kernel.begins.back(), std::move(kernel.layer));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<LayerTime> layers;
  for (auto& [begin, layer] : ordered) layers.push_back(std::move(layer));
  return layers;
}

}  // namespace inferometer::engine

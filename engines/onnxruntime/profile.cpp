#include "onnxruntime/profile.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::engine {
namespace {

using Json = nlohmann::json;

/// "conv1_kernel_time" is node conv1.
std::string node_name(const std::string& event) {
  const std::size_t suffix = event.rfind("_kernel_time");
  return suffix == std::string::npos ? event : event.substr(0, suffix);
}

}  // namespace

std::vector<LayerTime> read_profile(const std::filesystem::path& path) {
  std::ifstream file(path);
  const Json events = Json::parse(file, nullptr, false);
  if (!events.is_array()) throw Error(ErrorCode::engine_failure, "ONNX Runtime's profile cannot be read");

  // Times are microseconds from the session's start. Runs of one session may overlap; the last to start is taken.
  std::int64_t start = -1, end = -1;
  for (const Json& event : events) {
    if (event.value("name", "") != "model_run" || event.value("ts", std::int64_t{-1}) < start) continue;
    start = event.value("ts", std::int64_t{-1});
    end = start + event.value("dur", std::int64_t{0});
  }

  struct Timed {
    std::int64_t at;
    LayerTime layer;
  };
  std::vector<Timed> timed;
  for (const Json& event : events) {
    const std::int64_t at = event.value("ts", std::int64_t{-1});
    if (event.value("cat", "") != "Node" || at < start || at > end) continue;
    const std::string name = event.value("name", "");
    if (!name.ends_with("_kernel_time")) continue;  // older versions also time what surrounds the kernel
    const Json arguments = event.value("args", Json::object());
    LayerTime layer;
    layer.name = node_name(name);
    layer.op = arguments.value("op_name", "");
    layer.kernel = arguments.value("provider", "");
    layer.time_us = static_cast<double>(event.value("dur", std::int64_t{0}));
    timed.push_back({at, std::move(layer)});
  }
  std::stable_sort(timed.begin(), timed.end(), [](const Timed& a, const Timed& b) { return a.at < b.at; });
  std::vector<LayerTime> layers;
  for (Timed& one : timed) layers.push_back(std::move(one.layer));
  return layers;
}

}  // namespace inferometer::engine

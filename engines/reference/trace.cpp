#include "trace.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::reference {

Trace::Trace(const std::filesystem::path& path) : path_(path), file_(path, std::ios::trunc) {
  if (!file_) throw Error(ErrorCode::io, "cannot write the trace " + path.string());
}

void Trace::write(std::int64_t run, const graph::Node& node, const std::string& output, const Shape& shape,
                  std::span<const float> elements) {
  float least = std::numeric_limits<float>::infinity(), most = -least;
  std::int64_t denormals = 0, nonfinite = 0;
  for (const float element : elements) {
    denormals += std::fpclassify(element) == FP_SUBNORMAL ? 1 : 0;
    if (!std::isfinite(element)) {
      ++nonfinite;
      continue;
    }
    least = std::min(least, element);
    most = std::max(most, element);
  }
  const bool any = least <= most;
  const nlohmann::ordered_json line{{"run", run},
                                    {"node", node.name},
                                    {"op", std::string(graph::name_of(node.op))},
                                    {"output", output},
                                    {"shape", shape},
                                    {"elements", elements.size()},
                                    {"min", any ? nlohmann::ordered_json(least) : nlohmann::ordered_json(nullptr)},
                                    {"max", any ? nlohmann::ordered_json(most) : nlohmann::ordered_json(nullptr)},
                                    {"denormals", denormals},
                                    {"nonfinite", nonfinite}};
  const std::lock_guard lock(mutex_);
  file_ << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n' << std::flush;
  if (!file_) throw Error(ErrorCode::io, "cannot write the trace " + path_.string());
}

}  // namespace inferometer::reference

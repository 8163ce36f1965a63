/// Write the range of every activation, to see what a network's numbers do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <span>
#include <string>

#include "graph/graph.h"

namespace inferometer::reference {

/// JSON lines: run, node, op, output, shape, elements, min, max (of finite elements; null without any), denormals, nonfinite.
/// Any thread may write.
class Trace {
 public:
  /// Empties the file. Throws Error{io} naming it.
  explicit Trace(const std::filesystem::path& path);
  /// Throws Error{io} naming the file.
  void write(std::int64_t run, const graph::Node& node, const std::string& output, const Shape& shape, std::span<const float> elements);
  std::int64_t next_run() {
    const std::lock_guard lock(mutex_);
    return runs_++;
  }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  std::mutex mutex_;
  std::int64_t runs_ = 0;
};

}  // namespace inferometer::reference

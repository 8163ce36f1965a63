/// A loaded model and its requests.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "plan.h"
#include "trace.h"

namespace inferometer::reference {

struct SessionOptions {
  int threads_per_request = 1;
  int streams = 1;
  std::int64_t batch = 1;
  Depthwise depthwise = Depthwise::direct;
  bool profile = false;
  std::string trace_file;  ///< empty: no trace
};

/// Throws what Plan's constructor throws.
std::unique_ptr<engine::Session> make_session(graph::Model model, const SessionOptions& options);

}  // namespace inferometer::reference

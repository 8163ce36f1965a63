/// What a server and its worker process say to each other, one JSON object a line.
///
///   server:  {"plugin", "entry", "model_path", "largest_batch"}         once
///   worker:  {"loaded": WorkerModel, "first_inference_ms"}              or {"error": {"code", "message", "hint"}}
///   server:  {"slots", "largest_batch"}                                 the memory, descriptor 4, has its size now
///   worker:  {"ready": true}                                            from here on all goes through the memory
/// An {"error": ...} at any later time is the worker's last line. Internal to serve.
#pragma once

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

#include "serve/worker.h"

namespace inferometer::serve {

/// Where the child finds the shared memory.
inline constexpr int kMemoryNumber = 4;

struct LoadLine {
  std::string plugin, model_path;
  measure::Entry entry;
  std::int64_t largest_batch = 1;
};
void to_json(nlohmann::json& json, const LoadLine& line);
void from_json(const nlohmann::json& json, LoadLine& line);

void to_json(nlohmann::json& json, const WorkerModel& model);
void from_json(const nlohmann::json& json, WorkerModel& model);

/// Bytes of one item, tensor by tensor.
std::vector<std::size_t> item_bytes(const std::vector<engine::TensorInfo>& tensors);

}  // namespace inferometer::serve

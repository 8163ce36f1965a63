/// What worker processes have in common, whatever they are told to do.
///
/// Internal to workers: measure's own and serve's.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"
#include "measure/entry.h"

namespace inferometer::measure {

/// The file as engines take it. @param path  an .onnx, or a prototxt whose caffemodel is model.weights_path
engine::ModelFile model_file(const std::string& path, const ModelReference& model);

/// Tell OpenMP and BLAS, which read it once, when the plugin pulls them in: call before open_plugin().
void limit_thread_pools(int threads);

/// The exception being handled as an Error: bad_alloc is out_of_memory, others are engine_failure.
Error current_error();

/// {"error": {"code", "message", "hint"}}, and back from what is under "error".
nlohmann::json error_json(const Error& error);
Error error_from_json(const nlohmann::json& json);

}  // namespace inferometer::measure

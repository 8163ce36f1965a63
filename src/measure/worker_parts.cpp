#include "measure/worker_parts.h"

#include <cstdlib>
#include <new>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "formats/caffe.h"
#include "formats/onnx.h"
#include "measure/models.h"

namespace inferometer::measure {

engine::ModelFile model_file(const std::string& path, const ModelReference& model) {
  engine::ModelFile file;
  file.path = path;
  if (is_prototxt(path)) {
    file.kind = engine::ModelKind::caffe;
    file.weights_path = model.weights_path;
    file.parse = [path, weights = model.weights_path] { return formats::read_caffe(path, weights); };
  } else {
    file.parse = [path] { return formats::read_onnx(path); };
  }
  return file;
}

void limit_thread_pools(int threads) {
  const std::string text = std::to_string(threads);
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"}) {
    setenv(name, text.c_str(), 1);
  }
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::out_of_memory, "memory ran out"};
  } catch (const std::exception& error) {
    return {ErrorCode::engine_failure, one_line(error.what())};
  }
}

nlohmann::json error_json(const Error& error) {
  return {{"error", {{"code", name_of(error.code())}, {"message", to_utf8(error.what())}, {"hint", to_utf8(error.hint())}}}};
}

Error error_from_json(const nlohmann::json& json) {
  return {error_code(json.at("code").get<std::string>()), json.at("message").get<std::string>(), json.at("hint").get<std::string>()};
}

}  // namespace inferometer::measure

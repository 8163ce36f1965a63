#include "cli/model_argument.h"

#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "formats/onnx.h"
#include "measure/models.h"

namespace inferometer::cli {
namespace {

constexpr const char* kModelHint = "`inferometer models` lists the networks; paths of .onnx files work too";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && lower(text.substr(text.size() - end.size())) == end;
}

void append_path(std::vector<ModelArgument>& models, const std::string& argument) {
  require_readable_file(argument);
  if (!ends_with(argument, ".onnx")) {
    throw Error(ErrorCode::input, fmt::format("{}: is neither an .onnx file nor a zoo network", one_line(argument)), kModelHint);
  }
  models.push_back({argument, nullptr});
}

}  // namespace

std::vector<ModelArgument> resolve_models(const std::vector<std::string>& arguments) {
  std::vector<ModelArgument> models;
  for (const std::string& argument : arguments) {
    if (measure::looks_like_file(argument)) {
      append_path(models, argument);
      continue;
    }
    for (const std::string& name : measure::expand_names({argument})) models.push_back({name, zoo::find(name)});
  }
  std::set<std::string> seen;
  std::erase_if(models, [&](const ModelArgument& model) { return !seen.insert(model.name).second; });
  return models;
}

graph::Graph graph_of(const ModelArgument& model, std::int64_t input, std::int64_t classes) {
  if (model.network == nullptr) {
    if (input != 0 || classes != 1000) {
      throw Error(ErrorCode::usage,
                  fmt::format("{}: --input and --classes are for zoo networks, a file is as it is", one_line(model.name)));
    }
    return formats::read_onnx(model.name).graph;
  }
  try {
    return model.network->build({input, input, classes});
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(model.name) != std::string::npos) throw;
    throw Error(error.code(), fmt::format("{}: {}", model.name, message), error.hint());
  }
}

InputSize input_size(const graph::Graph& graph) {
  for (const graph::TensorId input : graph.inputs) {
    const Shape& shape = graph.tensors[input].shape;
    if (shape.size() == 4) return {shape[2], shape[3]};
  }
  return {};
}

}  // namespace inferometer::cli

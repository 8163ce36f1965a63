#include "cli/model_argument.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "formats/onnx.h"
#include "measure/models.h"

namespace inferometer::cli {
namespace {

constexpr const char* kModelHint = "`inferometer models` lists the networks; paths of .onnx and .prototxt files work too";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && lower(text.substr(text.size() - end.size())) == end;
}

void append_path(std::vector<ModelArgument>& models, const std::string& argument) {
  require_readable_file(argument);
  if (!ends_with(argument, ".onnx") && !measure::is_prototxt(argument)) {
    throw Error(ErrorCode::input, fmt::format("{}: is neither an .onnx or .prototxt file nor a zoo network", one_line(argument)),
                kModelHint);
  }
  models.push_back({argument, nullptr});
}

/// Whether a layer belongs to a head that only trains.
bool only_trains(const zoo::Network& network, const std::string& layer) {
  return std::any_of(network.training_only.begin(), network.training_only.end(),
                     [&layer](const std::string& prefix) { return layer.starts_with(prefix); });
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

graph::Graph graph_of(const ModelArgument& model, const zoo::BuildOptions& options) {
  if (model.network == nullptr) {
    if (options.height != 0 || options.width != 0 || options.classes != 0 || options.with_auxiliary) {
      throw Error(ErrorCode::usage, fmt::format("{}: --input, --classes and --with-auxiliary are for zoo networks, a file is as it is",
                                                one_line(model.name)));
    }
    return measure::is_prototxt(model.name) ? formats::read_caffe(model.name).graph : formats::read_onnx(model.name).graph;
  }
  try {
    graph::Graph network = model.network->build(options);
    if (options.with_auxiliary && std::none_of(network.nodes.begin(), network.nodes.end(),
                                               [&](const graph::Node& node) { return only_trains(*model.network, node.name); })) {
      throw Error(ErrorCode::usage, fmt::format("{}: has no auxiliary heads for --with-auxiliary to count", model.name),
                  "leave the option out");
    }
    return network;
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(model.name) != std::string::npos) throw;
    throw Error(error.code(), fmt::format("{}: {}", model.name, message), error.hint());
  }
}

graph::CostTable cost_of(const ModelArgument& model, const graph::Graph& network, graph::Convention convention) {
  graph::CostTable table = graph::compute_cost(network, convention);
  if (model.network == nullptr) return table;
  for (graph::LayerCost& layer : table.layers) {
    if (!only_trains(*model.network, layer.layer)) continue;
    table.total.macs -= layer.cost.macs;
    table.total.elementwise_operations -= layer.cost.elementwise_operations;
    table.total.activations -= layer.cost.activations;
    layer.cost = {.parameters = layer.cost.parameters};
  }
  return table;
}

InputSize input_size(const graph::Graph& graph) {
  for (const graph::TensorId input : graph.inputs) {
    const Shape& shape = graph.tensors[input].shape;
    if (shape.size() == 4) return {shape[1], shape[2], shape[3]};
  }
  return {};
}

}  // namespace inferometer::cli

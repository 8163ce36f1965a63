#include "measure/models.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "formats/onnx.h"
#include "graph/cost.h"
#include "measure/weights.h"
#include "zoo/synthetic_weights.h"
#include "zoo/zoo.h"

namespace inferometer::measure {
namespace {

/// Raised when the exporter writes other bytes for the same model.
constexpr int kArtefactVersion = 1;

/// SHA-256 of a file, remembered by path, size and time: hashing 500 MB at every plan would take seconds.
std::string cached_file_hash(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path);
  const std::string stamp = fmt::format("{} {} {}", whole.string(), std::filesystem::file_size(whole),
                                        std::filesystem::last_write_time(whole).time_since_epoch().count());
  const std::filesystem::path cached = cache_folder() / "hashes" / sha256_hex(stamp);
  if (std::ifstream file(cached); file) {
    std::string hash;
    if (file >> hash && hash.size() == 64) return hash;
  }
  std::string hash = sha256_file_hex(whole);
  write_file_atomically(cached, hash + "\n");
  return hash;
}

const zoo::Network& network_of(const ModelReference& model) {
  const zoo::Network* network = zoo::find(model.name);
  if (network == nullptr) throw Error(ErrorCode::internal, fmt::format("no network {} in the zoo", model.name));
  return *network;
}

graph::Graph build_zoo_graph(const ModelReference& model) {
  zoo::BuildOptions options;
  options.height = model.height;
  options.width = model.width;
  options.classes = model.classes;
  return network_of(model).build(options);
}

void use_weights_file(ModelReference& model, const graph::Graph& graph, const std::string& path) {
  require_readable_file(path);
  model.weights_path = std::filesystem::absolute(path).string();
  model.seed = 1;  // not used, and not to look as if it were
  model.sha256 = sha256_hex(
      fmt::format("{} weights {} artefact {}", graph::canonical_hash(graph), cached_file_hash(model.weights_path), kArtefactVersion));
  std::error_code ignored;
  if (!std::filesystem::exists(artefact_path(model), ignored)) (void)weights_of(network_of(model), graph, {1, model.weights_path});
}

ModelReference resolve_zoo(const std::string& name, const ModelOptions& options) {
  ModelReference model;
  model.name = name;
  model.zoo = true;
  model.seed = options.seed;
  model.height = model.width = options.input;
  model.classes = options.classes;
  if (!options.shapes.empty()) {
    throw Error(ErrorCode::usage, fmt::format("--shape does not apply to {}", name), "networks of the zoo take --input PIXELS");
  }
  const graph::Graph graph = build_zoo_graph(model);
  graph::infer_shapes(graph, 1);  // an input that is too small is refused here, before anything runs
  if (!options.weights_path.empty()) {
    use_weights_file(model, graph, options.weights_path);
    return model;
  }
  model.sha256 = sha256_hex(fmt::format("{} seed {} generator {} artefact {}", graph::canonical_hash(graph), model.seed,
                                        zoo::kSyntheticWeightsVersion, kArtefactVersion));
  return model;
}

ModelReference resolve_caffe(const std::string& name, const ModelOptions& options) {
  if (!options.shapes.empty()) {
    throw Error(ErrorCode::usage, fmt::format("--shape does not apply to {}", name), "a prototxt says its input's shape");
  }
  ModelReference model;
  model.name = name;
  model.path = std::filesystem::absolute(name).string();
  model.weights_path = caffemodel_of(name, options.weights_path).string();
  graph::infer_shapes(formats::read_caffe(model.path).graph, 1);  // what cannot be read is refused here, before anything runs
  model.sha256 = sha256_hex(cached_file_hash(model.path) + " " + cached_file_hash(model.weights_path));
  return model;
}

ModelReference resolve_file(const std::string& name, const ModelOptions& options) {
  const std::filesystem::path path(name);
  require_readable_file(path);
  if (options.input != 0) {
    throw Error(ErrorCode::usage, fmt::format("--input does not apply to the file {}", name),
                "its inputs have the sizes that it declares; dynamic ones take --shape NAME=1x3x224x224");
  }
  if (is_prototxt(path)) return resolve_caffe(name, options);
  if (path.extension() != ".onnx") {
    throw Error(ErrorCode::input, fmt::format("{}: only .onnx and .prototxt files can be measured", name), "convert it to ONNX first");
  }
  if (!options.weights_path.empty()) {
    throw Error(ErrorCode::usage, fmt::format("--weights does not apply to {}: an .onnx file has its own", name),
                "networks of the zoo take files of weights");
  }
  const formats::OnnxSummary summary = formats::summarize_onnx(path);
  for (const auto& asked : options.shapes) {
    const std::string& input = asked.first;
    const bool known = std::any_of(summary.inputs.begin(), summary.inputs.end(), [&](const auto& t) { return t.name == input; });
    if (!known) {
      std::vector<std::string> names;
      for (const auto& tensor : summary.inputs) names.push_back(tensor.name);
      throw Error(ErrorCode::usage, fmt::format("--shape: {} has no input named {}", name, input), "its inputs: " + join(names, ", "));
    }
  }
  ModelReference model;
  model.name = name;
  model.path = std::filesystem::absolute(path).string();
  model.shapes = options.shapes;
  if (summary.low_precision()) model.stored_as = summary.quantized ? "int8" : "fp16";
  std::string hashes = cached_file_hash(path);
  for (const auto& external : summary.external_data) {
    require_readable_file(external);
    hashes.append(" ").append(cached_file_hash(external));
  }
  model.sha256 = summary.external_data.empty() ? hashes : sha256_hex(hashes);
  return model;
}

}  // namespace

bool looks_like_file(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".onnx") || text.ends_with(".prototxt") || text.ends_with(".caffemodel") ||
         text.ends_with(".pth");
}

std::vector<std::string> expand_names(const std::vector<std::string>& models) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  for (const std::string& model : models) {
    if (model.empty()) throw Error(ErrorCode::usage, "an empty model name", "for example --model resnet18,vgg16");
    if (looks_like_file(model)) {
      add(model);
      continue;
    }
    const std::vector<std::string> matches = zoo::match(model);
    if (matches.empty()) {
      const std::vector<std::string> near = zoo::nearest(model);
      throw Error(ErrorCode::usage, fmt::format("no network is called '{}'", model),
                  near.empty() ? "`inferometer models` lists them; a file needs its ending .onnx"
                               : fmt::format("did you mean {}? `inferometer models` lists all", join(near, ", ")));
    }
    for (const std::string& match : matches) add(match);
  }
  if (names.empty()) throw Error(ErrorCode::usage, "no model is named", "for example --model resnet18");
  return names;
}

ModelReference resolve_model(const std::string& name, const ModelOptions& options) {
  return looks_like_file(name) ? resolve_file(name, options) : resolve_zoo(name, options);
}

ModelFacts model_facts(const ModelReference& model) {
  ModelFacts facts;
  const auto count = [&](const graph::Graph& graph) {
    const graph::CostTable cost = graph::compute_cost(graph);
    facts.parameters = cost.total.parameters;
    facts.macs = cost.total.macs;
  };
  if (model.zoo) {
    count(build_zoo_graph(model));
    const zoo::Network* network = zoo::find(model.name);
    // Published accuracy belongs to the published network: its own input size and classes.
    const bool own_classes = model.classes == 0 || model.classes == network->classes;
    const bool as_published = own_classes && (model.height == 0 || model.height == network->input_size);
    if (network->published && as_published) {
      facts.top1 = network->published->top1;
      facts.top5 = network->published->top5;
    }
    return facts;
  }
  const bool caffe = is_prototxt(model.path);
  if (!caffe) {
    const formats::OnnxSummary summary = formats::summarize_onnx(model.path);
    facts.quantized = summary.quantized;
    facts.half = summary.half;
  }
  try {
    count(caffe ? formats::read_caffe(model.path).graph : formats::read_onnx(model.path).graph);
  } catch (const Error& error) {
    // The engines read the file themselves; without a Graph only the cost stays unknown.
    if (error.code() != ErrorCode::unsupported && error.code() != ErrorCode::input) throw;
  }
  return facts;
}

std::filesystem::path caffemodel_of(const std::filesystem::path& prototxt, const std::string& asked) {
  if (!asked.empty()) {
    require_readable_file(asked);
    return std::filesystem::absolute(asked);
  }
  const std::filesystem::path found = formats::find_caffe_weights(std::filesystem::absolute(prototxt));
  if (found.empty()) {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: no caffemodel is beside it", prototxt.string())),
                "name its weights: --weights FILE.caffemodel");
  }
  return found;
}

bool is_prototxt(const std::filesystem::path& path) { return lower(path.extension().string()) == ".prototxt"; }

graph::Model model_with_weights(const ModelReference& model) {
  if (!model.zoo && is_prototxt(model.path)) return formats::read_caffe(model.path, model.weights_path);
  if (!model.zoo) return formats::read_onnx(model.path, {{model.shapes.begin(), model.shapes.end()}});
  graph::Model built{build_zoo_graph(model), {}};
  built.weights = weights_of(network_of(model), built.graph, {model.seed, model.weights_path});
  return built;
}

std::filesystem::path artefact_path(const ModelReference& model, ElementType floats) {
  const std::string stem = model.zoo ? model.name : std::filesystem::path(model.path).stem().string();
  const char* ending = floats == ElementType::f16 ? "-fp16.onnx" : ".onnx";
  return cache_folder() / "models" / fmt::format("{}-{}{}", stem, model.sha256.substr(0, 16), ending);
}

std::filesystem::path model_file_path(const ModelReference& model, const engine::EngineInfo& engine, std::string_view precision) {
  const bool is_onnx = !model.zoo && !is_prototxt(model.path);
  const bool half = precision == "fp16" && engine.half_from_file && !(is_onnx && formats::summarize_onnx(model.path).low_precision());
  const bool as_it_is = !half && (is_onnx || (!model.zoo && (engine.reads_caffe || engine.executes_graphs)));
  if (as_it_is) return model.path;
  const ElementType floats = half ? ElementType::f16 : ElementType::f32;
  const std::filesystem::path path = artefact_path(model, floats);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    // Old artefacts are dropped by last use.
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now(), ignored);
    return path;
  }
  formats::write_onnx(model_with_weights(model), path, {.producer_version = INFEROMETER_VERSION, .floats = floats});
  return path;
}

}  // namespace inferometer::measure

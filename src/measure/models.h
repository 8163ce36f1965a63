/// Resolve what a user calls a model, and make its file when an engine asks for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "graph/graph.h"
#include "measure/entry.h"
#include "measure/row.h"

namespace inferometer::measure {

/// What is known of a model without its weights.
struct ModelFacts {
  std::optional<std::int64_t> parameters, macs;
  std::optional<double> top1, top5;  ///< published, percent
  bool quantized = false;            ///< the file is int8
  bool half = false;                 ///< the file stores half floats
};

/// Options that shape a model reference.
struct ModelOptions {
  std::int64_t input = 0;    ///< square; 0: the network's own
  std::int64_t classes = 0;  ///< 0: the network's own
  std::uint64_t seed = 1;
  std::map<std::string, Shape> shapes;
  std::string weights_path = {};  ///< of a zoo network, empty: synthetic ones; or of a prototxt, empty: those beside it
};

/// True when the text means a file rather than a zoo name: it holds a slash or ends as a model's file does.
bool looks_like_file(const std::string& text);

/// Zoo names and globs become names, files stay. Throws Error{usage} with the nearest names when nothing matches.
std::vector<std::string> expand_names(const std::vector<std::string>& models);

/// Resolve one name or file. Zoo: hashes the canonical graph, makes no weights. File: hashes content (cached by path, size, time) and
/// external data.
/// With a file of weights that no artefact was made from yet, it is read once: what does not fit is refused before anything runs.
/// Throws Error{usage} for unknown names, Error{input} for files that are neither ONNX nor Caffe, a prototxt without a caffemodel, sizes
/// that a network does not allow, --input with a file.
ModelReference resolve_model(const std::string& name, const ModelOptions& options);

/// Cost and published accuracy. A file whose operators Graph lacks has no cost.
ModelFacts model_facts(const ModelReference& model);

/// The whole model as a Graph with its weights. Throws what reading throws: Error{unsupported} for a file whose operators Graph lacks.
graph::Model model_with_weights(const ModelReference& model);

/// Whether a path means a Caffe network; its caffemodel is ModelReference::weights_path.
bool is_prototxt(const std::filesystem::path& path);

/// The weights of a Caffe network: those that are asked for, else the caffemodel beside it (formats/caffe.h). Throws Error{input}.
std::filesystem::path caffemodel_of(const std::filesystem::path& prototxt, const std::string& asked);

/// Path of the file that this engine loads: the user's own, or an ONNX artefact in the cache, made now when it is not there.
/// The artefact is of a zoo network, or of a Caffe file where the engine neither reads such files nor executes graphs.
/// Asked for fp16, an engine that takes it from the file (EngineInfo::half_from_file) gets an artefact of half floats, also of a file of
/// the user's, unless that is one already (it holds f16 data or Q/DQ nodes); that throws Error{unsupported} when Graph lacks its operators.
/// @param engine  by default one that reads ONNX alone
std::filesystem::path model_file_path(const ModelReference& model, const engine::EngineInfo& engine = {},
                                      std::string_view precision = "fp32");
/// The artefact's path, without making anything. @param floats  f32 or f16
std::filesystem::path artefact_path(const ModelReference& model, ElementType floats = ElementType::f32);

}  // namespace inferometer::measure

/// Find the model that a repository means.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "measure/entry.h"
#include "measure/models.h"
#include "zoo/preprocessing.h"

namespace inferometer::serve {

/// A model that can be served, and what lies beside it.
struct RepositoryModel {
  measure::ModelReference model;
  std::vector<std::string> labels;        ///< by class; empty without corresp.txt; "" for a class it does not name
  std::optional<zoo::Preprocessing> own;  ///< of a zoo network (or checkpoint), or of the prototxt's transform_param
  std::int64_t own_input = 0;             ///< the input that `own` is meant for
  bool ends_in_softmax = false;           ///< the network's (first) output is probabilities already
  measure::ModelFacts facts;
};

/// @param repository  as the client gave it: a zoo name; or a folder (or .onnx file) below one of the roots, absolute or relative to one.
/// A folder holds deploy.prototxt and *.caffemodel (the newest) or *.onnx (the newest), and maybe corresp.txt ("index label text" a line).
/// @param input  height and width, for a zoo network; 0: its own
/// Throws StatusError 400/1006: empty, missing on disk, a plain file of another kind, without a model, outside the roots (`..` and
/// symbolic links included), a malformed corresp.txt (naming its line), a size that the network cannot take (naming its own).
RepositoryModel open_repository(const std::string& repository, const std::vector<std::filesystem::path>& roots, std::int64_t height,
                                std::int64_t width);

/// A path below one of the folders after all links are followed, or nullopt. `given` absolute, or relative to one of them (the first that
/// has it).
std::optional<std::filesystem::path> resolve_below(const std::vector<std::filesystem::path>& folders, const std::string& given);

}  // namespace inferometer::serve

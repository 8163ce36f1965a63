/// Say what the members of a DeepDetect call's `parameters` mean here.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "dataset/preprocess.h"
#include "engine/engine.h"
#include "serve/deepdetect_answer.h"
#include "serve/json_members.h"

namespace inferometer::serve {

/// The three parts of `parameters`, each an object; empty ones when absent. Throws StatusError 400/400 when one is no object.
struct Parameters {
  nlohmann::json input = nlohmann::json::object(), mllib = nlohmann::json::object(), output = nlohmann::json::object();
};
Parameters read_parameters(const nlohmann::json& members);

/// A service's parameters with those of one call over them, member by member.
Parameters overridden(const Parameters& service, const Parameters& call);

/// Refuse what would change the answer and is not built, rather than leave it out silently: 400/1006 naming the member.
/// A member that is false, or an empty text, array or object, asks for nothing.
void refuse_what_is_not_built(const Parameters& parameters);

/// Height and width that the network is loaded for: the crop's, else the resize's; 0: the network's own. Throws StatusError 400/1006.
struct InputSize {
  std::int64_t height = 0, width = 0;
};
InputSize asked_size(const nlohmann::json& input);

/// width, height, crop_width, crop_height, interp, rgb, bw, scale, mean and std as changes of a preprocessing. Only what is given changes
/// anything.
/// Throws StatusError 400/1006 for a wrong type or value and for a size that the network was not loaded for, 400/1005 for a mean or std
/// whose length is not the channel count.
dataset::PreprocessingChanges picture_changes(const nlohmann::json& input, const dataset::InputGeometry& geometry);

/// output.best and output.confidence_threshold. Throws StatusError 400/1006.
ClassSelection class_selection(const nlohmann::json& output);

/// What `parameters.mllib` asks of an engine.
struct EngineRequest {
  std::string device, precision;
  std::map<std::string, std::string> settings;  ///< members named as the engine's own settings
};
/// gpu and gpuid choose a device where the engine has such a one, else they are only echoed; datatype is the precision.
/// Throws StatusError 400/1006 for a precision that the device does not have, and for a wrong type.
EngineRequest engine_request(const nlohmann::json& mllib, const engine::EngineInfo& engine);

}  // namespace inferometer::serve

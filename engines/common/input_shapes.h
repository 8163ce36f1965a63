/// Decide the shape of every model input from what the file declares and what the session was asked for.
///
/// The same rules for every engine that reads files, so that one file is accepted or refused by all of them alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/element_type.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/engine.h"

namespace inferometer::engine {

/// An input as the file declares it; a negative dimension is dynamic.
struct DeclaredInput {
  std::string name;
  Shape shape;
};

/// One concrete shape per input. The first dimension, where dynamic, becomes settings.batch; the others come from
/// settings.shapes, whose own first dimension may be 1 or the batch.
/// Throws Error{unsupported} for a batch fixed at another size or a dynamic dimension without --shape,
/// Error{usage} for a --shape that names no input or contradicts the file.
inline std::vector<Shape> concrete_input_shapes(const std::vector<DeclaredInput>& inputs, const SessionSettings& settings) {
  std::vector<std::string> names;
  for (const DeclaredInput& input : inputs) names.push_back(input.name);
  for (const auto& [name, shape] : settings.shapes) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(ErrorCode::usage, "--shape names '" + name + "', which is no input of the model", "inputs are " + join(names, ", "));
  }

  std::vector<Shape> concrete;
  for (const DeclaredInput& input : inputs) {
    Shape shape = input.shape;
    const auto given = settings.shapes.find(input.name);
    const auto contradiction = [&](const std::string& why) {
      return Error(ErrorCode::usage, "--shape " + input.name + "=" + to_string(given->second) + " does not fit the file's " +
                                         to_string(input.shape) + ": " + why);
    };
    if (given != settings.shapes.end() && given->second.size() != shape.size()) throw contradiction("another number of dimensions");
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      const std::int64_t wanted = given == settings.shapes.end() ? -1 : given->second[axis];
      if (axis == 0) {
        if (shape[0] >= 0 && shape[0] != settings.batch)
          throw Error(ErrorCode::unsupported, "batch fixed at " + std::to_string(shape[0]),
                      "input '" + input.name + "' is " + to_string(input.shape) + " in the file: use --batch " + std::to_string(shape[0]) +
                          ", or export the model with a dynamic batch");
        if (wanted >= 0 && wanted != 1 && wanted != settings.batch) throw contradiction("the batch is set by --batch");
        shape[0] = settings.batch;
      } else if (shape[axis] < 0) {
        if (wanted <= 0)
          throw Error(ErrorCode::unsupported,
                      "input '" + input.name + "' has dynamic dimensions (" + to_string(input.shape) + "); give --shape",
                      "for example --shape " + input.name + "=1x3x224x224");
        shape[axis] = wanted;
      } else if (wanted >= 0 && wanted != shape[axis]) {
        throw contradiction("dimension " + std::to_string(axis) + " is fixed");
      }
    }
    concrete.push_back(std::move(shape));
  }
  return concrete;
}

}  // namespace inferometer::engine

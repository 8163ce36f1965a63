/// Come by the outputs that an entry's are compared with.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "measure/engines_here.h"
#include "measure/entry.h"

namespace inferometer::measure {

/// Runs the reference engine, or, for a model that it cannot run, the usable engine of lowest rank that can, on the
/// agreement's images in a worker of its own. Results stay in the cache folder by model, image seed, shapes and engine version.
class ExpectedOutputsSource {
 public:
  explicit ExpectedOutputsSource(const EngineCatalog& catalog) : catalog_(catalog) {}

  struct Answer {
    std::string path;  ///< file of outputs; empty: there are none
    std::string note;  ///< why not
  };
  /// May take as long as eight inferences of the reference engine. Throws Error{interrupted}.
  Answer find(const Entry& entry, bool quantized);

 private:
  Answer compute(const Entry& entry, bool quantized);
  const EngineCatalog& catalog_;
  std::map<std::string, Answer> known_;
};

}  // namespace inferometer::measure

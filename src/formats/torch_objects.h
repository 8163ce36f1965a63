/// Make the values that torch's pickles name.
///
/// Internal to formats: what a pickle machine does in place of calling Python.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pickle.h"

namespace inferometer::formats {

/// A function or class that a pickle may name; nullopt for every other.
std::optional<PickleValue> find_global(std::string_view module, std::string_view name);

/// Outcome of a call: a value, or one that exists already (what a parameter wraps), or why it cannot be.
struct CallResult {
  std::optional<PickleValue> made;
  std::optional<ValueId> existing;
  std::string problem;
};
CallResult call(const Pickle& pickle, ValueId function, const PickleTuple& arguments);

/// The storage that a persistent id means: ("storage", class, key, place, count) and in old files a view.
CallResult persistent_storage(const Pickle& pickle, ValueId id);

}  // namespace inferometer::formats

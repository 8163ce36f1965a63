/// Read the part of Python's pickle format that checkpoints of tensors use.
///
/// Internal to formats. A pickle is a program for a small stack machine. In Python it may call anything; here it can only put
/// together dictionaries, lists, tuples, numbers, text and descriptions of tensors. The few functions that torch's files name are
/// known by name and do nothing but that; every other name or opcode is refused. Nothing is executed and nothing recurses:
/// a value refers to others by number. Opcodes: Python's pickletools (protocols 2 to 5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "formats/torch_names.h"

namespace inferometer::formats {

/// Index into Pickle::values.
using ValueId = std::uint32_t;

// clang-format off
struct PickleNone {};
struct PickleOther {};  ///< a value whose content nobody needs: bytes, a number of more than 64 bits
struct PickleList { std::vector<ValueId> items; };
struct PickleTuple { std::vector<ValueId> items; };
struct PickleDictionary { std::vector<std::pair<ValueId, ValueId>> entries; };  ///< in order; a key may stand twice: the last counts
// clang-format on

/// A function of torch or Python that a pickle may name.
enum class PickleFunction : std::uint8_t { ordered_dictionary, rebuild_tensor, rebuild_tensor_v2, rebuild_parameter };

/// A run of elements whose bytes are elsewhere in the file, under `key`.
struct TorchStorage {
  std::string_view key;
  const TorchStorageClass* type = nullptr;
  std::int64_t count = 0;                     ///< elements of the whole storage
  std::int64_t view_begin = 0, view_end = 0;  ///< the part of it that this one is; old files have such views
};

/// A strided view of a storage, checked to stay inside.
struct TorchTensor {
  ValueId storage = 0;
  std::int64_t offset = 0;         ///< elements from the begin of the whole storage
  ValueId shape = 0, strides = 0;  ///< tuples of as many whole numbers, none negative
};

using PickleValue = std::variant<PickleNone, PickleOther, bool, std::int64_t, double, std::string_view, PickleList, PickleTuple,
                                 PickleDictionary, PickleFunction, const TorchStorageClass*, TorchStorage, TorchTensor>;

/// What a pickle describes. Text is not copied: the bytes that were read must outlive it.
struct Pickle {
  std::vector<PickleValue> values;
  ValueId root = 0;
  std::size_t bytes = 0;  ///< length of the pickle, STOP included

  template <typename Kind>
  const Kind* get(ValueId id) const {
    return std::get_if<Kind>(&values.at(id));
  }
  /// The value of a text key; nullopt when the dictionary lacks it.
  std::optional<ValueId> find(const PickleDictionary& dictionary, std::string_view key) const;
  /// A tuple of whole numbers from 0, as long as a tensor may have dimensions; else nullopt.
  std::optional<Shape> integers(ValueId id) const;
};

/// Read the pickle that these bytes begin with. Memory is at most a small multiple of theirs.
/// @param path  for messages
/// Throws Error{input} naming the global, the opcode or what is broken.
Pickle read_pickle(std::string_view bytes, const std::filesystem::path& path);

}  // namespace inferometer::formats

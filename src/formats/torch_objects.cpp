#include "formats/torch_objects.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "formats/checkpoint_tensor.h"

namespace inferometer::formats {
namespace {

struct KnownFunction {
  std::string_view module, name;
  PickleFunction function;
};
constexpr std::array<KnownFunction, 4> kFunctions{{{"collections", "OrderedDict", PickleFunction::ordered_dictionary},
                                                   {"torch._utils", "_rebuild_tensor", PickleFunction::rebuild_tensor},
                                                   {"torch._utils", "_rebuild_tensor_v2", PickleFunction::rebuild_tensor_v2},
                                                   {"torch._utils", "_rebuild_parameter", PickleFunction::rebuild_parameter}}};

CallResult problem(std::string text) { return {std::nullopt, std::nullopt, std::move(text)}; }
CallResult made(PickleValue value) { return {std::move(value), std::nullopt, {}}; }

/// One past the last element that a view reaches, from its own begin; nullopt beyond 63 bits.
std::optional<std::int64_t> reach(const Shape& shape, const Shape& strides) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::int64_t span = 0;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &span) || __builtin_add_overflow(last, span, &last)) return std::nullopt;
  }
  std::int64_t end = 0;
  if (__builtin_add_overflow(last, 1, &end)) return std::nullopt;
  return end;
}

/// (storage, offset, size, strides, ...)
CallResult rebuild_tensor(const Pickle& pickle, const PickleTuple& arguments) {
  if (arguments.items.size() < 4) return problem("a tensor has too few arguments");
  const auto* storage = pickle.get<TorchStorage>(arguments.items[0]);
  const auto* offset = pickle.get<std::int64_t>(arguments.items[1]);
  const auto shape = pickle.integers(arguments.items[2]), strides = pickle.integers(arguments.items[3]);
  if (storage == nullptr || offset == nullptr || *offset < 0 || !shape || !strides || shape->size() != strides->size()) {
    return problem("a tensor's arguments are no storage, offset, size and strides");
  }
  const auto end = reach(*shape, *strides);
  std::int64_t last = 0;
  if (!end || __builtin_add_overflow(*offset, *end, &last) || last > storage->view_end - storage->view_begin) {
    return problem("a tensor reaches beyond its storage");
  }
  return made(TorchTensor{arguments.items[0], storage->view_begin + *offset, arguments.items[2], arguments.items[3]});
}

/// A dictionary from nothing, or from a list of pairs.
CallResult ordered_dictionary(const Pickle& pickle, const PickleTuple& arguments) {
  PickleDictionary dictionary;
  if (arguments.items.empty()) return made(std::move(dictionary));
  const auto* pairs = pickle.get<PickleList>(arguments.items[0]);
  if (arguments.items.size() != 1 || pairs == nullptr) return problem("an OrderedDict is not made of pairs");
  for (const ValueId id : pairs->items) {
    const auto* list = pickle.get<PickleList>(id);
    const auto* tuple = pickle.get<PickleTuple>(id);
    const std::vector<ValueId>* pair = list != nullptr ? &list->items : tuple != nullptr ? &tuple->items : nullptr;
    if (pair == nullptr || pair->size() != 2) return problem("an OrderedDict is not made of pairs");
    dictionary.entries.emplace_back(pair->front(), pair->back());
  }
  return made(std::move(dictionary));
}

}  // namespace

std::optional<PickleValue> find_global(std::string_view module, std::string_view name) {
  for (const KnownFunction& known : kFunctions) {
    if (known.module == module && known.name == name) return known.function;
  }
  if (module != "torch" && module != "torch.storage") return std::nullopt;
  for (const TorchStorageClass& storage : kTorchStorages) {
    if (storage.name == name) return &storage;
  }
  return std::nullopt;
}

CallResult call(const Pickle& pickle, ValueId function, const PickleTuple& arguments) {
  const auto* known = pickle.get<PickleFunction>(function);
  if (known == nullptr) return problem("what is called is no function");
  switch (*known) {
    case PickleFunction::ordered_dictionary: return ordered_dictionary(pickle, arguments);
    case PickleFunction::rebuild_tensor:
    case PickleFunction::rebuild_tensor_v2: return rebuild_tensor(pickle, arguments);
    case PickleFunction::rebuild_parameter: break;
  }
  if (arguments.items.empty() || pickle.get<TorchTensor>(arguments.items[0]) == nullptr) return problem("a parameter holds no tensor");
  return {std::nullopt, arguments.items[0], {}};
}

CallResult persistent_storage(const Pickle& pickle, ValueId id) {
  const auto* tuple = pickle.get<PickleTuple>(id);
  if (tuple == nullptr || tuple->items.size() < 5) return problem("a persistent id is no storage");
  const auto* kind = pickle.get<std::string_view>(tuple->items[0]);
  if (kind == nullptr || *kind != "storage") return problem("a persistent id is no storage");
  const auto* type = pickle.get<const TorchStorageClass*>(tuple->items[1]);
  const auto* key = pickle.get<std::string_view>(tuple->items[2]);
  const auto* count = pickle.get<std::int64_t>(tuple->items[4]);
  if (type == nullptr || key == nullptr || count == nullptr || *count < 0) return problem("a storage lacks its class, key or size");
  TorchStorage storage{*key, *type, *count, 0, *count};
  if (tuple->items.size() == 5 || pickle.get<PickleNone>(tuple->items[5]) != nullptr) return made(storage);
  const auto* view = pickle.get<PickleTuple>(tuple->items[5]);
  if (view == nullptr || view->items.size() != 3) return problem("a storage's view is not of the form key, offset, size");
  const auto* offset = pickle.get<std::int64_t>(view->items[1]);
  const auto* size = pickle.get<std::int64_t>(view->items[2]);
  if (offset == nullptr || size == nullptr || *offset < 0 || *size < 0 || *offset > *count || *size > *count - *offset) {
    return problem("a storage's view reaches beyond it");
  }
  storage.view_begin = *offset;
  storage.view_end = *offset + *size;
  return made(storage);
}

}  // namespace inferometer::formats

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "formats/checkpoint_tensor.h"
#include "formats/safetensors.h"

namespace inferometer::formats {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr int kDeepest = 3;  ///< the header, an entry of it, its shape

struct Entry {
  std::string name;
  ElementType type;
  Shape shape;
  std::uint64_t begin, end;
};

[[noreturn]] void fail(const InputFile& file, std::string_view message) {
  fail_checkpoint(file.path(), fmt::format("broken safetensors file: {}", message));
}

/// Refuses what the library would let pass: names that stand twice, nesting without end.
nlohmann::json parse_header(const InputFile& file, const std::string& text) {
  std::unordered_set<std::string> names;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (depth > kDeepest) fail(file, "its header is nested too deeply");
    if (depth == 1 && event == nlohmann::json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second) {
      fail(file, fmt::format("two tensors are called {}", one_line(parsed.get<std::string>(), 200)));
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception&) {
    fail(file, "its header is no JSON");
  }
}

std::optional<std::uint64_t> unsigned_of(const nlohmann::json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::optional<std::vector<std::int64_t>> numbers_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() > kMostDimensions) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const nlohmann::json& item : *found) {
    const auto number = unsigned_of(item);
    if (!number) return std::nullopt;
    numbers.push_back(static_cast<std::int64_t>(*number));
  }
  return numbers;
}

Entry entry_of(const InputFile& file, const std::string& name, const nlohmann::json& object) {
  const std::string shown = one_line(name, 200);
  const auto wrong = [&] { fail(file, fmt::format("tensor {} lacks its dtype, shape or data_offsets", shown)); };
  if (!object.is_object()) wrong();
  const auto dtype = object.find("dtype");
  const auto shape = numbers_of(object, "shape"), offsets = numbers_of(object, "data_offsets");
  if (dtype == object.end() || !dtype->is_string() || !shape || !offsets || offsets->size() != 2) wrong();
  const auto type = element_type_of_safetensors(dtype->get_ref<const std::string&>());
  if (!type) {
    fail_checkpoint_unsupported(
        file.path(), fmt::format("tensor {} has elements of type {}", shown, one_line(dtype->get_ref<const std::string&>(), 40)));
  }
  const Entry entry{name, *type, *shape, static_cast<std::uint64_t>(offsets->front()), static_cast<std::uint64_t>(offsets->back())};
  std::uint64_t bytes = 0;
  try {
    const auto count = static_cast<std::uint64_t>(element_count(entry.shape));
    if (__builtin_mul_overflow(count, size_of(entry.type), &bytes)) bytes = UINT64_MAX;
  } catch (const Error&) {
    fail(file, fmt::format("tensor {} has an impossible shape {}", shown, to_string(entry.shape)));
  }
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    fail(file, fmt::format("tensor {} has bytes {} to {} for {} of {}", shown, entry.begin, entry.end, to_string(entry.shape),
                           name_of(entry.type)));
  }
  return entry;
}

}  // namespace

std::optional<std::uint64_t> safetensors_header_bytes(std::string_view head) {
  if (head.size() <= kLengthBytes || head[kLengthBytes] != '{') return std::nullopt;
  return little_endian_at<std::uint64_t>(head.data());
}

graph::Weights read_safetensors(const InputFile& file) {
  const std::uint64_t length = file.read_u64(0);
  if (!file.holds(kLengthBytes, length)) fail(file, fmt::format("its header of {} bytes is cut off", length));
  if (length > kMostHeaderBytes) fail(file, fmt::format("its header has {} bytes, {} at most", length, kMostHeaderBytes));
  const nlohmann::json header = parse_header(file, file.read_text(kLengthBytes, length));
  if (!header.is_object()) fail(file, "its header is no object");
  std::vector<Entry> entries;
  for (const auto& [name, object] : header.items()) {
    if (name != kSafetensorsMetadata) entries.push_back(entry_of(file, name, object));
  }
  if (entries.empty()) fail_checkpoint(file.path(), "holds no tensors");
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });

  const std::uint64_t data = kLengthBytes + length;
  std::uint64_t offset = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != offset) fail(file, fmt::format("the data of tensor {} does not follow the one before", one_line(entry.name, 200)));
    offset = entry.end;
  }
  if (!file.holds(data, offset)) fail(file, fmt::format("is cut off: its tensors have {} bytes", offset));
  if (data + offset != file.size()) fail(file, fmt::format("has {} bytes that belong to no tensor", file.size() - data - offset));
  graph::Weights weights;
  for (Entry& entry : entries) {
    weights.emplace(std::move(entry.name),
                    graph::Array{entry.type, std::move(entry.shape), file.read(data + entry.begin, entry.end - entry.begin)});
  }
  return weights;
}

}  // namespace inferometer::formats

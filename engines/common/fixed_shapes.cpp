#include "common/fixed_shapes.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "common/mapped_file.h"
#include "common/onnx_fields.h"
#include "common/wire.h"

namespace inferometer::engine {
namespace {

using namespace onnx_fields;

std::string shape_message(const Shape& shape) {
  std::string message;
  for (const std::int64_t dimension : shape) {
    const std::string content = wire::varint(kDimensionValue << 3).append(wire::varint(static_cast<std::uint64_t>(dimension)));
    message.append(wire::header(kShapeDimension, content.size())).append(content);
  }
  return message;
}

/// A ValueInfoProto with its shape replaced, where one is asked for it.
std::string with_shape(std::string_view value, const std::map<std::string, Shape>& shapes) {
  std::string name;
  wire::for_each(value, kValueName, [&](std::string_view text) { name = text; });
  const auto found = shapes.find(name);
  if (found == shapes.end()) return std::string(value);
  return wire::rewrite(value, kValueType, [&](std::string_view type) {
    return wire::rewrite(type, kTypeTensor, [&](std::string_view tensor) {
      return wire::rewrite(tensor, kTensorTypeShape, [&](std::string_view) { return shape_message(found->second); });
    });
  });
}

/// A message in pieces, so that weights are written from where they lie.
struct Pieces {
  std::vector<std::string_view> spans;
  std::size_t bytes = 0;
  void add(std::string_view span) {
    spans.push_back(span);
    bytes += span.size();
  }
};

void write_all(const Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Error(ErrorCode::io, std::string("cannot copy a model in memory: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

FixedShapesFile::FixedShapesFile(const std::filesystem::path& model, const std::map<std::string, Shape>& shapes)
    : file_(::memfd_create("inferometer-model", MFD_CLOEXEC)) {
  if (file_.number() < 0) throw Error(ErrorCode::io, std::string("cannot copy a model in memory: ") + std::strerror(errno));
  const MappedFile mapped(model);
  const auto broken = [&] { return Error(ErrorCode::input, model.filename().string() + " is no ONNX model, or cut off"); };
  std::vector<std::string> inputs;
  wire::for_each(mapped.bytes(), kModelGraph, [&](std::string_view graph) {
    wire::for_each(graph, kGraphInput, [&](std::string_view value) {
      const std::string content = with_shape(value, shapes);
      inputs.push_back(wire::header(kGraphInput, content.size()).append(content));
    });
  });
  if (inputs.empty()) throw broken();

  std::size_t next = 0;
  wire::Message message(mapped.bytes());
  while (const auto field = message.next()) {
    if (field->number != kModelGraph) {
      write_all(file_, field->whole);
      continue;
    }
    Pieces graph;
    wire::Message nodes(field->bytes);
    while (const auto part = nodes.next()) graph.add(part->number == kGraphInput ? std::string_view(inputs[next++]) : part->whole);
    if (!nodes.rest().empty()) throw broken();
    write_all(file_, wire::header(kModelGraph, graph.bytes));
    for (const std::string_view span : graph.spans) write_all(file_, span);
  }
  if (!message.rest().empty()) throw broken();
}

std::string FixedShapesFile::path() const { return "/proc/self/fd/" + std::to_string(file_.number()); }

}  // namespace inferometer::engine

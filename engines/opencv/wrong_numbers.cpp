#include "opencv/wrong_numbers.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "common/mapped_file.h"
#include "common/onnx_fields.h"
#include "common/wire.h"

namespace inferometer::engine {
namespace {

using namespace onnx_fields;

struct AveragePool {
  std::string name;
  bool padded = false;
  bool counts_padding = false;
};

/// Integers are stored one by one or packed, as the writer likes.
bool any_nonzero(std::string_view attribute) {
  wire::Message message(attribute);
  while (const auto field = message.next()) {
    if (field->number != kAttributeIntegers) continue;
    if (field->value != 0) return true;
    for (const char byte : field->bytes)
      if (byte != 0) return true;
  }
  return false;
}

void read_attribute(std::string_view attribute, AveragePool& pool) {
  std::string_view name;
  std::uint64_t integer = 0;
  wire::Message message(attribute);
  while (const auto field = message.next()) {
    if (field->number == kAttributeName) name = field->bytes;
    if (field->number == kAttributeInteger) integer = field->value;
  }
  if (name == "count_include_pad") pool.counts_padding = integer != 0;
  if (name == "pads") pool.padded = any_nonzero(attribute);
}

}  // namespace

void refuse_wrong_numbers(std::string_view model) {
  std::string_view producer;
  wire::for_each(model, kModelProducer, [&](std::string_view name) { producer = name; });
  wire::for_each(model, kModelGraph, [&](std::string_view graph) {
    wire::for_each(graph, kGraphNode, [&](std::string_view node) {
      std::string_view type;
      wire::for_each(node, kNodeType, [&](std::string_view text) { type = text; });
      if (type != "AveragePool") return;
      AveragePool pool;
      wire::for_each(node, kNodeName, [&](std::string_view text) { pool.name = text; });
      wire::for_each(node, kNodeAttribute, [&](std::string_view attribute) { read_attribute(attribute, pool); });
      if (!pool.padded || pool.counts_padding == (producer == "pytorch")) return;
      throw Error(ErrorCode::unsupported,
                  "opencv ignores count_include_pad of AveragePool '" + one_line(pool.name, 80) + "' and would give wrong numbers",
                  "write the padding as a Pad node, as inferometer's own exports do");
    });
  });
}

void refuse_wrong_numbers(const std::filesystem::path& model) { refuse_wrong_numbers(MappedFile(model).bytes()); }

}  // namespace inferometer::engine

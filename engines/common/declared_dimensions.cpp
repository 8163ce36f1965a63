#include "common/declared_dimensions.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>

#include "common/mapped_file.h"
#include "common/onnx_fields.h"
#include "common/wire.h"

namespace inferometer::engine {
namespace {

using namespace onnx_fields;
using wire::for_each;
using wire::Message;

void read_dimension(std::string_view bytes, DeclaredDimensions& input) {
  std::int64_t value = -1;
  std::string symbol;
  Message dimension(bytes);
  while (const auto field = dimension.next()) {
    if (field->number == kDimensionValue) value = std::max<std::int64_t>(static_cast<std::int64_t>(field->value), -1);
    if (field->number == kDimensionSymbol) symbol = field->bytes;
  }
  input.shape.push_back(value);
  input.symbols.push_back(value < 0 ? symbol : std::string());
}

DeclaredDimensions read_input(std::string_view bytes) {
  DeclaredDimensions input;
  for_each(bytes, kValueName, [&](std::string_view name) { input.name = name; });
  for_each(bytes, kValueType, [&](std::string_view type) {
    for_each(type, kTypeTensor, [&](std::string_view tensor) {
      Message fields(tensor);
      while (const auto field = fields.next())
        if (field->number == kTensorTypeElement) input.element_type = static_cast<std::int64_t>(field->value);
      for_each(tensor, kTensorTypeShape, [&](std::string_view shape) {
        for_each(shape, kShapeDimension, [&](std::string_view dimension) { read_dimension(dimension, input); });
      });
    });
  });
  return input;
}

}  // namespace

OnnxDeclaration parse_declaration(std::string_view bytes) {
  OnnxDeclaration declaration;
  std::set<std::string, std::less<>> initializers;
  for_each(bytes, kModelGraph, [&](std::string_view graph) {
    Message message(graph);
    while (const auto field = message.next()) {
      if (field->number == kGraphInput) declaration.inputs.push_back(read_input(field->bytes));
      if (field->number == kGraphOutput)
        for_each(field->bytes, kValueName, [&](std::string_view name) { declaration.outputs.emplace_back(name); });
      if (field->number != kGraphInitializer) continue;
      Message tensor(field->bytes);
      while (const auto part = tensor.next()) {
        if (part->number == kTensorName) initializers.emplace(part->bytes);
        if (part->number == kTensorDataType && part->value == kFloat16) declaration.half_weights = true;
        if (part->number == kTensorDataType && part->value == kBfloat16) declaration.bfloat_weights = true;
        if (part->number == kTensorDataLocation && part->value == kExternal) declaration.external_data = true;
      }
    }
  });
  std::erase_if(declaration.inputs, [&](const DeclaredDimensions& input) { return initializers.contains(input.name); });
  return declaration;
}

OnnxDeclaration read_declaration(const std::filesystem::path& path) { return parse_declaration(MappedFile(path).bytes()); }

}  // namespace inferometer::engine

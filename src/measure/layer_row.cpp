#include "measure/layer_row.h"

namespace inferometer::measure {
namespace {

constexpr std::size_t size_of_fields() {
  std::size_t bytes = 0;
  for_each_layer_field([&]<typename Value>(const RowField<LayerRow, Value>&) { bytes += sizeof(Value); });
  return bytes;
}
static_assert(size_of_fields() == sizeof(LayerRow), "a member of LayerRow is missing from kLayerFields");

}  // namespace

const std::vector<std::string>& layer_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for_each_layer_field([&](const auto& field) { names.emplace_back(field.name); });
    return names;
  }();
  return columns;
}

std::optional<ColumnKind> layer_column_kind(std::string_view name) {
  std::optional<ColumnKind> kind;
  for_each_layer_field([&](const auto& field) {
    if (field.name == name) kind = kind_of(field.member);
  });
  return kind;
}

}  // namespace inferometer::measure

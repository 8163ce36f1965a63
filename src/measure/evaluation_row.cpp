#include "measure/evaluation_row.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace inferometer::measure {
namespace {

constexpr std::size_t size_of_fields() {
  std::size_t bytes = 0;
  for_each_evaluation_field([&]<typename Value>(const RowField<EvaluationRow, Value>&) { bytes += sizeof(Value); });
  return bytes;
}
static_assert(size_of_fields() == sizeof(EvaluationRow), "a member of EvaluationRow is missing from kEvaluationFields");

/// Raised whenever the meaning of a figure changes.
constexpr int kEvaluationVersion = 1;

}  // namespace

const std::vector<std::string>& evaluation_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for_each_evaluation_field([&](const auto& field) { names.emplace_back(field.name); });
    return names;
  }();
  return columns;
}

std::optional<ColumnKind> evaluation_column_kind(std::string_view name) {
  std::optional<ColumnKind> kind;
  for_each_evaluation_field([&](const auto& field) {
    if (field.name == name) kind = kind_of(field.member);
  });
  return kind;
}

std::string identity(const EvaluationRow& row, const std::string& machine_identity) {
  const nlohmann::json key{kEvaluationVersion,
                           machine_identity,
                           row.model_sha256,
                           row.engine,
                           row.engine_version,
                           row.engine_settings,
                           row.device,
                           row.precision_requested,
                           row.threads.value_or(0),
                           row.streams.value_or(0),
                           row.batch.value_or(0),
                           row.input_height.value_or(0),
                           row.input_width.value_or(0),
                           row.data_sha256,
                           row.preprocessing,
                           row.class_offset.value_or(0)};
  return sha256_hex(key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace inferometer::measure

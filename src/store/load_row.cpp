#include "store/load_row.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace inferometer::store {
namespace {

constexpr std::size_t size_of_fields() {
  std::size_t bytes = 0;
  for_each_load_field([&]<typename Value>(const measure::RowField<LoadRow, Value>&) { bytes += sizeof(Value); });
  return bytes;
}
static_assert(size_of_fields() == sizeof(LoadRow), "a member of LoadRow is missing from kLoadFields");

/// Raised whenever the meaning of a figure changes.
constexpr int kLoadVersion = 1;

}  // namespace

const std::vector<std::string>& load_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for_each_load_field([&](const auto& field) { names.emplace_back(field.name); });
    return names;
  }();
  return columns;
}

std::optional<measure::ColumnKind> load_column_kind(std::string_view name) {
  std::optional<measure::ColumnKind> kind;
  for_each_load_field([&](const auto& field) {
    if (field.name == name) kind = measure::kind_of(field.member);
  });
  return kind;
}

std::string identity(const LoadRow& row, const std::string& machine_identity) {
  const nlohmann::json key{kLoadVersion,
                           machine_identity,
                           row.url,
                           row.api,
                           row.service,
                           row.loop,
                           row.concurrency.value_or(0),
                           row.rate_asked.value_or(0),
                           row.purpose,
                           row.send,
                           row.data,
                           row.images_per_request.value_or(0),
                           row.connection_use,
                           row.seconds.value_or(0),
                           row.warmup_seconds.value_or(0),
                           row.timeout_s.value_or(0),
                           row.seed.value_or(0),
                           row.server,
                           row.server_version,
                           row.model,
                           row.engine,
                           row.server_batch.value_or(0)};
  return sha256_hex(key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace inferometer::store

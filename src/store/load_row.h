/// One load on a server: what was asked, what came back, how late, and where the time went.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "measure/row_fields.h"

namespace inferometer::store {

/// Columns in the order of docs/loading.md, which says what each one means. nullopt is JSON's null.
struct LoadRow {
  std::string url, api, service, loop;
  std::optional<std::int64_t> concurrency;
  std::optional<double> rate_asked, rate_obtained, rate_low, rate_high, images_per_s;  ///< 1/s
  std::optional<double> latency_mean_ms, latency_p50_ms, latency_p50_low_ms, latency_p50_high_ms, latency_p90_ms, latency_p95_ms,
      latency_p99_ms, latency_p99_high_ms, latency_p99_corrected_ms, latency_p999_ms, latency_max_ms;
  std::optional<double> block_p50_low_ms, block_p50_high_ms;
  std::optional<std::int64_t> requests, ok, errors, refused_connections, closed_connections, timeouts, bad_statuses, malformed, not_sent;
  std::optional<double> wait_ms, connect_ms, transport_ms, transform_ms, predict_ms, unexplained_ms;  ///< means; their sum is the latency
  std::optional<double> server_mean_ms, server_p50_ms, server_p99_ms;                                 ///< head.time
  std::optional<double> concurrency_obtained;
  std::optional<std::int64_t> late_sends;
  std::optional<double> client_cpu_share, client_cpu_us;
  std::string status;
  std::optional<std::string> verdict;
  std::vector<std::string> reasons, notes;
  std::string purpose;  ///< measure, search, answer
  std::string send, data;
  std::optional<std::int64_t> bodies, images_per_request, connections;
  std::string connection_use;  ///< kept, new
  std::optional<double> seconds, warmup_seconds, timeout_s;
  std::optional<std::int64_t> seed;
  std::optional<double> sent_mb, received_mb;
  std::string server, server_version, model, engine;
  std::optional<std::int64_t> server_batch;
  std::string platform, started_at, repro, inferometer_version;
};

/// Every field of LoadRow in column order; load_row.cpp checks that none is missing.
inline constexpr std::tuple kLoadFields{
    measure::RowField{"url", &LoadRow::url},
    measure::RowField{"api", &LoadRow::api},
    measure::RowField{"service", &LoadRow::service},
    measure::RowField{"loop", &LoadRow::loop},
    measure::RowField{"concurrency", &LoadRow::concurrency},
    measure::RowField{"rate_asked", &LoadRow::rate_asked},
    measure::RowField{"rate_obtained", &LoadRow::rate_obtained},
    measure::RowField{"rate_low", &LoadRow::rate_low},
    measure::RowField{"rate_high", &LoadRow::rate_high},
    measure::RowField{"images_per_s", &LoadRow::images_per_s},
    measure::RowField{"latency_mean_ms", &LoadRow::latency_mean_ms},
    measure::RowField{"latency_p50_ms", &LoadRow::latency_p50_ms},
    measure::RowField{"latency_p50_low_ms", &LoadRow::latency_p50_low_ms},
    measure::RowField{"latency_p50_high_ms", &LoadRow::latency_p50_high_ms},
    measure::RowField{"latency_p90_ms", &LoadRow::latency_p90_ms},
    measure::RowField{"latency_p95_ms", &LoadRow::latency_p95_ms},
    measure::RowField{"latency_p99_ms", &LoadRow::latency_p99_ms},
    measure::RowField{"latency_p99_high_ms", &LoadRow::latency_p99_high_ms},
    measure::RowField{"latency_p99_corrected_ms", &LoadRow::latency_p99_corrected_ms},
    measure::RowField{"latency_p999_ms", &LoadRow::latency_p999_ms},
    measure::RowField{"latency_max_ms", &LoadRow::latency_max_ms},
    measure::RowField{"block_p50_low_ms", &LoadRow::block_p50_low_ms},
    measure::RowField{"block_p50_high_ms", &LoadRow::block_p50_high_ms},
    measure::RowField{"requests", &LoadRow::requests},
    measure::RowField{"ok", &LoadRow::ok},
    measure::RowField{"errors", &LoadRow::errors},
    measure::RowField{"refused_connections", &LoadRow::refused_connections},
    measure::RowField{"closed_connections", &LoadRow::closed_connections},
    measure::RowField{"timeouts", &LoadRow::timeouts},
    measure::RowField{"bad_statuses", &LoadRow::bad_statuses},
    measure::RowField{"malformed", &LoadRow::malformed},
    measure::RowField{"not_sent", &LoadRow::not_sent},
    measure::RowField{"wait_ms", &LoadRow::wait_ms},
    measure::RowField{"connect_ms", &LoadRow::connect_ms},
    measure::RowField{"transport_ms", &LoadRow::transport_ms},
    measure::RowField{"transform_ms", &LoadRow::transform_ms},
    measure::RowField{"predict_ms", &LoadRow::predict_ms},
    measure::RowField{"unexplained_ms", &LoadRow::unexplained_ms},
    measure::RowField{"server_mean_ms", &LoadRow::server_mean_ms},
    measure::RowField{"server_p50_ms", &LoadRow::server_p50_ms},
    measure::RowField{"server_p99_ms", &LoadRow::server_p99_ms},
    measure::RowField{"concurrency_obtained", &LoadRow::concurrency_obtained},
    measure::RowField{"late_sends", &LoadRow::late_sends},
    measure::RowField{"client_cpu_share", &LoadRow::client_cpu_share},
    measure::RowField{"client_cpu_us", &LoadRow::client_cpu_us},
    measure::RowField{"status", &LoadRow::status},
    measure::RowField{"verdict", &LoadRow::verdict},
    measure::RowField{"reasons", &LoadRow::reasons},
    measure::RowField{"notes", &LoadRow::notes},
    measure::RowField{"purpose", &LoadRow::purpose},
    measure::RowField{"send", &LoadRow::send},
    measure::RowField{"data", &LoadRow::data},
    measure::RowField{"bodies", &LoadRow::bodies},
    measure::RowField{"images_per_request", &LoadRow::images_per_request},
    measure::RowField{"connections", &LoadRow::connections},
    measure::RowField{"connection_use", &LoadRow::connection_use},
    measure::RowField{"seconds", &LoadRow::seconds},
    measure::RowField{"warmup_seconds", &LoadRow::warmup_seconds},
    measure::RowField{"timeout_s", &LoadRow::timeout_s},
    measure::RowField{"seed", &LoadRow::seed},
    measure::RowField{"sent_mb", &LoadRow::sent_mb},
    measure::RowField{"received_mb", &LoadRow::received_mb},
    measure::RowField{"server", &LoadRow::server},
    measure::RowField{"server_version", &LoadRow::server_version},
    measure::RowField{"model", &LoadRow::model},
    measure::RowField{"engine", &LoadRow::engine},
    measure::RowField{"server_batch", &LoadRow::server_batch},
    measure::RowField{"platform", &LoadRow::platform},
    measure::RowField{"started_at", &LoadRow::started_at},
    measure::RowField{"repro", &LoadRow::repro},
    measure::RowField{"inferometer_version", &LoadRow::inferometer_version},
};

/// Call `visit(field)` for every field in column order.
template <typename Visitor>
constexpr void for_each_load_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kLoadFields);
}

const std::vector<std::string>& load_columns();

/// The kind of a column; nullopt when LoadRow has no such column.
std::optional<measure::ColumnKind> load_column_kind(std::string_view name);

/// SHA-256 (hex) of everything that decides the figures: who was asked what and how, what answered, and the machine that asked.
std::string identity(const LoadRow& row, const std::string& machine_identity);

}  // namespace inferometer::store

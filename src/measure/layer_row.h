/// One layer of one profiled entry: what became of it, and how long it took.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/row_fields.h"

namespace inferometer::measure {

/// Columns in the order of docs/layers.md. nullopt is JSON's null.
struct LayerRow {
  std::string model, engine, engine_settings, device;
  std::string precision;  ///< obtained
  std::optional<std::int64_t> threads, batch;
  std::optional<std::int64_t> position;  ///< 0, 1, ...: order of the network's layers, what is the engine's own where it ran
  std::string layer, op;                 ///< of the network; empty: the engine's own
  std::optional<std::int64_t> macs;      ///< of the layer, per image
  std::string outcome;                   ///< a name of LayerOutcome
  std::string fused_into;                ///< the network's layer that stands for the engine's layer that it was fused into
  std::string mapping;                   ///< how `outcome` is known: told (by the engine's names) or inferred (from the layer's neighbours)
  std::string engine_layer, engine_operator, kernel, layer_precision;  ///< in the engine's words
  std::optional<double> time_us;                                       ///< of one request, the whole batch
  std::optional<double> share_ratio, cumulative_share_ratio;           ///< of the sum of all layers; summed up in the order of position
  std::optional<double> gmacs_per_s;                                   ///< of all layers that this time is of, the whole batch
  std::optional<std::int64_t> runs;                                    ///< that the times are of
  std::string statistic;                                               ///< median or mean over the runs
  std::optional<double> total_us, layers_us;  ///< of one profiled request: by our own clock, and the sum of its layers
  std::string model_sha256, engine_version, precision_requested;
  std::optional<std::int64_t> input_height, input_width;
  std::string platform, started_at, inferometer_version;
};

/// Every field of LayerRow in column order; layer_row.cpp checks that none is missing.
inline constexpr std::tuple kLayerFields{
    RowField{"model", &LayerRow::model},
    RowField{"engine", &LayerRow::engine},
    RowField{"engine_settings", &LayerRow::engine_settings},
    RowField{"device", &LayerRow::device},
    RowField{"precision", &LayerRow::precision},
    RowField{"threads", &LayerRow::threads},
    RowField{"batch", &LayerRow::batch},
    RowField{"position", &LayerRow::position},
    RowField{"layer", &LayerRow::layer},
    RowField{"operator", &LayerRow::op},
    RowField{"macs", &LayerRow::macs},
    RowField{"outcome", &LayerRow::outcome},
    RowField{"fused_into", &LayerRow::fused_into},
    RowField{"mapping", &LayerRow::mapping},
    RowField{"engine_layer", &LayerRow::engine_layer},
    RowField{"engine_operator", &LayerRow::engine_operator},
    RowField{"kernel", &LayerRow::kernel},
    RowField{"layer_precision", &LayerRow::layer_precision},
    RowField{"time_us", &LayerRow::time_us},
    RowField{"share_ratio", &LayerRow::share_ratio},
    RowField{"cumulative_share_ratio", &LayerRow::cumulative_share_ratio},
    RowField{"gmacs_per_s", &LayerRow::gmacs_per_s},
    RowField{"runs", &LayerRow::runs},
    RowField{"statistic", &LayerRow::statistic},
    RowField{"total_us", &LayerRow::total_us},
    RowField{"layers_us", &LayerRow::layers_us},
    RowField{"model_sha256", &LayerRow::model_sha256},
    RowField{"engine_version", &LayerRow::engine_version},
    RowField{"precision_requested", &LayerRow::precision_requested},
    RowField{"input_height", &LayerRow::input_height},
    RowField{"input_width", &LayerRow::input_width},
    RowField{"platform", &LayerRow::platform},
    RowField{"started_at", &LayerRow::started_at},
    RowField{"inferometer_version", &LayerRow::inferometer_version},
};

/// Call `visit(field)` for every field in column order.
template <typename Visitor>
constexpr void for_each_layer_field(Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kLayerFields);
}

const std::vector<std::string>& layer_columns();

/// The kind of a column; nullopt when LayerRow has no such column.
std::optional<ColumnKind> layer_column_kind(std::string_view name);

}  // namespace inferometer::measure

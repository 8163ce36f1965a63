#include "measure/row.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "measure/row_fields.h"

namespace inferometer::measure {
namespace {

/// A row whose every field differs from its default and from every other field.
Row full_row() {
  Row row;
  std::int64_t n = 0;
  for_each_row_field([&]<typename Value>(const RowField<Row, Value>& field) {
    ++n;
    Value& value = row.*field.member;
    if constexpr (std::is_same_v<Value, std::vector<std::string>>)
      value = {"first " + std::to_string(n), "second \"quoted\""};
    else if constexpr (std::is_same_v<Value, std::string>)
      value = "text " + std::to_string(n);
    else if constexpr (std::is_same_v<Value, std::optional<std::string>>)
      value = "optional " + std::to_string(n);
    else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>)
      value = 9'007'199'254'740'993 + n;  // beyond 2^53
    else
      value = 0.1 + static_cast<double>(n);
  });
  return row;
}

TEST(Row, columns_are_those_of_the_documents_in_order) {
  const std::vector<std::string> documented{"model",
                                            "model_sha256",
                                            "parameters",
                                            "macs",
                                            "gmacs",
                                            "top1",
                                            "top5",
                                            "input_height",
                                            "input_width",
                                            "engine",
                                            "engine_version",
                                            "engine_settings",
                                            "device",
                                            "precision",
                                            "precision_requested",
                                            "threads",
                                            "streams",
                                            "requests",
                                            "batch",
                                            "mode",
                                            "protocol",
                                            "status",
                                            "verdict",
                                            "reasons",
                                            "notes",
                                            "starts",
                                            "runs",
                                            "latency_median_ms",
                                            "latency_median_low_ms",
                                            "latency_median_high_ms",
                                            "latency_mean_ms",
                                            "latency_sample_stddev_ms",
                                            "latency_min_ms",
                                            "latency_p90_ms",
                                            "latency_p99_ms",
                                            "latency_p99_high_ms",
                                            "per_image_ms",
                                            "images_per_s",
                                            "images_per_s_low",
                                            "images_per_s_high",
                                            "below_full_flight_ratio",
                                            "load_ms",
                                            "first_inference_ms",
                                            "peak_memory_mb",
                                            "model_memory_mb",
                                            "power_meter",
                                            "power_w",
                                            "idle_power_w",
                                            "energy_j",
                                            "energy_above_idle_j",
                                            "images_per_s_per_w",
                                            "images_per_j",
                                            "cpu_mhz_mean",
                                            "cpu_mhz_min",
                                            "temperature_c",
                                            "core_roundtrip_ns",
                                            "core_state",
                                            "timer_overhead_ns",
                                            "harness_ratio",
                                            "agreement_max_error",
                                            "agreement_top1_ratio",
                                            "platform",
                                            "started_at",
                                            "source",
                                            "repro",
                                            "inferometer_version",
                                            "metric_version",
                                            "measured_data",
                                            "measured_images",
                                            "measured_top1",
                                            "measured_top1_low",
                                            "measured_top1_high",
                                            "measured_top5",
                                            "measured_top5_low",
                                            "measured_top5_high",
                                            "accuracy_density",
                                            "accuracy_density_low",
                                            "accuracy_density_high"};
  EXPECT_EQ(row_columns(), documented);
}

TEST(Row, json_has_every_key_in_order_with_null_for_what_is_unknown) {
  nlohmann::ordered_json json;
  to_json(json, Row{});
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, row_columns());
  EXPECT_EQ(json["model"], "");
  EXPECT_TRUE(json["verdict"].is_null());
  EXPECT_TRUE(json["batch"].is_null());
  EXPECT_TRUE(json["latency_p99_ms"].is_null());
  EXPECT_EQ(json["notes"], nlohmann::ordered_json::array());
}

TEST(Row, every_field_keeps_its_own_name_and_value) {
  const Row row = full_row();
  nlohmann::json json;
  to_json(json, row);
  EXPECT_EQ(json["model"], row.model);
  EXPECT_EQ(json["precision_requested"], row.precision_requested);
  EXPECT_EQ(json["latency_median_low_ms"], *row.latency_median_low_ms);
  EXPECT_EQ(json["latency_median_high_ms"], *row.latency_median_high_ms);
  EXPECT_EQ(json["macs"].get<std::int64_t>(), *row.macs);
  EXPECT_EQ(json["reasons"], row.reasons);

  Row back;
  from_json(nlohmann::json::parse(json.dump()), back);
  for_each_row_field([&](const auto& field) { EXPECT_EQ(back.*field.member, row.*field.member) << field.name; });
}

TEST(Row, figures_that_are_no_numbers_become_null) {
  Row row;
  row.latency_mean_ms = std::nan("");
  row.images_per_s = std::numeric_limits<double>::infinity();
  nlohmann::json json;
  to_json(json, row);
  EXPECT_TRUE(json["latency_mean_ms"].is_null());
  EXPECT_TRUE(json["images_per_s"].is_null());
}

TEST(Row, reading_takes_missing_and_unknown_keys_and_forgets_the_old_values) {
  Row row = full_row();
  from_json(nlohmann::json{{"model", "alexnet"}, {"batch", 4}, {"gmacs", 2}, {"of a newer version", 1}}, row);
  EXPECT_EQ(row.model, "alexnet");
  EXPECT_EQ(row.batch, 4);
  EXPECT_EQ(row.gmacs, 2.0);
  EXPECT_EQ(row.engine, "");
  EXPECT_FALSE(row.verdict.has_value());
}

TEST(Row, reading_names_the_column_of_a_wrong_type) {
  const std::vector<std::pair<std::string, std::string>> cases{{R"({"model": 3})", "model"},
                                                               {R"({"model": null})", "model"},
                                                               {R"({"batch": "4"})", "batch"},
                                                               {R"({"batch": 1.5})", "batch"},
                                                               {R"({"batch": 18446744073709551615})", "batch"},
                                                               {R"({"gmacs": "many"})", "gmacs"},
                                                               {R"({"notes": "one"})", "notes"},
                                                               {R"({"reasons": [1]})", "reasons"},
                                                               {R"({"verdict": true})", "verdict"},
                                                               {R"([1])", "object"}};
  for (const auto& [text, named] : cases) {
    Row row;
    try {
      from_json(nlohmann::json::parse(text), row);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  }
}

TEST(Row, columns_know_their_kind) {
  EXPECT_EQ(column_kind("model"), ColumnKind::text);
  EXPECT_EQ(column_kind("verdict"), ColumnKind::optional_text);
  EXPECT_EQ(column_kind("batch"), ColumnKind::integer);
  EXPECT_EQ(column_kind("per_image_ms"), ColumnKind::number);
  EXPECT_EQ(column_kind("notes"), ColumnKind::list);
  EXPECT_EQ(column_kind("id"), std::nullopt);
}

}  // namespace
}  // namespace inferometer::measure

#include "store/import_cells.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"

namespace inferometer::store {
namespace {

constexpr std::array<std::string_view, 4> kOutOfMemory{"x", "out of mem.", "out of memory", "oom"};
constexpr std::array<std::string_view, 21> kFigures{"latency_median_ms",
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
                                                    "load_ms",
                                                    "first_inference_ms",
                                                    "peak_memory_mb",
                                                    "model_memory_mb",
                                                    "images_per_s_low",
                                                    "images_per_s_high",
                                                    "power_w",
                                                    "energy_j",
                                                    "images_per_s_per_w",
                                                    "images_per_j"};

[[noreturn]] void fail(const std::string& place, std::string_view column, std::string_view cell, const std::string& expected) {
  throw Error(ErrorCode::input, fmt::format("{}: {} is '{}', which is not {}", place, column, one_line(cell, 60), expected),
              "correct the file, or map the column to another one with --map");
}

/// Where a value goes and what its messages name.
struct Cell {
  std::string_view text, column;
  const std::string& place;
};

void set(const Cell& cell, std::string& out) { out = cell.text; }
void set(const Cell& cell, std::optional<std::string>& out) { out = std::string(cell.text); }

void set(const Cell& cell, std::optional<std::int64_t>& out) {
  out = parse_integer(cell.text);
  if (!out || *out < 0) fail(cell.place, cell.column, cell.text, "a whole number from 0 up");
}

void set(const Cell& cell, std::optional<double>& out) {
  out = parse_number(cell.text);
  if (!out || *out < 0) fail(cell.place, cell.column, cell.text, "a number from 0 up");
}

void set(const Cell& cell, std::vector<std::string>& out) {
  if (!cell.text.starts_with('[')) {
    out.emplace_back(cell.text);
    return;
  }
  const auto list = nlohmann::json::parse(cell.text, nullptr, false);
  const bool is_text = list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& line) { return line.is_string(); });
  if (!is_text) fail(cell.place, cell.column, cell.text, "a JSON list of text");
  for (const auto& line : list) out.push_back(line.template get<std::string>());
}

}  // namespace

bool says_out_of_memory(std::string_view cell) {
  return std::find(kOutOfMemory.begin(), kOutOfMemory.end(), lower(trim(cell))) != kOutOfMemory.end();
}

double read_figure(std::string_view cell, const std::string& place, std::string_view column) {
  const auto number = parse_number(trim(cell));
  if (!number || *number <= 0) fail(place, column, cell, "a number above 0");
  return *number;
}

std::int64_t read_count(std::string_view cell, const std::string& place, std::string_view column) {
  const auto number = parse_integer(trim(cell));
  if (!number || *number < 1) fail(place, column, cell, "a whole number from 1 up");
  return *number;
}

void set_cell(measure::Row& row, std::string_view column, std::string_view cell, const std::string& place) {
  const std::string_view text = trim(cell);
  if (text.empty()) return;
  measure::for_each_row_field([&](const auto& field) {
    if (field.name == column) set(Cell{text, column, place}, row.*field.member);
  });
}

bool is_figure(std::string_view column) { return std::find(kFigures.begin(), kFigures.end(), column) != kFigures.end(); }

}  // namespace inferometer::store

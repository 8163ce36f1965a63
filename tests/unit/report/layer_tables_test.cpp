#include "report/layer_tables.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::report {
namespace {

using measure::LayerRow;
using Words = std::vector<std::string>;

LayerRow line(const std::string& engine, const std::string& layer, const std::string& op, const std::string& outcome,
              std::optional<double> time_us) {
  LayerRow row;
  row.model = "net";
  row.engine = engine;
  row.precision = "fp32";
  row.threads = 1;
  row.batch = 1;
  row.layer = layer;
  row.op = op;
  row.outcome = outcome;
  row.time_us = time_us;
  row.engine_layer = "e_" + layer;
  row.engine_operator = "Reorder";
  row.statistic = "median";
  row.runs = 20;
  row.total_us = 2000;
  row.layers_us = 1900;
  return row;
}

std::vector<LayerRow> two_engines() {
  return {line("a", "conv", "Conv", "executed", 10),
          line("a", "relu", "Relu", "fused", std::nullopt),
          line("a", "", "", "own", 1),
          line("a", "fc", "Linear", "executed", 4),
          line("a", "fc", "Linear", "executed", 2),
          line("b", "conv", "Conv", "executed", 20),
          line("b", "relu", "Relu", "executed", 5.5),
          line("b", "fc", "Linear", "not_told", std::nullopt)};
}

std::string text(const Cell& cell) { return people_text(cell, "-"); }

std::vector<Words> texts(const Table& table) {
  std::vector<Words> result;
  for (const auto& row : table.rows) {
    Words& words = result.emplace_back();
    for (const Cell& cell : row) words.push_back(text(cell));
  }
  return result;
}

TEST(LayerTables, side_by_side_sums_the_parts_of_a_layer) {
  const Table table = layers_pivot(two_engines(), "layer", {"engine"}, "time_us");
  EXPECT_EQ(table.columns, (Words{"layer", "a", "b"}));
  EXPECT_EQ(texts(table),
            (std::vector<Words>{
                {"conv", "10.00", "20.00"}, {"relu", "fused", "5.500"}, {"(Reorder)", "1.000", "-"}, {"fc", "6.000", "not_told"}}));
}

TEST(LayerTables, by_operator) {
  std::vector<LayerRow> rows = two_engines();
  rows.push_back(line("b", "conv2", "Conv", "executed", 7));
  EXPECT_EQ(texts(layers_pivot(rows, "operator", {"engine"}, "time_us")),
            (std::vector<Words>{
                {"Conv", "10.00", "27.00"}, {"Relu", "fused", "5.500"}, {"(Reorder)", "1.000", "-"}, {"Linear", "6.000", "not_told"}}));
}

// Times of two batches, or of two networks, never meet in a cell.
TEST(LayerTables, what_differs_is_told_apart) {
  std::vector<LayerRow> rows{line("a", "conv", "Conv", "executed", 1), line("a", "conv", "Conv", "executed", 2)};
  rows[1].batch = 8;
  EXPECT_EQ(layers_pivot(rows, "layer", {"engine"}, "time_us").columns, (Words{"layer", "a / 1", "a / 8"}));
  rows[1].batch = 1;
  rows[1].model = "other";
  const Table models = layers_pivot(rows, "layer", {"engine"}, "time_us");
  EXPECT_EQ(models.columns, (Words{"model", "layer", "a"}));
  EXPECT_EQ(texts(models), (std::vector<Words>{{"net", "conv", "1.000"}, {"other", "conv", "2.000"}}));
  EXPECT_EQ(layers_pivot(rows, "operator", {"model"}, "time_us").columns, (Words{"operator", "net", "other"}));
}

TEST(LayerTables, the_list_shows_settings_that_vary) {
  std::vector<LayerRow> rows = two_engines();
  const Words plain = layers_table(rows, Format::table).columns;
  EXPECT_EQ((Words{plain.begin(), plain.begin() + 4}), (Words{"model", "engine", "layer", "operator"}));
  rows.push_back(rows.front());
  rows.back().batch = 4;
  rows.push_back(rows[2]);
  rows.back().batch = 4;
  const Table table = layers_table(rows, Format::table);
  EXPECT_EQ((Words{table.columns.begin(), table.columns.begin() + 5}), (Words{"model", "engine", "batch", "layer", "operator"}));
  EXPECT_EQ(text(table.rows[8][2]), "4");
  // The engine's own layer has its name where layers have theirs.
  EXPECT_EQ(text(table.rows[9][3]), "(e_)");
  EXPECT_EQ(text(table.rows[9][4]), "(Reorder)");
}

TEST(LayerTables, what_a_pivot_cannot_do) {
  const auto message = [](const std::string& down, const Words& across, const std::string& value) {
    try {
      layers_pivot({}, down, across, value);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("model", {"engine"}, "time_us"), "--pivot: layers go down by layer or operator, not by 'model'");
  EXPECT_EQ(message("layer", {"engin"}, "time_us"), "--pivot: a layer has no column 'engin'");
  EXPECT_EQ(message("layer", {"engine"}, "gmacs_per_s"), "--value: 'gmacs_per_s' of several layers cannot be added up");
  EXPECT_EQ(message("layer", {"engine"}, "time_us"), "no error");
}

TEST(LayerTables, the_list_says_how_much_is_accounted_for) {
  const Table table = layers_table(two_engines(), Format::table);
  EXPECT_EQ(table.rows.size(), 8u);
  EXPECT_EQ(text(table.rows[2][2]), "(e_)");
  ASSERT_EQ(table.notes.size(), 2u);
  EXPECT_EQ(table.notes[0],
            "net a fp32 b1 t1: layers make 95.0 % of 2.000 ms (median of 20 profiled requests); 3 executed, 1 fused, 1 own");
  LayerRow silent = line("c", "conv", "Conv", "not_told", std::nullopt);
  silent.layers_us.reset();
  EXPECT_EQ(layers_table({silent}, Format::table).notes.at(0),
            "net c fp32 b1 t1: the engine tells no layer's time; 2.000 ms (median of 20 profiled requests); 1 not_told");
  EXPECT_EQ(layers_table(two_engines(), Format::json).columns, measure::layer_columns());
}

}  // namespace
}  // namespace inferometer::report

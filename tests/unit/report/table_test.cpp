#include "report/table.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::report {
namespace {

/// Every kind of cell, and every character that some format must escape.
Table sample() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Table table;
  table.title = "Times & sizes, 100 % | *all*";
  table.columns = {"model_name", "parameters", "latency_ms", "passed", "reasons", "marked", "empty"};
  table.rows = {
      {std::string("resnet18"), std::int64_t{11689512}, 12.3456789, true, std::vector<std::string>{}, Marked{1.5, "~"}, {}},
      {std::string("a|b, \"c\"\n<d> \\ ^ {e} $f# ~"), {}, kNan, false, std::vector<std::string>{"one", "two; three"}, Marked{{}, "x"}, {}},
      {std::string("Zürich \xff"), std::int64_t{-1}, 1e-7, {}, std::vector<std::string>{"x,y"}, Marked{kNan, ""}, {}},
  };
  table.notes = {"~ unstable, x out of memory"};
  return table;
}

std::string written(const Table& table, Format as) {
  std::ostringstream out;
  write(table, as, out);
  return out.str();
}

/// Compares with tests/golden/cli/<name>; INFEROMETER_APPROVE=1 (scripts/approve) writes it instead.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(INFEROMETER_SOURCE_DIR) + "/tests/golden/cli/" + name;
  if (std::getenv("INFEROMETER_APPROVE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing: scripts/approve";
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str());
}

TEST(Output, Goldens) {
  expect_golden("table.txt", written(sample(), Format::table));
  expect_golden("table.md", written(sample(), Format::markdown));
  expect_golden("table.csv", written(sample(), Format::csv));
  expect_golden("table.json", written(sample(), Format::json));
  expect_golden("table.jsonl", written(sample(), Format::jsonl));
  expect_golden("table.tex", written(sample(), Format::latex));
}

TEST(Output, JsonHasEveryKeyInColumnOrderAndNoNan) {
  const auto rows = nlohmann::ordered_json::parse(written(sample(), Format::json));
  ASSERT_EQ(rows.size(), 3u);
  for (const auto& row : rows) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) keys.push_back(key);
    EXPECT_EQ(keys, sample().columns);
  }
  EXPECT_TRUE(rows[1]["latency_ms"].is_null());
  EXPECT_TRUE(rows[1]["marked"].is_null());
  EXPECT_EQ(rows[0]["latency_ms"].get<double>(), 12.3456789);
  EXPECT_EQ(rows[0]["reasons"], nlohmann::ordered_json::array());
  EXPECT_EQ(rows[0]["marked"], 1.5);
}

TEST(Output, EmptyTables) {
  Table table;
  table.columns = {"a", "b"};
  EXPECT_EQ(written(table, Format::json), "[]\n");
  EXPECT_EQ(written(table, Format::jsonl), "");
  EXPECT_EQ(written(table, Format::csv), "a,b\n");
  EXPECT_EQ(written(table, Format::table), "a  b\n");
}

TEST(Output, RowOfAnotherLengthIsAnError) {
  Table table;
  table.columns = {"a", "b"};
  table.rows = {{std::int64_t{1}}};
  EXPECT_THROW(written(table, Format::json), Error);
}

TEST(Output, FormatNames) {
  EXPECT_EQ(format("latex"), Format::latex);
  EXPECT_EQ(format("Latex"), std::nullopt);
  EXPECT_EQ(format(""), std::nullopt);
}

}  // namespace
}  // namespace inferometer::report

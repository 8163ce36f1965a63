#include "base/csv.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, cases) {
  struct Case {
    std::string text;
    std::vector<std::string> header;
    Rows rows;
  };
  const std::vector<Case> cases{
      {"a,b\n1,2\n", {"a", "b"}, {{"1", "2"}}},
      {"a,b\n1,2", {"a", "b"}, {{"1", "2"}}},
      {"a,b\r\n1,2\r\n", {"a", "b"}, {{"1", "2"}}},
      {"\xef\xbb\xbf"
       "a,b\n1,2\n",
       {"a", "b"},
       {{"1", "2"}}},
      {" a , b\n 1 ,\n", {"a", "b"}, {{" 1 ", ""}}},
      {"a,b\n,\n", {"a", "b"}, {{"", ""}}},
      {"a,b\n\"x, y\",\"say \"\"no\"\"\"\n", {"a", "b"}, {{"x, y", "say \"no\""}}},
      {"a,b\n\"two\nlines\",\"\"\n3,4\n", {"a", "b"}, {{"two\nlines", ""}, {"3", "4"}}},
      {"\"a\",\"b,c\"\n1,2\n", {"a", "b,c"}, {{"1", "2"}}},
      {"\na\n\n1\n\n\n2\n\n", {"a"}, {{"1"}, {"2"}}},
      {"a\n\"\"\n", {"a"}, {{""}}},
      {"a\n", {"a"}, {}},
      {"größe\nµs\n", {"größe"}, {{"µs"}}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.text);
    const CsvTable table = parse_csv(one.text, "t.csv");
    EXPECT_EQ(table.header, one.header);
    EXPECT_EQ(table.rows, one.rows);
  }
}

TEST(Csv, errors_name_file_and_line) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "t.csv is empty"},
      {"\n\r\n", "t.csv is empty"},
      {"a,b\n1,2\n1\n", "t.csv:3: 1 fields where the header has 2"},
      {"a,b\n1,2,3\n", "t.csv:2: 3 fields where the header has 2"},
      {"a,b\n\"x\ny\",2\n1\n", "t.csv:4: 1 fields"},
      {"a,,c\n", "t.csv:1: a column without a name"},
      {"a,b,\n", "t.csv:1: a column without a name"},
      {"a,b,a\n", "t.csv:1: the column 'a' stands twice"},
      {"a,b\n1,\"2\n3\n", "t.csv:2: a quote that begins here is not closed"},
      {"a\n\"1\"2\n", "t.csv:2: text after a closing quote"},
      {"a\n1\"2\n", "t.csv:2: a quote inside a field"},
      {"a\r1\r", "t.csv:1: a carriage return without a line feed"},
      {"a\n1\n2\xff\n", "t.csv:3: the text is not UTF-8"},
      {"a\n1\xe2\x82", "t.csv:2: the text is not UTF-8"},
      {std::string("a\n1\n\0\n", 6), "t.csv:3: a NUL byte"},
      {std::string("a\0b\0", 4), "t.csv:1: a NUL byte"},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    try {
      parse_csv(text, "t.csv");
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      EXPECT_EQ(std::string(error.what()).substr(0, message.size()), message);
    }
  }
}

TEST(Csv, limits_hold) {
  const auto rejects = [](const std::string& text, CsvLimits limits) {
    try {
      parse_csv(text, "t.csv", limits);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  EXPECT_TRUE(rejects("a\n12\n", {.bytes = 4}));
  EXPECT_FALSE(rejects("a\n12\n", {.bytes = 5}));
  EXPECT_TRUE(rejects("a\n1\n2\n", {.rows = 1}));
  EXPECT_FALSE(rejects("a\n1\n", {.rows = 1}));
  EXPECT_TRUE(rejects("a,b\n", {.columns = 1}));
  EXPECT_FALSE(rejects("a,b\n", {.columns = 2}));
  EXPECT_TRUE(rejects("a\n123\n", {.field_bytes = 2}));
  EXPECT_TRUE(rejects("a\n\"1\"\"2\"\n", {.field_bytes = 2}));
  EXPECT_FALSE(rejects("a\n\"1\"\"2\"\n", {.field_bytes = 3}));
}

TEST(Csv, rows_know_their_lines_and_columns_their_places) {
  const CsvTable table = parse_csv("model,ms\n\n\"a\nb\",1\nc,2\n", "t.csv");
  EXPECT_EQ(table.place(0), "t.csv:3");
  EXPECT_EQ(table.place(1), "t.csv:5");
  EXPECT_EQ(table.column("ms"), 1u);
  EXPECT_EQ(table.column("batch"), std::nullopt);
}

TEST(Csv, files_are_read_and_missing_ones_named) {
  const auto file = std::filesystem::temp_directory_path() / ("inferometer_csv_" + std::to_string(getpid()) + ".csv");
  std::ofstream(file) << "a,b\n1,2\n";
  EXPECT_EQ(read_csv(file).rows, (Rows{{"1", "2"}}));
  std::filesystem::remove(file);
  try {
    read_csv(file);
    FAIL() << "a missing file was read";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file.filename().string()), std::string::npos);
  }
}

TEST(Csv, a_written_field_reads_back) {
  for (const std::string field : {"plain", "a,b", "say \"no\"", "two\nlines", "cr\r\nlf", " spaces ", "", "größe"}) {
    const CsvTable table = parse_csv("x,y\n" + csv_field(field) + ",1\n", "t.csv");
    ASSERT_EQ(table.rows.size(), 1u);
    EXPECT_EQ(table.rows[0][0], field);
  }
  EXPECT_EQ(csv_field("plain"), "plain");
}

}  // namespace
}  // namespace inferometer

#include "report/frame.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::report {
namespace {

Frame sample() { return frame_of(parse_csv("\xEF\xBB\xBFmodel,batch,ms\r\na,16,1.5\r\nb,2,x\r\na,2,\r\n", "times.csv")); }

TEST(Frame, CellsAreTextAndNumbers) {
  const Frame frame = sample();
  EXPECT_EQ(frame.size(), 3u);
  EXPECT_EQ(frame.columns(), (std::vector<std::string>{"model", "batch", "ms"}));
  EXPECT_EQ(frame.numbers("ms")[0], 1.5);
  EXPECT_EQ(frame.numbers("ms")[1], std::nullopt);
  EXPECT_EQ(frame.numbers("ms")[2], std::nullopt);
  EXPECT_EQ(frame.text_cells("ms"), 1u);
  EXPECT_TRUE(frame.is_numeric("batch"));
  EXPECT_FALSE(frame.is_numeric("ms"));
}

TEST(Frame, LevelsAreOrderedAsNumbersWhereAllAre) {
  EXPECT_EQ(levels(sample(), "batch"), (std::vector<std::string>{"2", "16"}));
  EXPECT_EQ(levels(sample(), "model"), (std::vector<std::string>{"a", "b"}));
}

TEST(Frame, FilteringKeepsOrder) {
  const Frame kept = sample().filtered({false, true, true});
  EXPECT_EQ(kept.texts("model"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(kept.name, "times.csv");
}

TEST(Frame, NamesTheNearestColumn) {
  try {
    sample().texts("bacth");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "times.csv: there is no column 'bacth'");
    EXPECT_NE(error.hint().find("batch"), std::string::npos);
  }
}

TEST(Frame, RowsGiveEveryColumn) {
  measure::Row row;
  row.model = "alexnet";
  row.batch = 4;
  row.per_image_ms = 0.1;
  const Frame frame = frame_of(std::vector<measure::Row>{row});
  EXPECT_EQ(frame.columns(), measure::row_columns());
  EXPECT_EQ(frame.numbers("batch")[0], 4);
  EXPECT_EQ(frame.numbers("per_image_ms")[0], 0.1);
  EXPECT_EQ(frame.numbers("top1")[0], std::nullopt);
}

}  // namespace
}  // namespace inferometer::report

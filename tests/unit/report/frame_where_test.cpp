#include "report/frame_where.h"

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/error.h"

namespace inferometer::report {
namespace {

constexpr const char* kTable = "model,batch,note\nresnet18,1,\nResNet50,8,x\nvgg16,,y\nvgg19,x,50%\n";

std::string chosen(const std::string& where, const char* table = kTable) {
  const Frame frame = frame_of(parse_csv(table, "f.csv"));
  std::string rows;
  const std::vector<bool> keep = rows_where(frame, where);
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (keep[i]) rows += std::to_string(i);
  }
  return rows;
}

TEST(FrameWhere, Comparisons) {
  const struct {
    const char* where;
    const char* rows;
  } cases[] = {{"", "0123"},
               {"batch=1", "0"},
               {"batch=1.0", "0"},
               {"batch!=1", "123"},
               {"batch>=1", "01"},
               {"batch<8", "0"},
               {"batch>1 and model like 'res%'", "1"},
               {"batch<=8 and batch>0", "01"},
               {"batch=null", "2"},
               {"batch!=null", "013"},
               {"batch=x", "3"},
               {"model=ResNet18", ""},
               {"model like 'RESNET%'", "01"},
               {"model like '%18'", "0"},
               {"model like 'vgg1_'", "23"},
               {"model like '%e%n%5%'", "1"},
               {"model like 'vgg'", ""},
               {"note=''", "0"},
               {"note='50%'", "3"},
               {"model>1", ""}};
  for (const auto& each : cases) EXPECT_EQ(chosen(each.where), each.rows) << each.where;
}

TEST(FrameWhere, AnyLetterIsALetterNotAByte) {
  const auto matching = [](const std::string& pattern) { return chosen("model like '" + pattern + "'", "model\ngröße\ngrosse\ngrö\nü\n"); };
  EXPECT_EQ(matching("gr__e"), "0");
  EXPECT_EQ(matching("gr_"), "2");
  EXPECT_EQ(matching("_"), "3");
  EXPECT_EQ(matching("%_s%"), "1");
  EXPECT_EQ(matching("__"), "");
  EXPECT_EQ(matching("%__e"), "01");
}

TEST(FrameWhere, ColumnsAndErrors) {
  EXPECT_EQ(where_columns("a=1 and b like 'x'"), (std::vector<std::string>{"a", "b"}));
  EXPECT_THROW(where_columns("a"), Error);
  try {
    chosen("bach=1");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_STREQ(error.what(), "f.csv: there is no column 'bach'");
    EXPECT_EQ(error.hint(), "did you mean batch?");
  }
}

}  // namespace
}  // namespace inferometer::report

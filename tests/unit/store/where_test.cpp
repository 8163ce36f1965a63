#include <gtest/gtest.h>

#include "samples.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

TEST(Where, cases) {
  struct Case {
    std::string text;
    std::vector<Condition> conditions;
  };
  const std::vector<Case> cases{
      {"", {}},
      {"  ", {}},
      {"model=resnet18", {{"model", "=", "resnet18"}}},
      {" model = resnet18 and batch>=8 ", {{"model", "=", "resnet18"}, {"batch", ">=", "8"}}},
      {"batch<4 AND batch<=3 And batch>1 and batch!=2",
       {{"batch", "<", "4"}, {"batch", "<=", "3"}, {"batch", ">", "1"}, {"batch", "!=", "2"}}},
      {"engine like 'open%'", {{"engine", "like", "open%"}}},
      {"engine LIKE open%", {{"engine", "like", "open%"}}},
      {"platform='Google Colab GPU' and batch=1", {{"platform", "=", "Google Colab GPU"}, {"batch", "=", "1"}}},
      {"platform=\"it's \"\"new\"\"\"", {{"platform", "=", "it's \"new\""}}},
      {"platform='it''s'", {{"platform", "=", "it's"}}},
      {"platform=''", {{"platform", "=", ""}}},
      {"platform='a and b'and batch=1", {{"platform", "=", "a and b"}, {"batch", "=", "1"}}},
      {"verdict=null", {{"verdict", "=", "null", true}}},
      {"verdict!=NULL", {{"verdict", "!=", "NULL", true}}},
      {"verdict='null'", {{"verdict", "=", "null"}}},
      {"gmacs>1.5e-3", {{"gmacs", ">", "1.5e-3"}}},
      {"batch=-1", {{"batch", "=", "-1"}}},
      {"device=cuda:0", {{"device", "=", "cuda:0"}}},
      {"model=andy and model=./a/b.onnx", {{"model", "=", "andy"}, {"model", "=", "./a/b.onnx"}}},
      {"notes like %interval%", {{"notes", "like", "%interval%"}}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.text);
    const std::vector<Condition> conditions = parse_where(one.text);
    ASSERT_EQ(conditions.size(), one.conditions.size());
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      EXPECT_EQ(conditions[i].column, one.conditions[i].column);
      EXPECT_EQ(conditions[i].comparison, one.conditions[i].comparison);
      EXPECT_EQ(conditions[i].value, one.conditions[i].value);
      EXPECT_EQ(conditions[i].is_null, one.conditions[i].is_null);
    }
  }
}

TEST(Where, errors_name_the_word) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"modle=resnet18", "no column 'modle'"},
      {"MODEL=a", "no column 'MODEL'"},
      {"id=1", "no column 'id'"},
      {"model", "a comparison (= != < <= > >= like) is expected at ''"},
      {"model resnet18", "is expected at 'resnet18'"},
      {"model=", "'model =' lacks a value"},
      {"model==a", "'=a' is no value"},
      {"batch=>3", "'>3' is no value"},
      {"=a", "a column's name is expected at '=a'"},
      {"model=a batch=1", "'and' is expected before 'batch=1'"},
      {"model=a or batch=1", "'and' is expected before 'or batch=1'"},
      {"model=a and", "nothing follows the last 'and'"},
      {"model=a and ", "a column's name is expected"},
      {"platform=Google Colab", "'and' is expected before 'Colab'"},
      {"platform='Google", "the quote ' is not closed"},
      {"batch=many", "'batch' is a number, 'many' is not"},
      {"batch='null'", "'batch' is a number, 'null' is not"},
      {"per_image_ms=nan", "'per_image_ms' is a number"},
      {"batch like 1%", "'batch' is a number: 'like' compares text"},
      {"batch<null", "can only be = null or != null"},
      {"notes<a", "'notes' is text"},
      {"model=a;drop table rows", "'and' is expected before 'table rows'"},
      {"model)=1", "a comparison"},
  };
  for (const auto& [text, problem] : cases) {
    SCOPED_TRACE(text);
    if (problem == "a column's name is expected") {  // "and" with nothing after it, but for spaces
      EXPECT_THROW(parse_where(text), Error);
      continue;
    }
    expect_error(ErrorCode::usage, problem, [&] { parse_where(text); });
  }
}

TEST(Where, an_unknown_column_gets_the_nearest_names) {
  try {
    parse_where("per_imag_ms<3");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("per_image_ms"), std::string::npos) << error.hint();
  }
}

}  // namespace
}  // namespace inferometer::store

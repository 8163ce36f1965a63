#include "report/complete_cases.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::report {
namespace {

Frame frame(const std::string& csv) { return frame_of(parse_csv(csv, "times.csv")); }

TEST(CompleteCases, SaysWhatIsLeftOut) {
  const CompleteCases complete =
      complete_cases(frame("model,ms,verdict\na,1,valid\nb,x,\nc,,valid\n,4,valid\ne,5,invalid\nf,6,unstable\n"), {"ms"}, {"model"});
  EXPECT_EQ(complete.frame.texts("model"), (std::vector<std::string>{"a", "f"}));
  EXPECT_EQ(complete.left_out, 4u);
  EXPECT_EQ(complete.sentences, (std::vector<std::string>{
                                    "1 row of 6 is left out because the verdict is invalid.", "1 row of 6 is left out because ms is empty.",
                                    "1 row of 6 is left out because ms holds text there, such as \"x\".",
                                    "1 row of 6 is left out because model is empty.", "Note: 1 row of those used is unstable."}));
}

TEST(CompleteCases, WholeTablesNeedNoWords) {
  const CompleteCases complete = complete_cases(frame("\xEF\xBB\xBFmodel, ms\r\n a ,1\r\nb, 2\r\n"), {"ms"}, {"model"});
  EXPECT_EQ(values(complete.frame, "ms"), (std::vector<double>{1, 2}));
  EXPECT_EQ(complete.frame.texts("model")[0], "a");
  EXPECT_TRUE(complete.sentences.empty());
}

TEST(CompleteCases, Errors) {
  try {
    complete_cases(frame("ms\nx\nnan\n"), {"ms"}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_EQ(std::string(error.what()), "times.csv: no row is complete in ms");
    EXPECT_EQ(error.hint(), "2 rows of 2 are left out because ms holds text there, such as \"x\".");
  }
  EXPECT_THROW(complete_cases(frame("ms\n"), {"ms"}, {}), Error);
  EXPECT_THROW(complete_cases(frame("ms\n1\n"), {"mss"}, {}), Error);
}

TEST(CompleteCases, Logarithms) {
  EXPECT_EQ(logarithms(frame("ms\n1\n2\n"), "ms"), (std::vector<double>{0, std::log(2.0)}));
  try {
    logarithms(frame("ms\n1\n0\n"), "ms");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "times.csv: ms holds 0, which has no logarithm");
  }
}

TEST(CompleteCases, NumbersMustHaveSquares) {
  EXPECT_EQ(values(frame("ms\n0\n1e100\n-1e-100\n"), "ms"), (std::vector<double>{0, 1e100, -1e-100}));
  EXPECT_THROW(values(frame("ms\n1\n-1e101\n"), "ms"), Error);
  EXPECT_THROW(values(frame("ms\n1\n1e-101\n"), "ms"), Error);
}

}  // namespace
}  // namespace inferometer::report

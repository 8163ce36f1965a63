#include "cli/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace inferometer::cli {
namespace {

using std::chrono::seconds;

/// A clock that the test sets.
struct ManualClock {
  Nanoseconds now{};
  Clock clock() {
    return [this] { return now; };
  }
};

TEST(Progress, LinesHoldNoControlCharacters) {
  std::ostringstream out;
  {
    Progress progress(out, ProgressStyle::lines, 54, steady_now, 80);
    progress.skip(2);
    progress.begin("resnet18 onnxruntime b2", 0, 156);
    progress.begin("resnet18 onnxruntime b2", 1, 156);
    progress.finish("resnet18 onnxruntime b2", "12.3 ms\tvalid");
    progress.message("remark");
  }
  EXPECT_EQ(out.str(), "[3/54] resnet18 onnxruntime b2: 12.3 ms valid\nremark\n");
}

TEST(Progress, NoneWritesNothing) {
  std::ostringstream out;
  {
    Progress progress(out, ProgressStyle::none, 2, steady_now, 80);
    progress.begin("a", 0, 1);
    progress.finish("a", "b");
    progress.message("c");
  }
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, BarShowsTimeLeftAndFitsTheTerminal) {
  std::ostringstream out;
  ManualClock manual;
  {
    Progress progress(out, ProgressStyle::bar, 4, manual.clock(), 60);
    progress.begin("first", 0, 4);
    EXPECT_EQ(out.str(), "\r[....................] 0/4  first\x1b[K");
    manual.now += seconds(10);
    progress.finish("first", "fine");
    out.str("");
    progress.begin("a name that is much too long for this terminal of sixty columns", 1, 4);
    EXPECT_EQ(out.str(), "\r[#####...............] 1/4  30 s left  a name that is much \x1b[K");
    out.str("");
  }
  EXPECT_EQ(out.str(), "\r\x1b[K");
}

TEST(Progress, TimeLeftIsOfTheWorkNotOfTheResults) {
  std::ostringstream out;
  ManualClock manual;
  Progress progress(out, ProgressStyle::none, 10, manual.clock(), 80);
  EXPECT_EQ(progress.time_left(), "");
  progress.skip(5);
  progress.begin("a", 6, 10);  // six starts were found in the store
  EXPECT_EQ(progress.time_left(), "");
  manual.now += seconds(40);
  progress.begin("b", 7, 10);
  EXPECT_EQ(progress.time_left(), "2 min 0 s left");
  manual.now += seconds(20);
  progress.begin("c", 8, 10);
  EXPECT_EQ(progress.time_left(), "1 min 0 s left");
}

TEST(Progress, DurationText) {
  EXPECT_EQ(duration_text(seconds(0)), "0 s");
  EXPECT_EQ(duration_text(std::chrono::milliseconds(59600)), "1 min 0 s");
  EXPECT_EQ(duration_text(seconds(80)), "1 min 20 s");
  EXPECT_EQ(duration_text(seconds(7500)), "2 h 5 min");
}

}  // namespace
}  // namespace inferometer::cli

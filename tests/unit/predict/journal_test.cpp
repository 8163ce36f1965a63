#include "predict/journal.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace inferometer::predict {
namespace {

class JournalFile : public testing::Test {
 protected:
  JournalFile()
      : path_(std::filesystem::temp_directory_path() /
              (std::string("inferometer-journal-") + testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
               std::to_string(::getpid()))) {
    std::filesystem::remove(path_);
  }
  ~JournalFile() override { std::filesystem::remove(path_); }

  static Timing timing(const std::string& name, int pass) {
    Timing result;
    result.name = name;
    result.batch = 8;
    result.pass = pass;
    result.block_medians_ms = {3, 1, 2};
    result.core_roundtrip_ns = 150;
    return result;
  }

  std::string message_of(const nlohmann::json& key) {
    try {
      const Journal journal(path_, key);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path path_;
  nlohmann::json key_{{"engine", "fake"}, {"threads", 2}};
};

TEST_F(JournalFile, KeepsWhatWasTimedAndGoesOn) {
  {
    Journal journal(path_, key_);
    journal.append(timing("a-0", 0));
  }
  Journal again(path_, key_);
  ASSERT_EQ(again.timings().size(), 1U);
  const Timing* found = again.find("a-0", 8, 0);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(milliseconds(*found), 2);
  EXPECT_EQ(found->core_roundtrip_ns, 150);
  EXPECT_EQ(again.find("a-0", 8, 1), nullptr);
  EXPECT_EQ(again.find("a-0", 1, 0), nullptr);
  again.append(timing("a-0", 1));
  EXPECT_EQ(Journal(path_, key_).timings().size(), 2U);
}

/// A process that is killed while it writes leaves part of a line.
TEST_F(JournalFile, DropsALastLineThatWasCutOff) {
  {
    Journal journal(path_, key_);
    journal.append(timing("a-0", 0));
    journal.append(timing("b-0", 0));
  }
  const std::string text = read_file(path_);
  std::ofstream(path_, std::ios::trunc) << text.substr(0, text.size() - 20);
  Journal journal(path_, key_);
  ASSERT_EQ(journal.timings().size(), 1U);
  journal.append(timing("c-0", 0));
  EXPECT_EQ(Journal(path_, key_).timings().back().name, "c-0");
}

TEST_F(JournalFile, RefusesTimingsOfSomethingElse) {
  { Journal journal(path_, key_); }
  const std::string message = message_of({{"engine", "fake"}, {"threads", 1}});
  EXPECT_NE(message.find("threads is 2, not 1"), std::string::npos) << message;
  EXPECT_EQ(Journal(path_, key_).timings().size(), 0U);  // and leaves them alone
}

TEST_F(JournalFile, NamesADamagedLine) {
  {
    Journal journal(path_, key_);
    journal.append(timing("a-0", 0));
    journal.append(timing("b-0", 0));
  }
  std::string text = read_file(path_);
  text.replace(text.find("\"a-0\""), 5, "7    ");
  std::ofstream(path_, std::ios::trunc) << text;
  const std::string message = message_of(key_);
  EXPECT_NE(message.find("line 2 is damaged"), std::string::npos) << message;
}

}  // namespace
}  // namespace inferometer::predict

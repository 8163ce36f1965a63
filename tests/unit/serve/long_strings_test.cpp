#include "serve/long_strings.h"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/deepdetect_body.h"

namespace inferometer::serve {
namespace {

const std::string kLongText(600, 'A');

TEST(LongStringsTest, TakesOutWhatIsLongAndPlain) {
  const std::string text = R"({"a":")" + kLongText + R"(","b":["x",")" + kLongText + "B" + R"("]})";
  const ShortenedJson shortened = shorten(text);
  EXPECT_EQ(shortened.text, R"({"a":"","b":["x",""]})");
  ASSERT_EQ(shortened.strings.size(), 2u);
  EXPECT_EQ(shortened.strings[0].number, 1u);
  EXPECT_EQ(shortened.strings[0].content, kLongText);
  EXPECT_EQ(shortened.strings[1].number, 4u);
  EXPECT_EQ(shortened.strings[1].content, kLongText + "B");
  EXPECT_EQ(shortened.original_position(3), 3u);
  EXPECT_EQ(shortened.original_position(9), 609u);
  EXPECT_EQ(shortened.original_position(shortened.text.size()), text.size());
}

TEST(LongStringsTest, LeavesTheRest) {
  for (const std::string& inside : {std::string("short"), kLongText + "\\n", kLongText + "\\\"", kLongText + "\xc3\xa9", kLongText + "\n",
                                    kLongText + "\x7f", "\\\\" + kLongText, std::string()}) {
    const std::string text = "{\"a\":\"" + inside + "\"}";
    EXPECT_EQ(shorten(text).text, text);
    EXPECT_TRUE(shorten(text).strings.empty());
  }
  for (const std::string& text : {std::string(), std::string("\""), "\"" + kLongText, "\"" + kLongText + "\\", "{\"a\\\":\"" + kLongText}) {
    EXPECT_EQ(shorten(text).text, text);
  }
}

TEST(LongStringsTest, ManyEscapesTakeNoSquareOfTime) {
  std::string text = "\"";
  for (int i = 0; i < 1'000'000; ++i) text += "\\n";
  EXPECT_EQ(shorten(text + "\"").text.size(), text.size() + 1);  // minutes if each escape searched for the far quote
}

/// Bodies of random strings, long and short, plain and escaped, as names and as values: the same tree as a parser alone makes.
TEST(LongStringsTest, ParsesAsWithout) {
  std::mt19937 random(7);
  const auto text_of = [&random] {
    std::string text(random() % 3 == 0 ? random() % 2000 : random() % 8, 'a');
    for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
    constexpr const char* kEnds[] = {"", "", "\"", "\\", "\n", "\xc3\xa9"};
    return text + kEnds[random() % 6];
  };
  std::size_t taken_out = 0;
  for (int round = 0; round < 300; ++round) {
    nlohmann::json expected = nlohmann::json::object();
    std::vector<std::string> data;
    for (std::size_t i = random() % 6; i > 0; --i) expected["k" + text_of()] = text_of();
    for (std::size_t i = random() % 6; i > 0; --i) expected["list"].push_back(text_of());
    for (std::size_t i = random() % 6; i > 0; --i) data.push_back(text_of());
    nlohmann::json whole = expected;
    whole["data"] = data;
    const std::string text = whole.dump();
    taken_out += shorten(text).strings.size();
    const DeepDetectBody body = parse_body(text, 100);
    EXPECT_EQ(body.members, expected);
    EXPECT_EQ(body.data, data);
  }
  EXPECT_GT(taken_out, 100u);
}

}  // namespace
}  // namespace inferometer::serve

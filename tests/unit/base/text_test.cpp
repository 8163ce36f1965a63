#include "base/text.h"

#include <cstdio>
#include <cstdlib>
#include <limits>

#include <gtest/gtest.h>

namespace inferometer {
namespace {

using Words = std::vector<std::string>;

TEST(Text, SplitAndJoin) {
  EXPECT_EQ(split("a,b,c", ','), (Words{"a", "b", "c"}));
  EXPECT_EQ(split(",a,,", ','), (Words{"", "a", "", ""}));
  EXPECT_EQ(split("", ','), (Words{""}));
  EXPECT_EQ(join({"a", "b", ""}, ", "), "a, b, ");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, TrimAndLower) {
  EXPECT_EQ(trim(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(lower("AbZ\xC3\x89[@"), "abz\xC3\x89[@");
}

TEST(Text, GlobMatches) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"*", ""},
      {"*", "anything"},
      {"resnet*", "resnet"},
      {"resnet*", "resnet18"},
      {"*net*", "resnet18"},
      {"r?snet", "resnet"},
      {"vgg1[13]", "vgg13"},
      {"vgg1[1-6]", "vgg16"},
      {"[!a]bc", "xbc"},
      {"[^a]bc", "xbc"},
      {"[]]", "]"},
      {"[!]]", "a"},
      {"[a", "[a"},
      {"[a-]", "-"},
      {"a**b", "ab"},
      {"*a*b*c", "xaybzbc"},
      {"*.onnx", "a.onnx.onnx"},
  };
  for (const auto& [pattern, text] : cases) EXPECT_TRUE(glob_match(pattern, text)) << pattern << " " << text;
}

TEST(Text, GlobDoesNotMatch) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a"},
      {"?", ""},
      {"resnet", "resnet18"},
      {"resnet18", "resnet"},
      {"resnet?", "resnet18"},
      {"vgg1[13]", "vgg16"},
      {"[!a]bc", "abc"},
      {"*a", "ab"},
      {"A", "a"},
      {"[b-a]", "a"},
      {"*a*b*c", "xaybzb"},
      {"[a", "a"},
  };
  for (const auto& [pattern, text] : cases) EXPECT_FALSE(glob_match(pattern, text)) << pattern << " " << text;
}

TEST(Text, GlobOfManyStarsEndsSoon) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(20'000, 'a')));
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("saturday", "sunday"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("GPU", "gpu"), 0U);
}

TEST(Text, NearestWords) {
  const Words zoo{"alexnet", "resnet18", "resnet34", "resnet50", "vgg11", "vgg16", "mobilenet_v2"};
  EXPECT_EQ(nearest("resnet5", zoo), (Words{"resnet50", "resnet18", "resnet34"}));
  EXPECT_EQ(nearest("resnet5", zoo, 1), (Words{"resnet50"}));
  EXPECT_EQ(nearest("vgg", zoo), (Words{"vgg11", "vgg16"}));
  EXPECT_EQ(nearest("MobileNet-V2", zoo), (Words{"mobilenet_v2"}));
  EXPECT_EQ(nearest("qqqqqq", zoo), Words{});
  EXPECT_EQ(nearest("x", zoo), Words{});
  EXPECT_EQ(nearest("", zoo), Words{});
  EXPECT_EQ(nearest("a", {}), Words{});
  EXPECT_EQ(nearest("x", {"y"}), Words{}) << "nothing in common";
  EXPECT_EQ(nearest("", {"y"}), Words{});
  EXPECT_EQ(did_you_mean("resnet5", zoo), "did you mean resnet50, resnet18 or resnet34?");
  EXPECT_EQ(did_you_mean("vgg1", {"vgg11", "vgg16"}), "did you mean vgg11 or vgg16?");
  EXPECT_EQ(did_you_mean("alexnt", zoo), "did you mean alexnet?");
  EXPECT_EQ(did_you_mean("qqqqqq", zoo), "");
}

TEST(Text, ParseInteger) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", " 1", "1 ", "1.0", "1e3", "0x10", "abc", "-", "9223372036854775808", "1,2", "+1"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

TEST(Text, ParseNumber) {
  EXPECT_EQ(parse_number("0"), 0.0);
  EXPECT_EQ(parse_number("-2.5"), -2.5);
  EXPECT_EQ(parse_number("1e3"), 1000.0);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("0.1"), 0.1);
  for (const char* text : {"", " 1", "1 ", "1.0x", "nan", "inf", "-inf", "1e400", "abc", "1,5", "0x1p3", "--1"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(Text, OneLine) {
  EXPECT_EQ(one_line("a\nb\tc\x1b[0m\x7f!"), "a b c [0m !");
  EXPECT_EQ(one_line("\n padded \r\n"), "padded");
  EXPECT_EQ(one_line("next\xC2\x85line, caf\xC3\xA9"), "next line, caf\xC3\xA9");
  EXPECT_EQ(one_line("exactly ten"), "exactly ten");
  EXPECT_EQ(one_line("0123456789", 10), "0123456789");
  EXPECT_EQ(one_line("0123456789x", 10), "0123456...");
  EXPECT_EQ(one_line("012345\xE2\x82\xAC\xE2\x82\xAC", 10), "012345...") << "no half of a euro sign";
  EXPECT_EQ(one_line("0123\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", 10), "0123\xE2\x82\xAC...");
  EXPECT_EQ(one_line("abcdef", 2), "..");
  EXPECT_EQ(one_line("abcdef", 0), "");
  EXPECT_EQ(one_line(std::string(2000, 'x')).size(), 500U);
  EXPECT_EQ(one_line(""), "");
}

TEST(Text, ShellQuoteReadsBackInAShell) {
  EXPECT_EQ(shell_quote("plain-1.0/x:y=z,a"), "plain-1.0/x:y=z,a");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  for (const std::string word : {"$HOME `id` \"x\" \\ * ? ~ # & ; | < > ( ) ! '", "line\nbreak", "~", "a'b'c"}) {
    FILE* pipe = popen(("printf %s " + shell_quote(word)).c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char buffer[200] = {};
    const auto length = fread(buffer, 1, sizeof(buffer), pipe);
    pclose(pipe);
    EXPECT_EQ(std::string(buffer, length), word);
  }
}

TEST(Text, Utf8) {
  const std::string valid[] = {"",
                               "ascii",
                               std::string("\0", 1),
                               "\xC2\x80",
                               "\xDF\xBF",
                               "\xE0\xA0\x80",
                               "\xED\x9F\xBF",
                               "\xEE\x80\x80",
                               "\xEF\xBF\xBF",
                               "\xF0\x90\x80\x80",
                               "\xF4\x8F\xBF\xBF"};
  for (const auto& text : valid) {
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_EQ(to_utf8(text), text);
  }
  // Stray continuation, overlong forms, surrogate, beyond U+10FFFF, cut short, never a lead.
  const std::string invalid[] = {
      "\x80",     "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
      "\xE2\x82", "\xC3",     "\xFF",     "a\xC3(",       "\xE2(\xA1"};
  for (const auto& text : invalid) {
    EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
    EXPECT_TRUE(is_valid_utf8(to_utf8(text)));
  }
  EXPECT_EQ(to_utf8("caf\xE9 \xC3\xA9"), "caf\xEF\xBF\xBD \xC3\xA9");
}

TEST(Numbers, RoundedText) {
  const struct {
    double value;
    const char* text;
  } cases[] = {
      {0, "0"},
      {-0.0, "0"},
      {1, "1.000"},
      {12.3, "12.30"},
      {9.99996, "10.00"},
      {99.996, "100.0"},
      {123.45, "123.5"},
      {1234.5, "1234"},
      {123456.7, "123457"},
      {0.00432149, "0.004321"},
      {0.0001, "0.0001000"},
      {0.0000999, "9.990e-05"},
      {-12.3, "-12.30"},
      {1e14, "100000000000000"},
      {1e15, "1.000e+15"},
      {1814073344.0, "1814073344"},
  };
  for (const auto& each : cases) EXPECT_EQ(rounded_text(each.value), each.text) << each.value;
}

TEST(Numbers, ExactTextReadsBack) {
  for (const double value : {0.1, 1.0 / 3, 1e300, 5e-324, 123456789.123456789, -2.5}) {
    EXPECT_EQ(std::strtod(exact_text(value).c_str(), nullptr), value);
  }
}

}  // namespace
}  // namespace inferometer

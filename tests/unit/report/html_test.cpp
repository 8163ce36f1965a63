#include "report/html.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::report {
namespace {

TEST(Html, TextIsEscaped) {
  EXPECT_EQ(html_text("a<b>&\"c\" 'd'"), "a&lt;b&gt;&amp;&quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(html_text("R² = 0.93"), "R² = 0.93");
  EXPECT_EQ(html_text(std::string("a\0b\tc\nd", 7)), "a b c\nd");
  EXPECT_EQ(html_text("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(html_text(""), "");
}

TEST(Html, JsonCannotEndItsScript) {
  const std::string json = nlohmann::json{{"label", "</script><!-- <script>"}}.dump();
  const std::string safe = json_in_script(json);
  EXPECT_EQ(safe.find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(safe), nlohmann::json::parse(json));
}

TEST(Html, ScriptsCannotEndTheirElement) {
  EXPECT_EQ(script_in_page("a('</script>')"), "a('<\\/script>')");
  EXPECT_EQ(script_in_page("if (a < b) c();"), "if (a < b) c();");
  EXPECT_THROW(script_in_page("a <!--b"), Error);
  EXPECT_THROW(script_in_page("'</SCRIPT>'"), Error);
}

TEST(Html, CellsKeepExactNumbersForSorting) {
  Table table;
  table.columns = {"model", "ms", "runs", "state"};
  table.rows = {{std::string("a<b"), Marked{12.345678, "~"}, std::int64_t{7}, true},
                {std::string("c"), Marked{std::nullopt, "x"}, std::int64_t{12}, Cell()},
                {std::string("d"), Marked{std::nan(""), ""}, Cell(), std::vector<std::string>{"p", "q"}}};
  EXPECT_EQ(html_table(table, "<b>Table 1.</b> T", 100),
            "<table>\n<caption><b>Table 1.</b> T</caption>\n"
            "<thead><tr><th scope=col>model</th><th scope=col class=n>ms</th><th scope=col class=n>runs</th><th scope=col>state</th></tr>"
            "</thead>\n<tbody>\n"
            "<tr><th scope=row>a&lt;b</th><td class=n data-v=\"12.345678\">12.35~</td><td class=n>7</td><td>yes</td></tr>\n"
            "<tr><th scope=row>c</th><td class=n>x</td><td class=n>12</td><td></td></tr>\n"
            "<tr><th scope=row>d</th><td class=n></td><td class=n></td><td>p; q</td></tr>\n"
            "</tbody>\n</table>\n");
}

TEST(Html, LinesAfterTheMostAreLeftOut) {
  Table table;
  table.columns = {"n"};
  for (std::int64_t i = 0; i < 5; ++i) table.rows.push_back({i});
  const std::string html = html_table(table, "", 2);
  EXPECT_NE(html.find("<td class=n>1</td>"), std::string::npos);
  EXPECT_EQ(html.find("<td class=n>2</td>"), std::string::npos);
}

TEST(Html, RaggedTablesAreRefused) {
  Table table;
  table.columns = {"a", "b"};
  table.rows = {{std::int64_t{1}}};
  EXPECT_THROW(html_table(table, "", 10), Error);
}

}  // namespace
}  // namespace inferometer::report

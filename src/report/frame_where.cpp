#include "report/frame_where.h"

#include <optional>

#include "base/text.h"
#include "store/store.h"

namespace inferometer::report {
namespace {

/// SQL's LIKE: % is any text, _ any one letter, ASCII letters without case.
bool is_like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, after_star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      after_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

/// One condition, ready to be asked of many cells.
struct Question {
  store::Condition condition;
  std::optional<double> number;
  std::string pattern;

  bool holds(const std::string& text, const std::optional<double>& value) const {
    const std::string& comparison = condition.comparison;
    if (condition.is_null) return text.empty() == (comparison == "=");
    if (comparison == "like") return is_like(pattern, lower(text));
    if (comparison == "=" || comparison == "!=") {
      const bool equal = number && value ? *number == *value : text == condition.value;
      return equal == (comparison == "=");
    }
    if (!number || !value) return false;
    if (comparison == "<") return *value < *number;
    if (comparison == "<=") return *value <= *number;
    if (comparison == ">") return *value > *number;
    return *value >= *number;
  }
};

}  // namespace

std::vector<std::string> where_columns(std::string_view where) {
  std::vector<std::string> columns;
  for (const store::Condition& condition : store::parse_frame_where(where)) columns.push_back(condition.column);
  return columns;
}

std::vector<bool> rows_where(const Frame& frame, std::string_view where) {
  std::vector<bool> chosen(frame.size(), true);
  for (const store::Condition& condition : store::parse_frame_where(where)) {
    const Question question{condition, parse_number(condition.value), lower(condition.value)};
    const auto& texts = frame.texts(condition.column);
    const auto& numbers = frame.numbers(condition.column);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i]) chosen[i] = question.holds(texts[i], numbers[i]);
    }
  }
  return chosen;
}

}  // namespace inferometer::report

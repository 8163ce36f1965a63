#include "report/frame_where.h"

#include <optional>

#include "base/text.h"
#include "base/wildcards.h"
#include "store/store.h"

namespace inferometer::report {
namespace {

bool is_within_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// Bytes of the first letter in UTF-8.
std::size_t letter_bytes(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && is_within_letter(text[length])) ++length;
  return length;
}

/// SQL's LIKE: % is any text, _ any one letter, ASCII letters without case.
bool is_like(std::string_view pattern, std::string_view text) {
  return matches_pattern(pattern, text, '%', [](std::string_view items, std::string_view letters) {
    if (items.front() == '_') return is_within_letter(letters.front()) ? MatchedItem{} : MatchedItem{1, letter_bytes(letters)};
    return items.front() == letters.front() ? MatchedItem{1, 1} : MatchedItem{};
  });
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

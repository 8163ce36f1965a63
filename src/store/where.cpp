#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "store/query.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

using measure::ColumnKind;

// Longer ones first, so that "<=" is not read as "<".
constexpr std::array<std::string_view, 6> kComparisons{"!=", "<=", ">=", "=", "<", ">"};
constexpr const char* kExample = "write it like: model=resnet18 and batch>=8 and engine like 'open%'";

bool is_word(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_'; }
bool is_space(char letter) { return std::isspace(static_cast<unsigned char>(letter)) != 0; }

/// Reads conditions from left to right.
class Parser {
 public:
  /// Without columns any name is taken, and what it holds is not known.
  Parser(std::string_view text, const ColumnSet* columns) : text_(text), columns_(columns) {}

  std::vector<Condition> parse() {
    std::vector<Condition> conditions;
    skip_spaces();
    while (!at_end()) {
      if (!conditions.empty()) expect_and();
      conditions.push_back(condition());
      skip_spaces();
    }
    return conditions;
  }

 private:
  bool at_end() const { return position_ == text_.size(); }
  void skip_spaces() {
    while (!at_end() && is_space(text_[position_])) ++position_;
  }
  std::string_view rest() const { return text_.substr(position_); }

  [[noreturn]] void fail(const std::string& problem, const std::string& hint = kExample) const {
    throw Error(ErrorCode::usage, fmt::format("--where '{}': {}", one_line(text_, 200), problem), hint);
  }

  std::string_view word() {
    const std::size_t begin = position_;
    while (!at_end() && is_word(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  void expect_and() {
    const std::size_t begin = position_;
    if (lower(word()) == "and" && !at_end() && is_space(text_[position_])) return skip_spaces();
    position_ = begin;
    if (lower(word()) == "and" && at_end()) fail("nothing follows the last 'and'");
    fail(fmt::format("'and' is expected before '{}'", one_line(text_.substr(begin), 40)),
         "join comparisons by 'and'; put a value with spaces in quotes");
  }

  Condition condition() {
    Condition result;
    result.column = word();
    if (result.column.empty()) fail(fmt::format("a column's name is expected at '{}'", one_line(rest(), 40)));
    const std::optional<ColumnKind> kind = columns_ == nullptr ? std::nullopt : columns_->kind(result.column);
    if (columns_ != nullptr && !kind) {
      const std::string near = did_you_mean(result.column, columns_->names());
      fail(fmt::format("there is no column '{}'", result.column), near.empty() ? "columns: " + join(columns_->names(), " ") : near);
    }
    skip_spaces();
    result.comparison = comparison();
    skip_spaces();
    const bool quoted = !at_end() && (text_[position_] == '\'' || text_[position_] == '"');
    result.value = quoted ? quoted_value() : bare_value();
    if (result.value.empty() && !quoted) fail(fmt::format("'{} {}' lacks a value", result.column, result.comparison));
    result.is_null = !quoted && lower(result.value) == "null";
    check(result, kind);
    return result;
  }

  std::string comparison() {
    for (const std::string_view candidate : kComparisons) {
      if (!rest().starts_with(candidate)) continue;
      position_ += candidate.size();
      return std::string(candidate);
    }
    const std::size_t begin = position_;
    if (lower(word()) == "like") return "like";
    position_ = begin;
    fail(fmt::format("a comparison (= != < <= > >= like) is expected at '{}'", one_line(rest(), 40)));
  }

  std::string quoted_value() {
    const char quote = text_[position_++];
    std::string value;
    while (!at_end()) {
      const char letter = text_[position_++];
      if (letter != quote)
        value += letter;
      else if (!at_end() && text_[position_] == quote)
        value += text_[position_++];
      else
        return value;
    }
    fail(fmt::format("the quote {} is not closed", quote));
  }

  std::string bare_value() {
    const std::size_t begin = position_;
    while (!at_end() && !is_space(text_[position_])) ++position_;
    const std::string_view value = text_.substr(begin, position_ - begin);
    if (value.find_first_of("=<>!'\"") != std::string_view::npos) {
      fail(fmt::format("'{}' is no value", one_line(value, 40)), "put a value with quotes or comparison signs in quotes");
    }
    return std::string(value);
  }

  void check(const Condition& condition, std::optional<ColumnKind> kind) const {
    const std::string text = fmt::format("'{}'", condition.column);
    const bool equality = condition.comparison == "=" || condition.comparison == "!=";
    if (condition.is_null) {
      if (!equality) fail(text + " can only be = null or != null");
      return;
    }
    if (kind == ColumnKind::list && !equality && condition.comparison != "like") fail(text + " is text: compare it by = != or like");
    if (kind == ColumnKind::integer || kind == ColumnKind::number) {
      if (condition.comparison == "like") fail(text + " is a number: 'like' compares text");
      if (!parse_number(condition.value)) fail(fmt::format("{} is a number, '{}' is not", text, one_line(condition.value, 40)));
    }
  }

  std::string_view text_;
  const ColumnSet* columns_;
  std::size_t position_ = 0;
};

}  // namespace

std::vector<Condition> parse_where(std::string_view text) { return Parser(text, &row_column_set()).parse(); }

std::vector<Condition> parse_evaluation_where(std::string_view text) { return Parser(text, &evaluation_column_set()).parse(); }
std::vector<Condition> parse_layer_where(std::string_view text) { return Parser(text, &layer_column_set()).parse(); }

std::vector<Condition> parse_training_where(std::string_view text) { return Parser(text, &training_column_set()).parse(); }

std::vector<Condition> parse_load_where(std::string_view text) { return Parser(text, &load_column_set()).parse(); }

std::vector<Condition> parse_frame_where(std::string_view text) { return Parser(text, nullptr).parse(); }

}  // namespace inferometer::store

#include "report/frame.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "measure/row_fields.h"
#include "report/table.h"

namespace inferometer::report {
namespace {

std::string cell_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&cell)) return exact_text(*number);
  if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) return join(*list, "; ");
  return {};
}

template <class Row, class Value>
std::vector<std::string> texts_of(const std::vector<Row>& rows, Value Row::*member) {
  std::vector<std::string> texts;
  texts.reserve(rows.size());
  for (const Row& row : rows) texts.push_back(cell_text(to_cell(row.*member)));
  return texts;
}

}  // namespace

bool Frame::has(std::string_view column) const { return cells_.find(column) != cells_.end(); }

const Frame::Column& Frame::column(std::string_view wanted) const {
  const auto found = cells_.find(wanted);
  if (found != cells_.end()) return found->second;
  std::string hint = did_you_mean(wanted, columns_);
  if (hint.empty()) hint = "its columns: " + join(columns_, ", ");
  throw Error(ErrorCode::input, fmt::format("{}: there is no column '{}'", name, one_line(std::string(wanted), 60)), hint);
}

const std::vector<std::string>& Frame::texts(std::string_view wanted) const { return column(wanted).texts; }

const std::vector<std::optional<double>>& Frame::numbers(std::string_view wanted) const { return column(wanted).numbers; }

bool Frame::is_numeric(std::string_view wanted) const {
  const Column& cells = column(wanted);
  bool some = false;
  for (std::size_t i = 0; i < rows_; ++i) {
    if (cells.numbers[i]) some = true;
    if (!cells.numbers[i] && !cells.texts[i].empty()) return false;
  }
  return some;
}

std::size_t Frame::text_cells(std::string_view wanted) const {
  const Column& cells = column(wanted);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows_; ++i) count += !cells.numbers[i] && !cells.texts[i].empty() ? 1 : 0;
  return count;
}

void Frame::set(const std::string& title, std::vector<std::string> texts) {
  Column added;
  added.numbers.reserve(texts.size());
  for (const std::string& text : texts) added.numbers.push_back(parse_number(text));
  added.texts = std::move(texts);
  if (columns_.empty()) rows_ = added.texts.size();
  if (added.texts.size() != rows_) throw Error(ErrorCode::internal, fmt::format("{}: column '{}' has another length", name, title));
  if (!has(title)) columns_.push_back(title);
  cells_[title] = std::move(added);
}

void Frame::set(const std::string& title, std::vector<std::optional<double>> numbers) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const std::optional<double>& number : numbers) texts.push_back(number ? exact_text(*number) : std::string());
  set(title, std::move(texts));
}

Frame Frame::filtered(const std::vector<bool>& keep) const {
  Frame kept;
  kept.name = name;
  for (const std::string& title : columns_) {
    const Column& from = column(title);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < rows_; ++i) {
      if (keep[i]) texts.push_back(from.texts[i]);
    }
    kept.set(title, std::move(texts));
  }
  return kept;
}

Frame frame_of(const CsvTable& table) {
  Frame frame;
  frame.name = table.name;
  for (std::size_t column = 0; column < table.header.size(); ++column) {
    std::vector<std::string> texts;
    texts.reserve(table.rows.size());
    for (const auto& row : table.rows) texts.emplace_back(trim(row[column]));
    frame.set(table.header[column], std::move(texts));
  }
  return frame;
}

Frame frame_of(const std::vector<measure::Row>& rows) {
  const std::vector<std::string>& all = measure::row_columns();
  return frame_of(rows, {all.begin(), all.end()});
}

Frame frame_of(const std::vector<measure::Row>& rows, const std::set<std::string>& columns) {
  Frame frame;
  frame.name = "the store";
  measure::for_each_row_field([&](const auto& field) {
    if (columns.contains(std::string(field.name))) frame.set(std::string(field.name), texts_of(rows, field.member));
  });
  return frame;
}

Frame frame_of(const std::vector<train::TrainingRow>& rows) {
  Frame frame;
  frame.name = "the store's trainings";
  train::for_each_training_field([&](const auto& field) { frame.set(std::string(field.name), texts_of(rows, field.member)); });
  return frame;
}

Frame frame_of(const std::vector<measure::EvaluationRow>& rows) {
  Frame frame;
  frame.name = "the store's evaluations";
  measure::for_each_evaluation_field([&](const auto& field) { frame.set(std::string(field.name), texts_of(rows, field.member)); });
  return frame;
}

Frame frame_of(const std::vector<measure::LayerRow>& rows) {
  Frame frame;
  frame.name = "the store's layers";
  measure::for_each_layer_field([&](const auto& field) { frame.set(std::string(field.name), texts_of(rows, field.member)); });
  return frame;
}

Frame joined(const Frame& frame, const Frame& other) {
  std::vector<std::string> keys, added;
  for (const std::string& column : other.columns()) (frame.has(column) ? keys : added).push_back(column);
  if (keys.empty() || added.empty()) {
    throw Error(ErrorCode::input,
                fmt::format("{} and {} have {}", frame.name, other.name, keys.empty() ? "no column in common" : "the same columns"),
                "a common column, such as model, says which rows belong together; the others are added");
  }
  const auto key_of = [&](const Frame& from, std::size_t row) {
    std::vector<std::string> key;
    for (const std::string& column : keys) key.push_back(from.texts(column)[row]);
    return key;
  };
  std::map<std::vector<std::string>, std::size_t> places;
  for (std::size_t row = 0; row < other.size(); ++row) {
    if (!places.try_emplace(key_of(other, row), row).second) {
      throw Error(ErrorCode::input, fmt::format("{} has two rows for {}", other.name, one_line(join(key_of(other, row), ", "), 60)),
                  fmt::format("rows are found by {}", join(keys, ", ")));
    }
  }
  Frame both = frame;
  for (const std::string& column : added) {
    std::vector<std::string> texts;
    for (std::size_t row = 0; row < frame.size(); ++row) {
      const auto found = places.find(key_of(frame, row));
      texts.push_back(found == places.end() ? "" : other.texts(column)[found->second]);
    }
    both.set(column, std::move(texts));
  }
  return both;
}

std::vector<std::string> levels(const Frame& frame, std::string_view column) {
  std::vector<std::string> distinct;
  std::set<std::string> seen;
  for (const std::string& text : frame.texts(column)) {
    if (!text.empty() && seen.insert(text).second) distinct.push_back(text);
  }
  const auto number = [](const std::string& text) { return parse_number(text); };
  if (std::all_of(distinct.begin(), distinct.end(), [&](const std::string& text) { return number(text).has_value(); })) {
    std::stable_sort(distinct.begin(), distinct.end(), [&](const std::string& a, const std::string& b) { return *number(a) < *number(b); });
  }
  return distinct;
}

}  // namespace inferometer::report

#include "base/csv.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace inferometer {
namespace {

/// Reads one record after the other.
class Reader {
 public:
  Reader(std::string_view text, const std::string& name, const CsvLimits& limits) : text_(text), name_(name), limits_(limits) {}

  bool at_end() const { return position_ == text_.size(); }
  std::size_t line() const { return line_; }

  /// The fields of one record; none for an empty line.
  std::vector<std::string> record() {
    if (end_of_line()) return {};
    std::vector<std::string> fields;
    while (true) {
      if (fields.size() == limits_.columns) fail(fmt::format("more than {} columns", limits_.columns));
      fields.push_back(!at_end() && text_[position_] == '"' ? quoted_field() : plain_field());
      if (at_end() || end_of_line()) return fields;
      ++position_;  // the comma: a field ends there, at a line's end or at the end
    }
  }

  [[noreturn]] void fail(const std::string& problem) const { fail(line_, problem); }
  [[noreturn]] void fail(std::size_t line, const std::string& problem) const {
    throw Error(ErrorCode::input, fmt::format("{}:{}: {}", name_, line, problem),
                "a CSV file has a header, fields separated by commas, and double quotes round fields that hold one");
  }

 private:
  bool end_of_line() {
    if (at_end()) return false;
    if (text_[position_] == '\r') {
      if (position_ + 1 == text_.size() || text_[position_ + 1] != '\n') fail("a carriage return without a line feed");
      ++position_;
    }
    if (text_[position_] != '\n') return false;
    ++position_;
    ++line_;
    return true;
  }

  std::string plain_field() {
    const std::size_t begin = position_;
    position_ = std::min(text_.find_first_of(",\r\n\"", begin), text_.size());
    if (!at_end() && text_[position_] == '"') fail("a quote inside a field that does not begin with one");
    check_size(position_ - begin);
    return std::string(text_.substr(begin, position_ - begin));
  }

  std::string quoted_field() {
    const std::size_t first_line = line_;
    std::string field;
    ++position_;
    while (true) {
      const std::size_t quote = text_.find('"', position_);
      if (quote == std::string_view::npos) {
        line_ = first_line;
        fail("a quote that begins here is not closed");
      }
      const std::string_view part = text_.substr(position_, quote - position_);
      line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      field += part;
      check_size(field.size());
      position_ = quote + 1;
      if (at_end() || text_[position_] != '"') break;
      field += '"';
      ++position_;
    }
    if (!at_end() && text_[position_] != ',' && text_[position_] != '\r' && text_[position_] != '\n') fail("text after a closing quote");
    return field;
  }

  void check_size(std::size_t bytes) const {
    if (bytes > limits_.field_bytes) fail(fmt::format("a field of more than {} bytes", limits_.field_bytes));
  }

  std::string_view text_;
  const std::string& name_;
  const CsvLimits& limits_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
};

void check_header(const Reader& reader, std::size_t line, std::vector<std::string>& header) {
  std::set<std::string> seen;
  for (std::string& title : header) {
    title = std::string(trim(title));
    if (title.empty()) reader.fail(line, "a column without a name in the header");
    if (!seen.insert(title).second) reader.fail(line, fmt::format("the column '{}' stands twice in the header", one_line(title, 60)));
  }
}

/// Text that has no line to name; says what kind of file it may be.
void check_text(std::string_view text, const std::string& name, const CsvLimits& limits) {
  const std::string hint = "save it as CSV in UTF-8";
  if (text.size() > limits.bytes) {
    throw Error(ErrorCode::input, fmt::format("{} is larger than {} bytes", name, limits.bytes), "split it");
  }
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos && is_valid_utf8(text)) return;
  // The first line that is wrong, found only for the message.
  std::size_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1);
    const std::string_view content = text.substr(begin, end + 1 - begin);
    if (content.find('\0') != std::string_view::npos) {
      throw Error(ErrorCode::input, fmt::format("{}:{}: a NUL byte: this is no CSV text", name, line), hint);
    }
    if (!is_valid_utf8(content)) throw Error(ErrorCode::input, fmt::format("{}:{}: the text is not UTF-8", name, line), hint);
    begin = end + 1;
  }
  throw Error(ErrorCode::input, fmt::format("{}: the text is not UTF-8", name), hint);
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view title) const {
  const auto found = std::find(header.begin(), header.end(), title);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

std::string CsvTable::place(std::size_t row) const { return fmt::format("{}:{}", name, lines.at(row)); }

CsvTable parse_csv(std::string_view text, const std::string& name, const CsvLimits& limits) {
  check_text(text, name, limits);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());

  CsvTable table;
  table.name = name;
  Reader reader(text, table.name, limits);
  while (!reader.at_end()) {
    const std::size_t line = reader.line();
    std::vector<std::string> fields = reader.record();
    if (fields.empty()) continue;
    if (table.header.empty()) {
      check_header(reader, line, fields);
      table.header = std::move(fields);
      continue;
    }
    if (fields.size() != table.header.size()) {
      throw Error(ErrorCode::input, fmt::format("{}:{}: {} fields where the header has {}", name, line, fields.size(), table.header.size()),
                  "every line needs as many fields as the header; quote fields that hold commas");
    }
    if (table.rows.size() == limits.rows) reader.fail(line, fmt::format("more than {} rows", limits.rows));
    table.rows.push_back(std::move(fields));
    table.lines.push_back(line);
  }
  if (table.header.empty()) throw Error(ErrorCode::input, fmt::format("{} is empty", name), "a CSV file begins with a header");
  return table;
}

CsvTable read_csv(const std::filesystem::path& file, const CsvLimits& limits) {
  require_readable_file(file);
  return parse_csv(read_file(file, static_cast<std::int64_t>(limits.bytes)), file.string(), limits);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos && trim(text).size() == text.size()) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) {
    quoted += letter;
    if (letter == '"') quoted += '"';
  }
  return quoted + '"';
}

}  // namespace inferometer

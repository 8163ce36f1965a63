// Any bytes are a table or an Error; what was read, written again, reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/csv.h"
#include "base/error.h"

namespace {

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) line += ',';
    // A lone empty field would be an empty line, which is passed over.
    line += fields.size() == 1 && fields[i].empty() ? "\"\"" : inferometer::csv_field(fields[i]);
  }
  return line + '\n';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inferometer;
  const CsvLimits limits{.bytes = 1 << 16, .rows = 1'000, .columns = 100, .field_bytes = 1'000};
  CsvTable table;
  try {
    table = parse_csv({reinterpret_cast<const char*>(data), size}, "fuzz.csv", limits);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) std::abort();
    return 0;
  }
  std::string text = "\xef\xbb\xbf";  // so that a title that begins with such a mark keeps it
  text += line_of(table.header);
  for (const auto& row : table.rows) text += line_of(row);
  const CsvTable again = parse_csv(text, "again.csv");
  if (again.header != table.header || again.rows != table.rows) std::abort();
  return 0;
}

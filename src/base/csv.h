/// Read and write comma-separated values (RFC 4180).
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferometer {

/// What a file may hold at most; anything above is an error, so that a wrong file does not fill the memory.
struct CsvLimits {
  std::size_t bytes = std::size_t{256} << 20;
  std::size_t rows = 2'000'000;
  std::size_t columns = 2'000;
  std::size_t field_bytes = std::size_t{1} << 20;
};

/// A header and rows of as many fields each.
struct CsvTable {
  std::string name;                            ///< of the file, for messages
  std::vector<std::string> header;             ///< unique, not empty, without spaces at the ends
  std::vector<std::vector<std::string>> rows;  ///< fields as they stand, unquoted
  std::vector<std::size_t> lines;              ///< of each row, its first line in the file, counted from 1

  std::optional<std::size_t> column(std::string_view title) const;
  /// "name:12", for messages about a row.
  std::string place(std::size_t row) const;
};

/// Fields are separated by commas; one in double quotes may hold commas, line ends and doubled quotes. Lines end in LF or CRLF; a
/// byte order mark and empty lines are passed over. Throws Error{input} with name and line: no header, no UTF-8, a NUL, a quote
/// out of place or not closed, a lone carriage return, more or fewer fields than the header has, a limit passed.
CsvTable parse_csv(std::string_view text, const std::string& name, const CsvLimits& limits = {});

/// The same for a file. Throws Error{input} also when it cannot be read.
CsvTable read_csv(const std::filesystem::path& file, const CsvLimits& limits = {});

/// A field as it must stand in a line: quoted where needed.
std::string csv_field(std::string_view text);

}  // namespace inferometer

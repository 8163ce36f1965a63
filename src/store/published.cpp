#include "store/published.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "store/import_cells.h"

namespace inferometer::store {
namespace {

using measure::Row;

constexpr std::array<std::pair<std::string_view, std::string PublishedSource::*>, 10> kSourceColumns{{
    {"file", &PublishedSource::file},
    {"study", &PublishedSource::study},
    {"citation", &PublishedSource::citation},
    {"figure_or_table", &PublishedSource::figure},
    {"value_column", &PublishedSource::value_column},
    {"unit", &PublishedSource::unit},
    {"input_px", &PublishedSource::input_px},
    {"data_set", &PublishedSource::data_set},
    {"timed", &PublishedSource::timed},
    {"import_as", &PublishedSource::import_as},
}};

/// What a unit of sources.csv is in a Row.
struct Unit {
  std::string_view name, mode;
  void (*put)(Row& row, double value);
};
constexpr std::array<Unit, 4> kUnits{{
    {"ms", "latency",
     [](Row& row, double value) {
       row.per_image_ms = value;
       row.images_per_s = 1000 / value;  // the definition in latency mode
     }},
    {"inferences/s", "throughput", [](Row& row, double value) { row.images_per_s = value; }},
    {"inferences/s/W", "throughput", [](Row& row, double value) { row.images_per_s_per_w = value; }},
    {"MB", "latency", [](Row& row, double value) { row.peak_memory_mb = value; }},
}};

/// Frameworks as the studies call them and as engines are called here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kEngines{{{"PyTorch", "torch"}, {"Caffe", "caffe"}}};

std::string engine_name(std::string_view framework) {
  for (const auto& [name, engine] : kEngines) {
    if (name == framework) return std::string(engine);
  }
  return lower(framework);
}

/// What the words of `timed` say about all rows of a table.
struct Setup {
  std::string platform, engine, engine_version;
  std::optional<std::int64_t> batch;
};

/// Reads "...; PLATFORM, FRAMEWORK VERSION", "...; FRAMEWORK backend" and "... at batch N".
Setup setup_of(std::string_view timed) {
  Setup setup;
  const std::vector<std::string> clauses = split(timed, ';');
  for (const std::string& clause : clauses) {
    constexpr std::string_view kAtBatch = " at batch ";
    const std::size_t found = clause.find(kAtBatch);
    if (found != std::string::npos) setup.batch = parse_integer(trim(clause.substr(found + kAtBatch.size())));
  }
  if (clauses.size() < 2) return setup;
  const std::string_view last = trim(clauses.back());
  constexpr std::string_view kBackend = " backend";
  if (last.ends_with(kBackend)) {
    setup.engine = engine_name(last.substr(0, last.size() - kBackend.size()));
    return setup;
  }
  const std::size_t comma = last.find(", ");
  const std::size_t space = last.rfind(' ');
  if (comma == std::string_view::npos || space <= comma + 1 || !parse_number(last.substr(space + 1))) return setup;
  setup.platform = last.substr(0, comma);
  setup.engine = engine_name(last.substr(comma + 2, space - comma - 2));
  setup.engine_version = last.substr(space + 1);
  return setup;
}

/// Whom a study means by a spelling.
struct Name {
  std::string model, note;  ///< model is empty where the network is the study's own
};

std::map<std::string, Name> names_of(const std::string& study, const std::filesystem::path& folder) {
  std::map<std::string, Name> names;
  const std::filesystem::path file = folder / "names.csv";
  if (!std::filesystem::exists(file)) return names;
  const CsvTable table = read_csv(file);
  const auto studies = table.column("study"), spellings = table.column("spelling"), models = table.column("model"),
             notes = table.column("note");
  if (!studies || !spellings || !models) {
    throw Error(ErrorCode::input, fmt::format("{} lacks one of the columns study, spelling and model", table.name), "restore it");
  }
  for (std::size_t line = 0; line < table.rows.size(); ++line) {
    const std::vector<std::string>& cells = table.rows[line];
    if (cells[*studies] != study) continue;
    const bool is_new = names.try_emplace(cells[*spellings], Name{cells[*models], notes ? cells[*notes] : ""}).second;
    if (!is_new) {
      throw Error(ErrorCode::input, fmt::format("{}: '{}' of {} stands twice", table.place(line), cells[*spellings], study),
                  "leave one out");
    }
  }
  return names;
}

/// Input sizes by network, from the table that "see OTHER.csv" names; else one size for all, or none.
class InputSizes {
 public:
  InputSizes(const std::string& text, const std::filesystem::path& folder) : text_(text), one_(parse_integer(text)) {
    constexpr std::string_view kSee = "see ";
    if (!text.starts_with(kSee)) return;
    const std::filesystem::path file = folder / std::filesystem::path(text.substr(kSee.size())).filename();
    const CsvTable table = read_csv(file);
    const auto models = table.column("model"), sizes = table.column("input_px");
    if (!models || !sizes) throw Error(ErrorCode::input, fmt::format("{} lacks the column model or input_px", table.name), "restore it");
    for (std::size_t line = 0; line < table.rows.size(); ++line) {
      by_model_[table.rows[line][*models]] = read_count(table.rows[line][*sizes], table.place(line), "input_px");
    }
    text_ = "unknown";
  }

  void put(Row& row, const std::string& spelling) const {
    const auto found = by_model_.find(spelling);
    const std::optional<std::int64_t> pixels = found != by_model_.end() ? std::optional(found->second) : one_;
    row.input_height = row.input_width = pixels;
    if (!pixels) row.notes.push_back(fmt::format("input: {} px", text_));
  }

 private:
  std::string text_;
  std::optional<std::int64_t> one_;
  std::map<std::string, std::int64_t> by_model_;
};

/// Notes that every row of a table carries.
std::vector<std::string> conditions_of(const PublishedSource& source) {
  std::vector<std::string> notes{fmt::format("published: {}, {}", source.citation, source.figure)};
  const std::size_t open = source.figure.find("(digitised"), close = source.figure.rfind(')');
  if (open != std::string::npos && close != std::string::npos && close > open) {
    notes.push_back("read off a figure: " + source.figure.substr(open + 1, close - open - 1));
  }
  if (!source.data_set.empty()) notes.push_back("data set: " + source.data_set);
  if (!source.timed.empty()) notes.push_back("timed: " + source.timed);
  return notes;
}

/// A zoo name, or the study's own spelling marked as such.
void put_model(Row& row, const PublishedSource& source, const std::map<std::string, Name>& names, const std::string& spelling) {
  const auto found = names.find(spelling);
  if (found != names.end() && !found->second.model.empty()) {
    row.model = found->second.model;
    if (row.model != spelling) row.notes.push_back(fmt::format("the study writes {}", spelling));
    return;
  }
  row.model = fmt::format("{}:{}", source.study, spelling);
  if (found == names.end())
    row.notes.push_back("names.csv does not say which network this is");
  else
    row.notes.push_back("no network of the zoo: " + found->second.note);
}

const Unit& unit_of(const PublishedSource& source, const std::string& file) {
  for (const Unit& unit : kUnits) {
    if (unit.name == source.unit) return unit;
  }
  throw Error(ErrorCode::input, fmt::format("{}: sources.csv gives the unit '{}', which is not known here", file, source.unit),
              "use ms, inferences/s, inferences/s/W or MB");
}

std::size_t require_column(const CsvTable& table, const std::string& title) {
  if (const auto column = table.column(title)) return *column;
  throw Error(ErrorCode::input, fmt::format("{} lacks the column '{}' that sources.csv promises", table.name, title),
              "restore the table as it was published, or correct its line in sources.csv");
}

nlohmann::json to_json(const PublishedSource& source) {
  nlohmann::json json;
  for (const auto& [column, member] : kSourceColumns) json[std::string(column)] = source.*member;
  return json;
}

}  // namespace

std::optional<PublishedSource> published_source(const std::filesystem::path& file) {
  const std::filesystem::path sources = file.parent_path() / "sources.csv";
  std::error_code cause;
  if (!std::filesystem::is_regular_file(sources, cause)) return std::nullopt;
  const CsvTable table = read_csv(sources);
  // Another project's sources.csv is none of ours.
  for (const auto& [column, member] : kSourceColumns) {
    if (!table.column(column)) return std::nullopt;
  }
  for (const std::vector<std::string>& cells : table.rows) {
    PublishedSource source;
    for (const auto& [column, member] : kSourceColumns) source.*member = cells[*table.column(column)];
    if (source.file == file.filename()) return source;
  }
  return std::nullopt;
}

ImportedFile read_published(const CsvTable& table, const PublishedSource& source, const std::filesystem::path& folder) {
  if (source.import_as != "measurement") {
    throw Error(ErrorCode::input, fmt::format("{} holds {}, not measurements: there is nothing to import", table.name, source.import_as),
                "sources.csv says what each table is; those marked `measurement` can be imported");
  }
  const Unit& unit = unit_of(source, table.name);
  const std::size_t model = require_column(table, "model"), value = require_column(table, source.value_column);
  const auto batch = table.column("batch"), platform = table.column("platform"), precision = table.column("precision");
  std::set<std::size_t> taken{model, value};
  for (const auto& column : {batch, platform, precision}) {
    if (column) taken.insert(*column);
  }

  const Setup setup = setup_of(source.timed);
  const std::map<std::string, Name> names = names_of(source.study, folder);
  const InputSizes sizes(source.input_px, folder);
  ImportedFile imported;
  imported.source = fmt::format("{}: {}", source.study, source.file);
  imported.conditions_json = to_json(source).dump();
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    if (!taken.contains(i)) imported.noted_columns.push_back(table.header[i]);
  }

  for (std::size_t line = 0; line < table.rows.size(); ++line) {
    const std::vector<std::string>& cells = table.rows[line];
    const std::string place = table.place(line);
    if (trim(cells[value]).empty()) {
      ++imported.left_out;
      continue;
    }
    if (cells[model].empty())
      throw Error(ErrorCode::input, fmt::format("{}: the model has no name", place), "name it, or take the line out");
    Row row;
    row.source = imported.source;
    row.notes = conditions_of(source);
    put_model(row, source, names, cells[model]);
    sizes.put(row, cells[model]);
    row.engine = setup.engine;
    row.engine_version = setup.engine_version;
    row.platform = platform ? cells[*platform] : setup.platform;
    row.batch = batch ? std::optional(read_count(cells[*batch], place, "batch")) : setup.batch;
    if (precision) {
      row.precision = row.precision_requested = lower(cells[*precision]);
      row.notes.push_back("precision as the study labels it");
    }
    row.mode = unit.mode;
    row.protocol = "published";  // none of ours: it must not share a column with them unmarked
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!taken.contains(i) && !cells[i].empty()) row.notes.push_back(fmt::format("{}={}", table.header[i], cells[i]));
    }
    if (says_out_of_memory(cells[value])) {
      row.status = "out_of_memory";
    } else {
      row.status = "passed";
      unit.put(row, read_figure(cells[value], place, source.value_column));
    }
    imported.rows.push_back(std::move(row));
  }
  return imported;
}

}  // namespace inferometer::store

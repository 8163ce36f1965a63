#include "store/store.h"

#include <bit>
#include <cstring>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/evaluations.h"
#include "store/layers.h"
#include "store/loads.h"
#include "store/open.h"
#include "store/trainings.h"
#include "store/query.h"
#include "store/sqlite.h"

namespace inferometer::store {
namespace {

using nlohmann::json;

/// Text of a worker may hold any bytes; JSON may not.
std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Samples as little-endian 64-bit integers, one after the other.
std::vector<std::byte> to_blob(const std::vector<std::int64_t>& samples) {
  static_assert(std::endian::native == std::endian::little, "samples are stored little-endian");
  std::vector<std::byte> bytes(samples.size() * sizeof(std::int64_t));
  if (!samples.empty()) std::memcpy(bytes.data(), samples.data(), bytes.size());
  return bytes;
}

std::vector<std::int64_t> from_blob(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() % sizeof(std::int64_t) != 0) {
    throw Error(ErrorCode::input, fmt::format("{} is damaged: a start's samples take {} bytes, no multiple of 8", file, bytes.size()),
                "restore it from a copy");
  }
  std::vector<std::int64_t> samples(bytes.size() / sizeof(std::int64_t));
  if (!samples.empty()) std::memcpy(samples.data(), bytes.data(), bytes.size());
  return samples;
}

/// What makes two imported rows equal. Columns that came later count only where they hold something, so that the same file still finds
/// what it brought into an older store.
json import_content(const measure::Row& row) {
  json content = row;
  for (const std::string& column : accuracy_columns()) {
    if (content.at(column).is_null()) content.erase(column);
  }
  return content;
}

measure::StartRecord read_start(const Statement& statement, const std::string& file) {
  try {
    measure::StartRecord record = json::parse(statement.text(0)).get<measure::StartRecord>();
    record.samples_ns = from_blob(statement.blob(1), file);
    return record;
  } catch (const json::exception& problem) {
    throw Error(ErrorCode::input, fmt::format("{} is damaged: a start's record cannot be read: {}", file, one_line(problem.what(), 200)),
                "restore it from a copy");
  }
}

}  // namespace

struct Store::State {
  Database database;
  std::optional<std::int64_t> migrated_from;
  std::map<std::int64_t, std::int64_t> sightings;  ///< of each platform saved through this Store, the latest

  /// What of the platform was seen last, so that kernel and governor stand with the row.
  std::optional<std::int64_t> sighting(std::int64_t platform_id) const {
    const auto found = sightings.find(platform_id);
    return found == sightings.end() ? std::nullopt : std::optional(found->second);
  }

  /// Row's columns follow from parameter kFirstRowParameter on.
  Statement prepare_insert() const {
    std::string marks;
    for (std::size_t i = 0; i < measure::row_columns().size(); ++i) marks += ", ?";
    return database.prepare(fmt::format(
        "INSERT INTO rows(identity, platform_id, sighting_id, generation, import_id, created_at, {}) VALUES (?, ?, ?, ?, ?, ?{})",
        row_column_list(), marks));
  }
  static constexpr int kFirstRowParameter = 7;
};

Store::Store(const std::filesystem::path& file) {
  OpenedToWrite opened = open_to_write(file);
  state_ = std::make_unique<State>(State{std::move(opened.database), opened.migrated_from, {}});
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}

Store Store::reader(const std::filesystem::path& file) {
  return Store(std::make_unique<State>(State{open_to_read(file), std::nullopt, {}}));
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

std::optional<std::int64_t> Store::migrated_from() const { return state_->migrated_from; }

std::int64_t Store::save_platform(const std::string& identity, const std::string& name, const std::string& details_json) {
  Database& database = state_->database;
  Transaction transaction(database);
  database.prepare("INSERT INTO platforms(identity, name) VALUES (?, ?) ON CONFLICT(identity) DO UPDATE SET name = excluded.name")
      .with(std::string_view(identity), std::string_view(name))
      .run();
  Statement platform = database.prepare("SELECT id FROM platforms WHERE identity = ?");
  platform.with(std::string_view(identity)).step();
  const std::int64_t id = platform.integer(0);
  database.prepare("INSERT INTO platform_sightings(platform_id, details, first_seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .with(id, std::string_view(details_json), std::string_view(utc_timestamp()))
      .run();
  Statement sighting = database.prepare("SELECT id FROM platform_sightings WHERE platform_id = ? AND details = ?");
  sighting.with(id, std::string_view(details_json)).step();
  const std::int64_t sighting_id = sighting.integer(0);
  transaction.commit();
  state_->sightings[id] = sighting_id;
  return id;
}

void Store::save_start(const std::string& identity, const measure::Entry& entry, std::int64_t platform_id, std::int64_t generation,
                       const measure::StartRecord& start) {
  Database& database = state_->database;
  measure::StartRecord light = start;
  light.samples_ns.clear();
  const std::vector<std::byte> samples = to_blob(start.samples_ns);
  Transaction transaction(database);
  database.prepare("INSERT INTO entries(identity, entry) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .with(std::string_view(identity), std::string_view(dump(entry)))
      .run();
  database
      .prepare(
          "INSERT INTO starts(identity, platform_id, sighting_id, generation, start_index, status, created_at, "
          "core_roundtrip_before_ns, core_roundtrip_after_ns, record, samples) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(std::string_view(identity), platform_id, state_->sighting(platform_id), generation, std::int64_t{start.index},
            measure::name_of(start.status), std::string_view(utc_timestamp()), start.surroundings.core_roundtrip_before_ns,
            start.surroundings.core_roundtrip_after_ns, std::string_view(dump(light)), std::span<const std::byte>(samples))
      .run();
  transaction.commit();
}

std::vector<measure::StartRecord> Store::starts(const std::string& identity, std::int64_t generation) const {
  Statement statement = state_->database.prepare(
      "SELECT record, samples FROM starts WHERE id IN (SELECT max(id) FROM starts WHERE identity = ? AND generation = ? "
      "GROUP BY start_index) ORDER BY start_index");
  statement.with(std::string_view(identity), generation);
  std::vector<measure::StartRecord> records;
  while (statement.step()) records.push_back(read_start(statement, state_->database.name()));
  return records;
}

std::int64_t Store::newest_generation(const std::string& identity) const {
  Statement statement = state_->database.prepare(
      "SELECT max(coalesce((SELECT max(generation) FROM starts WHERE identity = ?1), 0), "
      "coalesce((SELECT max(generation) FROM rows WHERE identity = ?1), 0))");
  statement.with(std::string_view(identity)).step();
  return statement.integer(0);
}

void Store::save_row(const std::string& identity, std::int64_t platform_id, std::int64_t generation, const measure::Row& row) {
  measure::Row marked = row;
  if (marked.source.empty()) marked.source = kMeasured;
  Transaction transaction(state_->database);
  store::add_accuracy(state_->database, marked);
  Statement insert = state_->prepare_insert();
  insert.with(std::string_view(identity), platform_id, state_->sighting(platform_id), generation, nullptr,
              std::string_view(utc_timestamp()));
  bind_row(insert, State::kFirstRowParameter, marked);
  insert.run();
  transaction.commit();
}

std::optional<StoredRow> Store::newest_row(const std::string& identity) const {
  Query query;
  query.identities = {identity};
  std::vector<StoredRow> found = rows(query);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<StoredRow> Store::rows(const Query& query) const {
  Statement statement = prepare(state_->database, "id, identity, generation, " + row_column_list(), select(query));
  std::vector<StoredRow> rows;
  while (statement.step()) {
    rows.push_back(
        {statement.integer(0), std::string(statement.text(1)), statement.integer(2), read_row(statement, 3, state_->database.name())});
  }
  return rows;
}

Pivot Store::pivot(const Query& query, const std::string& down, const std::vector<std::string>& across, const std::string& value) const {
  return make_pivot(state_->database, query, down, across, value);
}

void Store::save_evaluation(const std::string& identity, std::int64_t platform_id, const measure::EvaluationRow& row,
                            const std::vector<measure::PictureAnswer>& pictures) {
  Transaction transaction(state_->database);
  insert_evaluation(state_->database, identity, platform_id, row, pictures);
  transaction.commit();
}

void Store::save_layers(const std::string& identity, std::int64_t platform_id, const std::vector<measure::LayerRow>& rows) {
  Transaction transaction(state_->database);
  insert_layers(state_->database, identity, platform_id, rows);
  transaction.commit();
}

std::vector<measure::LayerRow> Store::layers(const LayerQuery& query) const { return read_layers(state_->database, query); }

void Store::save_epoch(std::int64_t platform_id, const train::TrainingRow& row) {
  Transaction transaction(state_->database);
  replace_epoch(state_->database, platform_id, row);
  transaction.commit();
}

std::vector<train::TrainingRow> Store::epochs(const TrainingQuery& query) const { return read_epochs(state_->database, query); }

bool Store::has_layers(const std::string& identity) const { return store::has_layers(state_->database, identity); }

void Store::save_load(const std::string& identity, std::int64_t platform_id, const LoadRow& row) {
  Transaction transaction(state_->database);
  insert_load(state_->database, identity, platform_id, row);
  transaction.commit();
}

std::vector<LoadRow> Store::loads(const LoadQuery& query) const { return read_loads(state_->database, query); }

std::vector<measure::EvaluationRow> Store::evaluations(const EvaluationQuery& query) const {
  return read_evaluations(state_->database, query);
}

std::vector<measure::AnsweredPictures> Store::answered_pictures() const { return read_answered_pictures(state_->database); }

void Store::add_accuracy(measure::Row& row) const { store::add_accuracy(state_->database, row); }

std::vector<double> Store::core_roundtrips(std::int64_t platform_id) const {
  Statement statement =
      state_->database.prepare("SELECT core_roundtrip_before_ns, core_roundtrip_after_ns FROM starts WHERE platform_id = ?");
  statement.with(platform_id);
  std::vector<double> values;
  while (statement.step()) {
    for (const int column : {0, 1}) {
      if (!statement.is_null(column)) values.push_back(statement.number(column));
    }
  }
  return values;
}

std::optional<std::int64_t> Store::platform(const std::string& identity) const {
  Statement statement = state_->database.prepare("SELECT id FROM platforms WHERE identity = ?");
  statement.with(std::string_view(identity));
  return statement.step() ? std::optional(statement.integer(0)) : std::nullopt;
}

std::size_t Store::import_rows(const std::vector<measure::Row>& rows, const std::string& source, const std::string& conditions_json) {
  if (source.empty() || source == kMeasured) {
    throw Error(ErrorCode::usage, fmt::format("imported rows cannot have the source '{}'", source),
                "name where they were measured; 'measured' means measured by this instrument");
  }
  Database& database = state_->database;
  const std::string now = utc_timestamp();
  std::map<std::string, std::size_t> occurrences;
  std::size_t inserted = 0;
  Transaction transaction(database);
  database.prepare("INSERT INTO imports(source, conditions, created_at, inserted_rows) VALUES (?, ?, ?, 0)")
      .with(std::string_view(source), std::string_view(conditions_json), std::string_view(now))
      .run();
  const std::int64_t import_id = database.last_insert_id();
  Statement known = database.prepare("SELECT 1 FROM rows WHERE identity = ?");
  Statement insert = state_->prepare_insert();
  for (measure::Row row : rows) {
    row.source = source;
    // Content and count make the identity: the same file again finds itself, equal lines of one file stay apart.
    const std::string content = dump(import_content(row));
    const std::string identity = sha256_hex(fmt::format("import\n{}\n{}", occurrences[content]++, content));
    const bool is_known = known.with(std::string_view(identity)).step();
    known.reset();
    if (is_known) continue;
    insert.with(std::string_view(identity), nullptr, nullptr, std::int64_t{0}, import_id, std::string_view(now));
    bind_row(insert, State::kFirstRowParameter, row);
    insert.run();
    ++inserted;
  }
  if (inserted == 0) return 0;  // rolled back: an import that brought nothing leaves no trace
  database.prepare("UPDATE imports SET inserted_rows = ? WHERE id = ?").with(static_cast<std::int64_t>(inserted), import_id).run();
  transaction.commit();
  return inserted;
}

}  // namespace inferometer::store

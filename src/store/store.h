/// Keep rows, starts and raw samples in one SQLite file.
///
/// One Store, one connection, one thread. Several processes may open the same file: WAL, and every write is one
/// transaction with a busy timeout, so nothing is lost. The file's layout is docs/store.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/entry.h"
#include "measure/evaluation_row.h"
#include "measure/layer_row.h"
#include "measure/row.h"
#include "measure/start.h"
#include "store/load_row.h"
#include "train/training_row.h"

namespace inferometer::store {

inline constexpr int kSchemaVersion = 7;

/// One comparison of `--where`.
struct Condition {
  std::string column;      ///< one of row_columns()
  std::string comparison;  ///< = != < <= > >= like
  std::string value;       ///< bound as a parameter: a number for a column of numbers, else text, compared exactly
  bool is_null = false;    ///< `null`, unquoted: no value (`=` and `!=` only)
};

/// Parse `model=resnet18 and batch>=8 and engine like 'open%'`. A value with spaces stands in '...' or "..." (the quote doubled
/// inside). `and` and `like` are read without case. `like` compares text without case, % and _ as in SQL. `!=` holds for null
/// too. A comparison with `reasons` or `notes` (= != like) looks at each line of theirs. Only spaces: no conditions.
/// Throws Error{usage} naming the word and, for an unknown column, the nearest.
std::vector<Condition> parse_where(std::string_view text);

/// The same for conditions on evaluations, whose columns are evaluation_columns().
std::vector<Condition> parse_evaluation_where(std::string_view text);

/// The same for conditions on layers, whose columns are layer_columns().
std::vector<Condition> parse_layer_where(std::string_view text);

/// The same for conditions on loads, whose columns are load_columns().
std::vector<Condition> parse_load_where(std::string_view text);

/// The same for conditions on epochs of trainings, whose columns are train::training_columns().
std::vector<Condition> parse_training_where(std::string_view text);

/// The same for conditions on a table whose columns are not known yet: whoever uses them checks the names.
std::vector<Condition> parse_frame_where(std::string_view text);

/// The source of rows that `run` measured; no import may be called so.
inline constexpr std::string_view kMeasured = "measured";

struct Query {
  std::vector<Condition> where;
  bool newest_only = true;              ///< only each identity's newest row; `where` then chooses among these
  std::optional<std::string> source;    ///< kMeasured: rows of this instrument; else an import's source; nullopt: all
  std::vector<std::string> identities;  ///< only these, when not empty
};

struct EvaluationQuery {
  std::vector<Condition> where;         ///< of parse_evaluation_where()
  bool newest_only = true;              ///< only each identity's newest
  std::vector<std::string> identities;  ///< only these, when not empty
};

struct LayerQuery {
  std::vector<Condition> where;         ///< of parse_layer_where()
  bool newest_only = true;              ///< only each identity's newest profile
  std::vector<std::string> identities;  ///< only these, when not empty
};

struct LoadQuery {
  std::vector<Condition> where;  ///< of parse_load_where()
  bool newest_only = true;       ///< only each identity's newest
};

struct TrainingQuery {
  std::vector<Condition> where;  ///< of parse_training_where()
};

/// A row with the keys that tables do not show.
struct StoredRow {
  std::int64_t id = 0;
  std::string identity;
  std::int64_t generation = 0;  ///< the attempt that gave the row; 0 for imported ones
  measure::Row row;
};

/// A table of cells, each with the values of all rows that fall in it, in store order. A row without the value gives its
/// labels but no value, so a combination that ran out of memory has an empty cell.
struct Pivot {
  std::vector<std::string> rows, columns;               ///< labels, sorted as numbers where they are numbers
  std::vector<std::vector<std::vector<double>>> cells;  ///< [row][column] -> values
};

class Store {
 public:
  /// Open or create, to write. Throws Error{input}: not an SQLite file, not an inferometer store, or written by a newer version (both
  /// versions named); Error{io}: unreadable, unwritable or full. A file of an older version is migrated in one transaction: then older
  /// versions of inferometer can no longer open it. The folder must exist. A file that is refused is left as it was. Waits up to 30 s for
  /// other writers, here and below.
  explicit Store(const std::filesystem::path& file);
  /// Open to read, and leave the file as it is: what an older version wrote is brought up to date in a copy in memory, and neither file nor
  /// folder need be writable. Throws as above, and Error{io} where there is no file; saving is Error{io}.
  static Store reader(const std::filesystem::path& file);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// The schema version that opening found in the file and raised; nullopt: none was raised.
  std::optional<std::int64_t> migrated_from() const;

  /// Record the machine; returns its id. `identity` decides equality, `details` (JSON) is what was seen this time.
  std::int64_t save_platform(const std::string& identity, const std::string& name, const std::string& details_json);

  /// Keep one start (samples as a blob of 64-bit nanoseconds) at once: when this returns, neither a kill nor a power loss takes
  /// it away. Starts are only ever added.
  void save_start(const std::string& identity, const measure::Entry& entry, std::int64_t platform_id, std::int64_t generation,
                  const measure::StartRecord& start);
  /// Starts of an identity of the given generation, by index; of several with one index the newest. A generation is one attempt at
  /// measuring an entry whole; `--again` begins a new one.
  std::vector<measure::StartRecord> starts(const std::string& identity, std::int64_t generation) const;
  /// The newest generation of an identity, of starts or rows; 0 when there is none.
  std::int64_t newest_generation(const std::string& identity) const;

  /// Keep an entry's row; the newest row of an identity counts, older ones stay. A row without a source is `measured`, and gets the
  /// accuracy of the evaluations kept.
  void save_row(const std::string& identity, std::int64_t platform_id, std::int64_t generation, const measure::Row& row);
  std::optional<StoredRow> newest_row(const std::string& identity) const;
  std::vector<StoredRow> rows(const Query& query) const;  ///< in the order they were stored
  /// Group rows by one column down and one or more across (labels joined by " / "; null is "null"); `value` is a column of
  /// numbers. Throws Error{usage} for unknown columns.
  Pivot pivot(const Query& query, const std::string& down, const std::vector<std::string>& across, const std::string& value) const;

  /// Keep an evaluation; the newest of an identity counts, older ones stay. In the same transaction the measured rows that it speaks
  /// of get their accuracy (see measure::Row).
  /// @param pictures  what is kept of each picture; may be empty
  void save_evaluation(const std::string& identity, std::int64_t platform_id, const measure::EvaluationRow& row,
                       const std::vector<measure::PictureAnswer>& pictures = {});
  /// In the order they were stored.
  std::vector<measure::EvaluationRow> evaluations(const EvaluationQuery& query) const;
  /// Each identity's newest evaluation of those that kept their pictures, in the order they were stored.
  std::vector<measure::AnsweredPictures> answered_pictures() const;
  /// Keep the layers of one profile of an entry; the newest profile of an identity counts, older ones stay.
  void save_layers(const std::string& identity, std::int64_t platform_id, const std::vector<measure::LayerRow>& rows);
  /// By profile in the order they were stored, then by position.
  std::vector<measure::LayerRow> layers(const LayerQuery& query) const;
  bool has_layers(const std::string& identity) const;

  /// Keep one load; the newest of an identity counts, older ones stay.
  void save_load(const std::string& identity, std::int64_t platform_id, const LoadRow& row);
  /// In the order they were stored.
  std::vector<LoadRow> loads(const LoadQuery& query) const;
  /// Keep an epoch of a training; one that is there already (the training was resumed from before it) is replaced.
  void save_epoch(std::int64_t platform_id, const train::TrainingRow& row);
  /// By training in the order of their first epochs, then by epoch.
  std::vector<train::TrainingRow> epochs(const TrainingQuery& query) const;

  /// Fill in a row's accuracy from the evaluations kept; what there is none of stays as it is.
  void add_accuracy(measure::Row& row) const;

  /// The id of a machine that is known, by its identity.
  std::optional<std::int64_t> platform(const std::string& identity) const;
  /// Core round trips in ns of all starts on this platform (before and after), for the two clusters near and far. Unordered.
  std::vector<double> core_roundtrips(std::int64_t platform_id) const;

  /// Insert all or none, each marked with `source`. Returns how many were new: what an earlier import from the same source
  /// brought is not inserted again (rows of one import that are equal are kept as often as they occur).
  /// Throws Error{usage} when `source` is empty or kMeasured.
  std::size_t import_rows(const std::vector<measure::Row>& rows, const std::string& source, const std::string& conditions_json);

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace inferometer::store

#include "store/schema.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "store/store.h"

namespace inferometer::store {
namespace {

// Published steps never change: files out there were written by them. A new column or table is a new step.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE platforms(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE platform_sightings(
  id INTEGER PRIMARY KEY,
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  details TEXT NOT NULL,
  first_seen_at TEXT NOT NULL,
  UNIQUE(platform_id, details)
) STRICT;

CREATE TABLE entries(
  identity TEXT PRIMARY KEY,
  entry TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The samples stand last, so that reading what is before them touches no page of theirs.
CREATE TABLE starts(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL REFERENCES entries(identity),
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  sighting_id INTEGER REFERENCES platform_sightings(id),
  generation INTEGER NOT NULL,
  start_index INTEGER NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL,
  core_roundtrip_before_ns REAL,
  core_roundtrip_after_ns REAL,
  record TEXT NOT NULL,
  samples BLOB NOT NULL
) STRICT;
CREATE INDEX starts_by_entry ON starts(identity, generation, start_index);
CREATE INDEX starts_by_core ON starts(platform_id, core_roundtrip_before_ns, core_roundtrip_after_ns);

CREATE TABLE imports(
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  conditions TEXT NOT NULL,
  created_at TEXT NOT NULL,
  inserted_rows INTEGER NOT NULL
) STRICT;

CREATE TABLE rows(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  platform_id INTEGER REFERENCES platforms(id),
  sighting_id INTEGER REFERENCES platform_sightings(id),
  generation INTEGER NOT NULL,
  import_id INTEGER REFERENCES imports(id),
  created_at TEXT NOT NULL,
  model TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  parameters INTEGER,
  macs INTEGER,
  gmacs REAL,
  top1 REAL,
  top5 REAL,
  input_height INTEGER,
  input_width INTEGER,
  engine TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  engine_settings TEXT NOT NULL,
  device TEXT NOT NULL,
  precision TEXT NOT NULL,
  precision_requested TEXT NOT NULL,
  threads INTEGER,
  streams INTEGER,
  requests INTEGER,
  batch INTEGER,
  mode TEXT NOT NULL,
  protocol TEXT NOT NULL,
  status TEXT NOT NULL,
  verdict TEXT,
  reasons TEXT NOT NULL,
  notes TEXT NOT NULL,
  starts INTEGER,
  runs INTEGER,
  latency_median_ms REAL,
  latency_median_low_ms REAL,
  latency_median_high_ms REAL,
  latency_mean_ms REAL,
  latency_sample_stddev_ms REAL,
  latency_min_ms REAL,
  latency_p90_ms REAL,
  latency_p99_ms REAL,
  latency_p99_high_ms REAL,
  per_image_ms REAL,
  images_per_s REAL,
  load_ms REAL,
  first_inference_ms REAL,
  peak_memory_mb REAL,
  model_memory_mb REAL,
  core_roundtrip_ns REAL,
  core_state TEXT,
  timer_overhead_ns REAL,
  harness_ratio REAL,
  agreement_max_error REAL,
  agreement_top1_ratio REAL,
  platform TEXT NOT NULL,
  started_at TEXT NOT NULL,
  source TEXT NOT NULL,
  repro TEXT NOT NULL,
  inferometer_version TEXT NOT NULL,
  metric_version INTEGER
) STRICT;
CREATE INDEX rows_by_identity ON rows(identity);
CREATE INDEX rows_by_model ON rows(model, engine, batch);
CREATE INDEX rows_by_source ON rows(source);
)sql";

// Accuracy: evaluations, and their figures beside the measured rows of the same model, engine and precision.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE evaluations(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  created_at TEXT NOT NULL,
  model TEXT NOT NULL,
  engine TEXT NOT NULL,
  precision TEXT NOT NULL,
  images INTEGER,
  skipped_images INTEGER,
  correct_top1 INTEGER,
  correct_top5 INTEGER,
  top1 REAL,
  top1_low REAL,
  top1_high REAL,
  top5 REAL,
  top5_low REAL,
  top5_high REAL,
  accuracy_density REAL,
  accuracy_density_low REAL,
  accuracy_density_high REAL,
  images_per_s REAL,
  status TEXT NOT NULL,
  reasons TEXT NOT NULL,
  notes TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  parameters INTEGER,
  macs INTEGER,
  input_height INTEGER,
  input_width INTEGER,
  engine_version TEXT NOT NULL,
  engine_settings TEXT NOT NULL,
  device TEXT NOT NULL,
  precision_requested TEXT NOT NULL,
  threads INTEGER,
  streams INTEGER,
  batch INTEGER,
  data TEXT NOT NULL,
  data_sha256 TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  class_offset INTEGER,
  absent_images INTEGER,
  unlabelled_images INTEGER,
  load_ms REAL,
  platform TEXT NOT NULL,
  started_at TEXT NOT NULL,
  inferometer_version TEXT NOT NULL
) STRICT;
CREATE INDEX evaluations_by_identity ON evaluations(identity);
CREATE INDEX evaluations_by_model ON evaluations(model_sha256, engine, precision);
CREATE INDEX rows_by_model_sha256 ON rows(model_sha256, engine, precision);
ALTER TABLE rows ADD COLUMN measured_data TEXT;
ALTER TABLE rows ADD COLUMN measured_images INTEGER;
ALTER TABLE rows ADD COLUMN measured_top1 REAL;
ALTER TABLE rows ADD COLUMN measured_top1_low REAL;
ALTER TABLE rows ADD COLUMN measured_top1_high REAL;
ALTER TABLE rows ADD COLUMN measured_top5 REAL;
ALTER TABLE rows ADD COLUMN measured_top5_low REAL;
ALTER TABLE rows ADD COLUMN measured_top5_high REAL;
ALTER TABLE rows ADD COLUMN accuracy_density REAL;
ALTER TABLE rows ADD COLUMN accuracy_density_low REAL;
ALTER TABLE rows ADD COLUMN accuracy_density_high REAL;
)sql";

// Throughput's spread; power, energy, clock and temperature.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE rows ADD COLUMN images_per_s_low REAL;
ALTER TABLE rows ADD COLUMN images_per_s_high REAL;
ALTER TABLE rows ADD COLUMN below_full_flight_ratio REAL;
ALTER TABLE rows ADD COLUMN power_meter TEXT;
ALTER TABLE rows ADD COLUMN power_w REAL;
ALTER TABLE rows ADD COLUMN idle_power_w REAL;
ALTER TABLE rows ADD COLUMN energy_j REAL;
ALTER TABLE rows ADD COLUMN energy_above_idle_j REAL;
ALTER TABLE rows ADD COLUMN images_per_s_per_w REAL;
ALTER TABLE rows ADD COLUMN images_per_j REAL;
ALTER TABLE rows ADD COLUMN cpu_mhz_mean REAL;
ALTER TABLE rows ADD COLUMN cpu_mhz_min REAL;
ALTER TABLE rows ADD COLUMN temperature_c REAL;
)sql";

// Loads: what `load` measured of servers.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE loads(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  created_at TEXT NOT NULL,
  url TEXT NOT NULL,
  api TEXT NOT NULL,
  service TEXT NOT NULL,
  loop TEXT NOT NULL,
  concurrency INTEGER,
  rate_asked REAL,
  rate_obtained REAL,
  rate_low REAL,
  rate_high REAL,
  images_per_s REAL,
  latency_mean_ms REAL,
  latency_p50_ms REAL,
  latency_p50_low_ms REAL,
  latency_p50_high_ms REAL,
  latency_p90_ms REAL,
  latency_p95_ms REAL,
  latency_p99_ms REAL,
  latency_p99_high_ms REAL,
  latency_p99_corrected_ms REAL,
  latency_p999_ms REAL,
  latency_max_ms REAL,
  block_p50_low_ms REAL,
  block_p50_high_ms REAL,
  requests INTEGER,
  ok INTEGER,
  errors INTEGER,
  refused_connections INTEGER,
  closed_connections INTEGER,
  timeouts INTEGER,
  bad_statuses INTEGER,
  malformed INTEGER,
  not_sent INTEGER,
  wait_ms REAL,
  connect_ms REAL,
  transport_ms REAL,
  transform_ms REAL,
  predict_ms REAL,
  unexplained_ms REAL,
  server_mean_ms REAL,
  server_p50_ms REAL,
  server_p99_ms REAL,
  concurrency_obtained REAL,
  late_sends INTEGER,
  client_cpu_share REAL,
  client_cpu_us REAL,
  status TEXT NOT NULL,
  verdict TEXT,
  reasons TEXT NOT NULL,
  notes TEXT NOT NULL,
  purpose TEXT NOT NULL,
  send TEXT NOT NULL,
  data TEXT NOT NULL,
  bodies INTEGER,
  images_per_request INTEGER,
  connections INTEGER,
  connection_use TEXT NOT NULL,
  seconds REAL,
  warmup_seconds REAL,
  timeout_s REAL,
  seed INTEGER,
  sent_mb REAL,
  received_mb REAL,
  server TEXT NOT NULL,
  server_version TEXT NOT NULL,
  model TEXT NOT NULL,
  engine TEXT NOT NULL,
  server_batch INTEGER,
  platform TEXT NOT NULL,
  started_at TEXT NOT NULL,
  repro TEXT NOT NULL,
  inferometer_version TEXT NOT NULL
) STRICT;
CREATE INDEX loads_by_identity ON loads(identity);
)sql";

// Layers: what became of each layer of a profiled entry, and how long it took.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE layers(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  profile INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  model TEXT NOT NULL,
  engine TEXT NOT NULL,
  engine_settings TEXT NOT NULL,
  device TEXT NOT NULL,
  precision TEXT NOT NULL,
  threads INTEGER,
  batch INTEGER,
  position INTEGER,
  layer TEXT NOT NULL,
  operator TEXT NOT NULL,
  macs INTEGER,
  outcome TEXT NOT NULL,
  fused_into TEXT NOT NULL,
  mapping TEXT NOT NULL,
  engine_layer TEXT NOT NULL,
  engine_operator TEXT NOT NULL,
  kernel TEXT NOT NULL,
  layer_precision TEXT NOT NULL,
  time_us REAL,
  share_ratio REAL,
  cumulative_share_ratio REAL,
  gmacs_per_s REAL,
  runs INTEGER,
  statistic TEXT NOT NULL,
  total_us REAL,
  layers_us REAL,
  model_sha256 TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  precision_requested TEXT NOT NULL,
  input_height INTEGER,
  input_width INTEGER,
  platform TEXT NOT NULL,
  started_at TEXT NOT NULL,
  inferometer_version TEXT NOT NULL
) STRICT;
CREATE INDEX layers_by_identity ON layers(identity, profile);
)sql";

// What each picture was given, where it was asked for.
constexpr const char* kVersion6 = R"sql(
CREATE TABLE evaluation_pictures(
  evaluation_id INTEGER NOT NULL REFERENCES evaluations(id),
  position INTEGER NOT NULL,
  picture TEXT NOT NULL,
  label INTEGER NOT NULL,
  predicted INTEGER NOT NULL,
  right_probability REAL,
  PRIMARY KEY(evaluation_id, position)
) STRICT, WITHOUT ROWID;
)sql";

// Trainings: the figures of each epoch.
constexpr const char* kVersion7 = R"sql(
CREATE TABLE training_epochs(
  id INTEGER PRIMARY KEY,
  platform_id INTEGER NOT NULL REFERENCES platforms(id),
  created_at TEXT NOT NULL,
  training TEXT NOT NULL,
  model TEXT NOT NULL,
  epoch INTEGER,
  epochs INTEGER,
  learning_rate REAL,
  train_loss REAL,
  train_top1 REAL,
  validation_loss REAL,
  validation_top1 REAL,
  validation_top1_low REAL,
  validation_top1_high REAL,
  best INTEGER,
  images INTEGER,
  validation_images INTEGER,
  images_per_s REAL,
  seconds REAL,
  engine TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  device TEXT NOT NULL,
  threads INTEGER,
  batch INTEGER,
  optimizer TEXT NOT NULL,
  schedule TEXT NOT NULL,
  weights TEXT NOT NULL,
  seed INTEGER,
  classes INTEGER,
  input INTEGER,
  parameters INTEGER,
  data TEXT NOT NULL,
  data_sha256 TEXT NOT NULL,
  validation_data TEXT NOT NULL,
  folder TEXT NOT NULL,
  platform TEXT NOT NULL,
  started_at TEXT NOT NULL,
  repro TEXT NOT NULL,
  inferometer_version TEXT NOT NULL,
  UNIQUE(training, epoch)
) STRICT;
)sql";

constexpr std::array<SchemaStep, kSchemaVersion> kSteps{
    {{1, kVersion1}, {2, kVersion2}, {3, kVersion3}, {4, kVersion4}, {5, kVersion5}, {6, kVersion6}, {7, kVersion7}}};

}  // namespace

std::span<const SchemaStep> schema_steps() { return kSteps; }

void require_our_file(const Database& database, std::span<const SchemaStep> steps) {
  const std::int64_t application = database.integer("PRAGMA application_id");
  if (application != kApplicationId) {
    const bool empty = application == 0 && database.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (empty) return;
    throw Error(ErrorCode::input,
                fmt::format("{} is an SQLite database of another application (application id {:#x}, here {:#x})", database.name(),
                            static_cast<std::uint32_t>(application), kApplicationId),
                "name a store with --db, or a file that does not exist yet");
  }
  const std::int64_t version = database.integer("PRAGMA user_version");
  const std::int64_t newest = steps.back().version;
  if (version > newest) {
    throw Error(ErrorCode::input,
                fmt::format("{} has schema version {}, newer than version {} of this inferometer", database.name(), version, newest),
                "use the newer inferometer that wrote it, or another store with --db");
  }
}

std::optional<std::int64_t> bring_up_to_date(Database& database, std::span<const SchemaStep> steps) {
  require_our_file(database, steps);
  // Looked at before the transaction, so that a reader does not wait for a writer, and again within it.
  if (database.integer("PRAGMA user_version") == steps.back().version) return std::nullopt;
  Transaction transaction(database);
  require_our_file(database, steps);
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version == steps.back().version) return std::nullopt;
  for (const SchemaStep& step : steps) {
    if (step.version > version) database.execute(step.sql);
  }
  // A pragma takes no parameters; both are numbers of ours.
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, steps.back().version).c_str());
  transaction.commit();
  return version;
}

}  // namespace inferometer::store

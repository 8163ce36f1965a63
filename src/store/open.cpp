#include "store/open.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "store/schema.h"

namespace inferometer::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kElsewhere = "name another file with --db";

[[noreturn]] void refuse(ErrorCode code, const fs::path& file, const std::string& problem, const std::string& hint) {
  throw Error(code, fmt::format("{} {}", file.string(), problem), hint);
}

/// See from outside whether a store can be here, so that a refusal leaves no file behind.
fs::file_status require_place(const fs::path& file) {
  if (file.empty()) throw Error(ErrorCode::usage, "the store's file name is empty", kElsewhere);
  std::error_code cause;
  const fs::file_status status = fs::status(file, cause);
  if (status.type() == fs::file_type::none) refuse(ErrorCode::io, file, "cannot be reached: " + cause.message(), kElsewhere);
  if (fs::is_directory(status)) refuse(ErrorCode::input, file, "is a folder", "name a file in it with --db");
  if (fs::exists(status) && !fs::is_regular_file(status)) refuse(ErrorCode::input, file, "is not a regular file", kElsewhere);
  return status;
}

fs::path folder_of(const fs::path& file) { return fs::absolute(file).parent_path(); }

/// @return 0 where this user may, else the error
int missing_right(const fs::path& path, int wanted) { return faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0 ? 0 : errno; }

void require_right(const fs::path& file, const fs::path& path, int wanted, const std::string& problem, const char* hint) {
  const int missing = missing_right(path, wanted);
  if (missing != 0) refuse(ErrorCode::io, file, fmt::format("{}: {}", problem, std::generic_category().message(missing)), hint);
}

void require_writable_place(const fs::path& file) {
  const fs::file_status status = require_place(file);
  const fs::path folder = folder_of(file);
  if (!fs::is_directory(folder)) {
    refuse(ErrorCode::io, file, fmt::format("cannot be created: the folder {} does not exist", folder.string()),
           "create the folder, or name another file with --db");
  }
  const char* rights =
      "a store that is written and its folder must be readable and writable; copy the file to a place that is, or change its rights";
  if (fs::exists(status)) {
    require_right(file, file, R_OK, "cannot be read", rights);
    require_right(file, file, W_OK, "cannot be written", rights);
  }
  require_right(file, folder, W_OK | X_OK, fmt::format("cannot be written: nothing can be created in {}", folder.string()), rights);
}

void require_readable_place(const fs::path& file) {
  if (!fs::exists(require_place(file))) refuse(ErrorCode::io, file, "does not exist", kElsewhere);
  require_right(file, file, R_OK, "cannot be read", "copy the file to a place where it can be, or change its rights");
}

/// Look at the header alone: opening another application's file for good could already replay its log into it.
void refuse_foreign_file(const fs::path& file) {
  std::error_code cause;
  const std::uintmax_t bytes = fs::file_size(file, cause);
  if (cause || bytes == 0) return;
  constexpr std::uintmax_t kSmallestPage = 512;  // below, SQLite takes a file for an empty one and overwrites it
  if (bytes < kSmallestPage)
    refuse(ErrorCode::input, file, "is not an SQLite database", "name a store with --db, or a file that does not exist yet");
  try {
    require_our_file(Database(file, Database::Access::immutable), schema_steps());
  } catch (const DamagedFile&) {  // a kill while the log was copied looks like this; opening it in earnest mends it
  }
}

/// Another process that opens the same new file may hold it for a moment, and SQLite does not wait for this switch.
void use_write_ahead_log(Database& database) {
  using Clock = std::chrono::steady_clock;
  for (const auto deadline = Clock::now() + kBusyTimeout;;) {
    try {
      if (database.text("PRAGMA journal_mode") == "wal") return;
      database.execute("PRAGMA journal_mode = WAL");
      return;  // a file system without shared memory keeps the rollback journal, which is as durable
    } catch (const BusyFile&) {
      if (Clock::now() > deadline) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

void require_tables(const Database& database) {
  if (database.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                       "('platforms', 'platform_sightings', 'entries', 'starts', 'imports', 'rows', 'evaluations', 'loads', 'layers', "
                       "'training_epochs')") != 10) {
    refuse(ErrorCode::input, database.name(), "is damaged: a table is missing", "restore it from a copy");
  }
}

bool holds_bytes(const fs::path& file, const char* ending) {
  std::error_code none;
  const std::uintmax_t bytes = fs::file_size(file.string() + ending, none);
  return !none && bytes > 0;
}

/// What lies beside the file and makes it less than the whole: "-wal" holds what was committed and is not in the file yet, "-journal" what
/// must be taken back from it. Null: nothing.
const char* log_of(const fs::path& file) {
  for (const char* ending : {"-wal", "-journal"})
    if (holds_bytes(file, ending)) return ending;
  return nullptr;
}

/// How file and log lie there; equal before and after means that nobody wrote between.
std::pair<fs::file_time_type, std::uintmax_t> state_of(const fs::path& file) { return {fs::last_write_time(file), fs::file_size(file)}; }

/// Whether what SQLite makes beside the file would be its owner's.
bool belongs_to_us(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

/// A file in a place where SQLite can make neither a lock nor a log.
Database open_protected(const fs::path& file) {
  // Without a log all is in the file, and somebody else who may write there would have made one. A journal may be gone in a moment.
  constexpr int kAttempts = 40;
  for (int attempt = 0; attempt < kAttempts && !holds_bytes(file, "-wal"); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (log_of(file) != nullptr) continue;
    const auto before = state_of(file);
    Database copy = Database(file, Database::Access::immutable).copy_in_memory();
    if (log_of(file) == nullptr && state_of(file) == before) return copy;
  }
  // Only beside a "-shm" that is there, or as the owner: one that SQLite made for us would lock its owner out of his own store.
  std::error_code ignored;
  if ((fs::exists(file.string() + "-shm", ignored) || belongs_to_us(file)) && !holds_bytes(file, "-journal")) {
    try {
      Database database(file, Database::Access::read_only);
      database.integer("SELECT count(*) FROM sqlite_schema");
      return database;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::io) throw;
    }
  }
  const char* const log = log_of(file);
  if (log == nullptr)
    refuse(ErrorCode::io, file, "is written to all the while, and cannot be locked where it cannot be written", "try again");
  refuse(ErrorCode::io, file,
         fmt::format("cannot be read where it cannot be written: {}{} beside it holds a part of it", file.string(), log),
         "copy both files to a folder that can be written, `chmod u+w` the copies, and read those");
}

Database open_unchanged(const fs::path& file) {
  const bool writable = missing_right(file, W_OK) == 0 && missing_right(folder_of(file), W_OK | X_OK) == 0;
  return writable ? Database(file, Database::Access::read) : open_protected(file);
}

}  // namespace

OpenedToWrite open_to_write(const fs::path& file) {
  require_writable_place(file);
  refuse_foreign_file(file);
  Database database(file, Database::Access::read_write);
  database.execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  std::optional<std::int64_t> migrated_from = bring_up_to_date(database, schema_steps());
  if (migrated_from == 0) migrated_from.reset();
  use_write_ahead_log(database);
  require_tables(database);
  return {std::move(database), migrated_from};
}

Database open_to_read(const fs::path& file) {
  require_readable_place(file);
  refuse_foreign_file(file);
  Database database = open_unchanged(file);
  require_our_file(database, schema_steps());
  if (database.integer("PRAGMA user_version") != schema_steps().back().version) {
    database = database.copy_in_memory();
    bring_up_to_date(database, schema_steps());
    database.execute("PRAGMA query_only = ON");
  }
  require_tables(database);
  return database;
}

}  // namespace inferometer::store

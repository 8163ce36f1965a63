#include "store/sqlite.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace inferometer::store {
namespace {

[[noreturn]] void fail_with(int result, const std::string& file, const char* detail) {
  switch (result & 0xff) {
    case SQLITE_NOTADB:
      throw Error(ErrorCode::input, file + " is not an SQLite database", "name a store with --db, or a file that does not exist yet");
    case SQLITE_CORRUPT:
      throw DamagedFile(ErrorCode::input, fmt::format("{} is damaged: {}", file, detail),
                        "restore it from a copy, or save what can be read with `sqlite3 FILE .recover`");
    case SQLITE_FULL:
      throw Error(ErrorCode::io, fmt::format("{} cannot be written: the disk is full", file),
                  "make room; what was committed before is safe");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw BusyFile(ErrorCode::io, fmt::format("{} has been locked by another process for {} s", file, kBusyTimeout.count()),
                     "end the process that holds it, or use another store with --db");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(ErrorCode::io, fmt::format("{} cannot be written: {}", file, detail),
                  "a store and its folder must be writable; copy the file to a place that is");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      throw Error(ErrorCode::io, fmt::format("{} cannot be read or written: {}", file, detail),
                  "check the disk, its free space and the rights on the file and its folder");
    case SQLITE_NOMEM: throw Error(ErrorCode::out_of_memory, fmt::format("{}: memory ran out", file));
    default: throw Error(ErrorCode::internal, fmt::format("{}: {} (SQLite result {})", file, detail, result));
  }
}

/// The path as SQLite's URI, so that no name means something special and no character is cut off.
std::string uri_of(const std::filesystem::path& file, const char* parameters) {
  std::string uri = "file://";
  for (const char letter : std::filesystem::absolute(file).string()) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
                       letter == '/' || letter == '.' || letter == '-' || letter == '_';
    if (plain)
      uri += letter;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return uri + parameters;
}

int flags_of(Database::Access access) {
  switch (access) {
    case Database::Access::read_write: return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Database::Access::read: return SQLITE_OPEN_READWRITE;
    case Database::Access::read_only:
    case Database::Access::immutable: break;
  }
  return SQLITE_OPEN_READONLY;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Statement::Statement(sqlite3* connection, const std::string* name, std::string_view sql) : connection_(connection), name_(name) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK) fail();
  handle_.reset(statement);
}

void Statement::fail() const { fail_with(sqlite3_extended_errcode(connection_), *name_, sqlite3_errmsg(connection_)); }

void Statement::bind(int parameter, std::nullptr_t) {
  if (sqlite3_bind_null(handle_.get(), parameter) != SQLITE_OK) fail();
}

void Statement::bind(int parameter, std::int64_t value) {
  if (sqlite3_bind_int64(handle_.get(), parameter, value) != SQLITE_OK) fail();
}

void Statement::bind(int parameter, double value) {
  // An infinity would come back from JSON as null, so it is null from the start.
  if (!std::isfinite(value)) return bind(parameter, nullptr);
  if (sqlite3_bind_double(handle_.get(), parameter, value) != SQLITE_OK) fail();
}

void Statement::bind(int parameter, std::string_view value) {
  // A null pointer would bind NULL; an empty view may hold one.
  const char* data = value.data() != nullptr ? value.data() : "";
  if (sqlite3_bind_text64(handle_.get(), parameter, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) fail();
}

void Statement::bind(int parameter, std::span<const std::byte> blob) {
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  if (sqlite3_bind_blob64(handle_.get(), parameter, data, blob.size(), SQLITE_TRANSIENT) != SQLITE_OK) fail();
}

bool Statement::step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) fail();
  return false;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

// The result only repeats that of the last step, which has been thrown.
void Statement::reset() { sqlite3_reset(handle_.get()); }

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
double Statement::number(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return data == nullptr ? std::string_view{}
                         : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
  return {data, data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

Database::Database(std::string name, const std::string& uri, int flags) : name_(std::make_unique<std::string>(std::move(name))) {
  sqlite3* connection = nullptr;
  const int result =
      sqlite3_open_v2(uri.c_str(), &connection, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(connection);
  if (result != SQLITE_OK) fail_with(result, *name_, connection != nullptr ? sqlite3_errmsg(connection) : "cannot be opened");
  sqlite3_busy_timeout(connection, static_cast<int>(std::chrono::milliseconds(kBusyTimeout).count()));
  // The file may come from anybody: its schema must not run functions, and its pages are checked as they are read.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute("PRAGMA cell_size_check = ON");
}

Database::Database(const std::filesystem::path& file, Access access)
    : Database(file.string(), uri_of(file, access == Access::immutable ? "?immutable=1" : ""), flags_of(access)) {
  if (access == Access::read) execute("PRAGMA query_only = ON");
}

Database Database::copy_in_memory() const {
  Database copy(*name_, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY);
  sqlite3* const to = copy.handle_.get();
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", handle_.get(), "main");
  if (backup == nullptr) fail_with(sqlite3_extended_errcode(to), *name_, sqlite3_errmsg(to));
  // Busy and locked are told by the step alone.
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  const int result = step == SQLITE_DONE ? finish : step;
  if (result != SQLITE_OK) fail_with(result, *name_, sqlite3_errstr(result));
  return copy;
}

void Database::execute(const char* sql) {
  const int result = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail_with(result, *name_, sqlite3_errmsg(handle_.get()));
}

Statement Database::prepare(std::string_view sql) const { return {handle_.get(), name_.get(), sql}; }

std::int64_t Database::integer(std::string_view sql) const {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Database::text(std::string_view sql) const {
  Statement statement = prepare(sql);
  return statement.step() ? std::string(statement.text(0)) : std::string();
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {  // SQLite has rolled back already, as it does when the disk is full
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace inferometer::store

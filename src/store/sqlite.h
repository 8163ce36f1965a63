/// Own SQLite's handles and turn its result codes into Error.
///
/// One connection, one thread. Statements must not outlive their Database. Throughout: Error{input} for content that is
/// damaged or no database, Error{io} for what the file system or another process refuses, Error{internal} for wrong SQL.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace inferometer::store {

/// Error{input} for content that SQLite finds damaged. Told apart because a log beside the file may still mend it.
class DamagedFile : public Error {
 public:
  using Error::Error;
};

/// Error{io}: another process kept the file locked.
class BusyFile : public Error {
 public:
  using Error::Error;
};

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite.
class Statement {
 public:
  void bind(int parameter, std::nullptr_t);
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, double value);  ///< not a number or infinite: NULL
  void bind(int parameter, std::string_view value);
  void bind(int parameter, std::span<const std::byte> blob);
  template <typename Value>
  void bind(int parameter, const std::optional<Value>& value) {
    if (value)
      bind(parameter, *value);
    else
      bind(parameter, nullptr);
  }
  /// Bind all parameters in order.
  template <typename... Values>
  Statement& with(const Values&... values) {
    int parameter = 0;
    (bind(++parameter, values), ...);
    return *this;
  }

  bool step();   ///< true: a row is ready; false: done
  void reset();  ///< ready to be bound and stepped again
  void run();    ///< step() to the end, then reset()

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double number(int column) const;
  std::string_view text(int column) const;            ///< valid until the next step()
  std::span<const std::byte> blob(int column) const;  ///< valid until the next step()

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* connection, const std::string* name, std::string_view sql);
  [[noreturn]] void fail() const;

  sqlite3* connection_;
  const std::string* name_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// A connection.
class Database {
 public:
  enum class Access : std::uint8_t {
    read_write,  ///< created when missing
    read,        ///< beside writers: locks and the log are used as by them, so the folder must be writable; nothing is saved
    read_only,   ///< as far as that goes where nothing may be written: without a log, or with one that a writer has open
    /// Look at the main file as it lies there: no lock, no log, nothing written. Only for what nobody writes meanwhile.
    immutable,
  };
  Database(const std::filesystem::path& file, Access access);

  /// All of it as it is at one moment, in memory; it keeps the name.
  Database copy_in_memory() const;

  void execute(const char* sql);  ///< one or more statements without results
  Statement prepare(std::string_view sql) const;
  std::int64_t integer(std::string_view sql) const;  ///< the first column of the first row; 0 without a row
  std::string text(std::string_view sql) const;      ///< the same as text; empty without a row
  std::int64_t last_insert_id() const;
  const std::string& name() const { return *name_; }  ///< the file, for messages

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  Database(std::string name, const std::string& uri, int flags);

  std::unique_ptr<std::string> name_;  // its address stays when the Database moves
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A write transaction: everything until commit(), or nothing. Waits for another writer up to kBusyTimeout.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

inline constexpr std::chrono::seconds kBusyTimeout{30};

}  // namespace inferometer::store

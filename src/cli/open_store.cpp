#include "cli/open_store.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"

namespace inferometer::cli {

store::Store open_existing(const std::string& database) {
  if (!std::filesystem::exists(database)) {
    throw Error(ErrorCode::input, fmt::format("{}: there is no store here", database),
                "`inferometer run` makes one; --db or INFEROMETER_DB names another");
  }
  return store::Store(database);
}

}  // namespace inferometer::cli

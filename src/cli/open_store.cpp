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
  return store::Store::reader(database);
}

store::Store open_to_write(const Context& context) {
  store::Store store{std::filesystem::path(context.database)};
  if (const auto version = store.migrated_from()) {
    context.say(fmt::format("{}: brought from schema version {} to {}; older versions of inferometer can no longer use it",
                            context.database, *version, store::kSchemaVersion));
  }
  return store;
}

}  // namespace inferometer::cli

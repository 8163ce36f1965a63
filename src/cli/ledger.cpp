#include "cli/ledger.h"

namespace inferometer::cli {

measure::Ledger::Newest StoreLedger::newest(const std::string& identity) {
  Newest newest;
  newest.generation = store_.newest_generation(identity);
  if (auto row = store_.newest_row(identity)) {
    newest.row = std::move(row->row);
    newest.row_generation = row->generation;
  }
  return newest;
}

std::vector<measure::StartRecord> StoreLedger::starts(const std::string& identity, std::int64_t generation) {
  return store_.starts(identity, generation);
}

void StoreLedger::keep_start(const std::string& identity, const measure::Entry& entry, std::int64_t generation,
                             const measure::StartRecord& start) {
  store_.save_start(identity, entry, platform_id_, generation, start);
}

void StoreLedger::keep_row(const std::string& identity, std::int64_t generation, const measure::Row& row) {
  store_.save_row(identity, platform_id_, generation, row);
}

std::vector<double> StoreLedger::core_roundtrips() { return store_.core_roundtrips(platform_id_); }

}  // namespace inferometer::cli

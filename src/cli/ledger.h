/// Let the runner keep what it measures in the store.
#pragma once

#include "measure/runner.h"
#include "store/store.h"

namespace inferometer::cli {

/// A Ledger on a Store that outlives it, for one platform.
class StoreLedger : public measure::Ledger {
 public:
  StoreLedger(store::Store& store, std::int64_t platform_id) : store_(store), platform_id_(platform_id) {}
  Newest newest(const std::string& identity) override;
  std::vector<measure::StartRecord> starts(const std::string& identity, std::int64_t generation) override;
  void keep_start(const std::string& identity, const measure::Entry& entry, std::int64_t generation,
                  const measure::StartRecord& start) override;
  void keep_row(const std::string& identity, std::int64_t generation, const measure::Row& row) override;
  std::vector<double> core_roundtrips() override;

 private:
  store::Store& store_;
  std::int64_t platform_id_;
};

}  // namespace inferometer::cli

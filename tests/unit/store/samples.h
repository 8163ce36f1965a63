/// Things that the store's tests keep: a folder that goes away, rows, entries and starts that differ.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/error.h"
#include "measure/entry.h"
#include "measure/row.h"
#include "measure/start.h"

namespace inferometer::store {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "inferometer_store_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

inline void put_file(const std::filesystem::path& file, const std::string& content) { std::ofstream(file, std::ios::binary) << content; }

inline measure::Row sample_row(const std::string& model, std::int64_t batch, double per_image_ms) {
  measure::Row row;
  row.model = model;
  row.engine = "fake";
  row.engine_version = "1";
  row.device = "cpu";
  row.precision = row.precision_requested = "fp32";
  row.mode = "latency";
  row.protocol = "default";
  row.status = "passed";
  row.verdict = "valid";
  row.batch = batch;
  row.per_image_ms = per_image_ms;
  row.platform = "test machine";
  return row;
}

inline measure::Entry sample_entry(const std::string& model) {
  measure::Entry entry;
  entry.model.name = model;
  entry.engine = "fake";
  entry.device = "cpu";
  return entry;
}

inline measure::StartRecord sample_start(int index, std::vector<std::int64_t> samples) {
  measure::StartRecord start;
  start.index = index;
  start.samples_ns = std::move(samples);
  start.load_ms = 12.5;
  start.obtained_own = {{"graph", "basic"}};
  start.surroundings.core_roundtrip_before_ns = 100.0 + index;
  start.started_at = "2026-01-31T12:34:56Z";
  return start;
}

/// Run `act` and expect an Error of this code whose message holds `part` and that says what to do.
template <typename Act>
void expect_error(ErrorCode code, const std::string& part, Act act) {
  try {
    act();
    ADD_FAILURE() << "no error; expected one with: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
  }
}

}  // namespace inferometer::store

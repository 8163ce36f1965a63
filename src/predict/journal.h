/// Keep the timings of a calibration in a file of JSON lines, so that an interrupted one goes on where it was.
///
/// The first line says what was being timed (JournalKey); every further line is one timing, written and flushed as it ends. A last line
/// that was cut off is dropped. One process at a time; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace inferometer::predict {

/// One model timed once: a probe or a whole network.
struct Timing {
  std::string name;
  bool network = false;
  std::int64_t batch = 1;
  int pass = 0;                          ///< 0, 1, ...: each in a worker of its own
  std::vector<double> block_medians_ms;  ///< of a request
  double load_ms = 0;
  double baseline_mb = 0, peak_mb = 0;      ///< resident; networks only
  std::optional<double> core_roundtrip_ns;  ///< the worst reading around it; null for one thread
  std::string failure;                      ///< not empty: it could not be timed, for this reason
};
void to_json(nlohmann::json& json, const Timing& timing);
void from_json(const nlohmann::json& json, Timing& timing);

/// The figure of a timing: the median of its blocks.
double milliseconds(const Timing& timing);

class Journal {
 public:
  /// Open or begin the file. @param key  everything that timings depend on: engine, version, machine, threads, seed, ...
  /// Throws Error{input} where the file belongs to another key (naming what differs) or a line is damaged (naming it); Error{io}.
  Journal(std::filesystem::path path, const nlohmann::json& key);

  const std::vector<Timing>& timings() const { return timings_; }
  const Timing* find(const std::string& name, std::int64_t batch, int pass) const;
  /// Throws Error{io}.
  void append(const Timing& timing);

 private:
  std::filesystem::path path_;
  std::vector<Timing> timings_;
  std::ofstream file_;
};

}  // namespace inferometer::predict

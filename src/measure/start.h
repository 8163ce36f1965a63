/// What one fresh start of an entry gave.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "measure/power.h"

namespace inferometer::measure {

enum class Status : std::uint8_t { passed, skipped, unsupported, failed, out_of_memory, timed_out };
std::string_view name_of(Status status);
std::optional<Status> status(std::string_view name);

/// How the engine's outputs compare with known ones; computed in the first start.
struct Agreement {
  std::optional<double> max_error;   ///< max over images of max|a-b| / max|b-mean(b)|; null: nothing proven
  std::optional<double> top1_ratio;  ///< share of images with the same best class
  double tolerance = 0;
  std::string against;  ///< "reference 0.1.0", or another engine
  std::string note;     ///< why null: "outputs hardly depend on input", "no real images for int8", ...
  bool not_finite = false, constant = false, all_zero = false;  ///< of the engine's own outputs
};

/// Bytes, read inside the worker; 0: unknown.
struct Memory {
  std::int64_t baseline = 0;  ///< VmRSS with the plugin open
  std::int64_t after_load = 0;
  std::int64_t after_first = 0;  ///< after the first inference
  std::int64_t peak = 0;         ///< VmHWM
  std::int64_t device_peak = 0;  ///< of an accelerator
};

/// What happened around the timed loop; nullopt: the sensor is not there.
struct Surroundings {
  std::optional<double> core_roundtrip_before_ns, core_roundtrip_after_ns;
  std::optional<double> foreign_load_ratio;  ///< processor time of other processes / (cores x loop's wall time)
  std::optional<double> stolen_ratio;        ///< hypervisor's steal / (cores x wall time)
  std::optional<std::int64_t> throttle_events;
  std::optional<double> cpu_mhz_mean, cpu_mhz_min, temperature_c;  ///< over the loop: measure/processor_state.h
  std::optional<double> repeat_speedup, repeat_speedup_low;        ///< caching probe: new/repeated input time, lower 95 % bound
};

/// What a call through the server took beside its own time (the samples). Means over the kept calls, ms.
struct ServedTimes {
  double client_ms = 0;     ///< from the request's first byte to the answer's last, as the client saw it
  double transform_ms = 0;  ///< of the server's time: reading, decoding and resizing pictures
};

/// What R requests in flight side by side did (measure/flights.h).
struct ThroughputWindow {
  double seconds = 0;                        ///< from the first start after the ramp to the last completion
  double requests = 0;                       ///< work done in it: those that its ends cut count in part
  double below_full_flight_ratio = 0;        ///< share of it with fewer in flight than R
  std::vector<double> block_requests_per_s;  ///< of its equal parts, in order
};

/// What a power meter says of one start's timed loop; docs/power.md.
struct StartPower {
  std::string meter, covers;           ///< empty: none could be read
  std::optional<double> energy_j;      ///< of the window
  std::optional<double> idle_power_w;  ///< mean, before the start
  std::string problem, idle_problem;   ///< why null, one line each
};

struct StartRecord {
  int index = 0;  ///< 0-based start of the entry
  Status status = Status::passed;
  std::string reason;                    ///< one line: error, operator, setting
  std::string log_tail;                  ///< worker's stdout and stderr, last 64 kB, kept with a failure
  std::vector<std::int64_t> samples_ns;  ///< kept requests, in order
  std::int64_t dropped = 0;              ///< requests of the loop that the protocol drops
  std::int64_t warmup_requests = 0;
  double load_ms = 0;
  double first_inference_ms = 0;
  double timer_overhead_ns = 0;
  std::string obtained_device, obtained_precision;
  int obtained_threads = 0, obtained_streams = 0;
  std::map<std::string, std::string> obtained_own;
  std::int64_t input_height = 0, input_width = 0;
  bool computes = true;    ///< EngineInfo::computes
  bool quantized = false;  ///< the file is int8
  std::optional<Agreement> agreement;
  Memory memory;
  Surroundings surroundings;
  std::optional<ServedTimes> served;       ///< through the server
  std::optional<ThroughputWindow> window;  ///< several requests in flight; samples_ns are then in the order of their ends
  std::optional<TimeSpan> timed_span;      ///< of the kept requests, seconds of the steady clock
  std::optional<StartPower> power;         ///< where a meter was asked for
  std::string inputs;                      ///< which real pictures, and how prepared; empty: synthetic ones
  std::string started_at;                  ///< UTC, ISO 8601
  std::uint64_t order_seed = 0;            ///< of the shuffled order of entries
  int repeats = 0;                         ///< starts discarded before this one because the cores' state was another
};

void to_json(nlohmann::json& json, const StartRecord& record);
void from_json(const nlohmann::json& json, StartRecord& record);

}  // namespace inferometer::measure

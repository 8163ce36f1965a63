/// Entries, starts and folders that the tests of measure share.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "measure/entry.h"
#include "measure/start.h"
#include "measure/verdict.h"

namespace inferometer::measure {

/// The verdict that an entry gets in this build: nothing that a debug or sanitizer build measures may be believed.
inline std::string verdict_here(const char* in_release) { return is_trusted_build() ? in_release : "invalid"; }

/// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static std::atomic<int> count{0};
    path_ =
        std::filesystem::temp_directory_path() / ("inferometer_measure_test_" + std::to_string(getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// With a slash at the end, as the readers of /proc and /sys take it.
  std::string root() const { return path_.string() + "/"; }
  /// Write a file, with the folders that lead to it.
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

/// An entry whose every field differs from its default.
inline Entry full_entry() {
  Entry entry;
  entry.model.name = "nets/own net.onnx";
  entry.model.path = "nets/own net.onnx";
  entry.model.weights_path = "nets/own.caffemodel";
  entry.model.sha256 = std::string(64, 'a');
  entry.model.seed = 7;
  entry.model.height = 192;
  entry.model.width = 160;
  entry.model.classes = 10;
  entry.model.shapes = {{"data", {1, 3, 192, 160}}, {"mask", {1, 5}}};
  entry.engine = "alpha";
  entry.engine_version = "2.5.1";
  entry.engine_settings = {{"graph", "basic"}, {"spin", "1"}};
  entry.device = "gpu.0";
  entry.precision = "bf16";
  entry.threads = 2;
  entry.streams = 3;
  entry.requests = 4;
  entry.batch = 8;
  entry.protocol = Protocol::ten;
  entry.stop.runs = 25;
  entry.stop.min_time_s = 0.1;
  entry.stop.max_time_s = 1.5;
  entry.stop.interval_target_ratio = 0.02;
  entry.stop.percentiles = {90, 99.9};
  entry.starts = 5;
  entry.cpus = {0, 2};
  entry.pause_s = 0.25;
  entry.power = "battery:BAT0";
  entry.input_seed = 11;
  entry.limits.load_timeout_s = 12.5;
  entry.limits.request_timeout_s = 4.5;
  entry.limits.memory_limit_mib = 777;
  return entry;
}

/// A start whose every field differs from its default.
inline StartRecord full_start() {
  StartRecord start;
  start.index = 2;
  start.status = Status::timed_out;
  start.reason = "one request took longer than 60 s";
  start.log_tail = "line 1\nline \"2\"\n";
  start.samples_ns = {5'000'000, 9'007'199'254'740'993, 1};
  start.dropped = 1;
  start.warmup_requests = 17;
  start.load_ms = 12.25;
  start.first_inference_ms = 7.5;
  start.timer_overhead_ns = 41.5;
  start.obtained_device = "GPU.0";
  start.obtained_precision = "fp16";
  start.obtained_threads = 4;
  start.obtained_streams = 2;
  start.obtained_own = {{"hint", "none"}, {"layout", "NCHW"}};
  start.input_height = 224;
  start.input_width = 160;
  start.computes = false;
  start.quantized = true;
  Agreement agreement;
  agreement.max_error = 1.25e-5;
  agreement.top1_ratio = 0.875;
  agreement.tolerance = 1e-3;
  agreement.against = "reference 0.1.0";
  agreement.note = "a note";
  agreement.not_finite = agreement.constant = agreement.all_zero = true;
  start.agreement = agreement;
  start.memory = {1'000'000, 2'000'000, 3'000'000, 4'000'000, 5'000'000};
  start.surroundings.core_roundtrip_before_ns = 197.5;
  start.surroundings.core_roundtrip_after_ns = 590.25;
  start.surroundings.foreign_load_ratio = 0.03125;
  start.surroundings.stolen_ratio = 0.015625;
  start.surroundings.throttle_events = 3;
  start.surroundings.cpu_mhz_mean = 3100.5;
  start.surroundings.cpu_mhz_min = 2900.25;
  start.surroundings.temperature_c = 71.5;
  start.surroundings.repeat_speedup = 1.5;
  start.surroundings.repeat_speedup_low = 1.25;
  start.started_at = "2026-01-31T12:34:56Z";
  start.order_seed = 18'446'744'073'709'551'615u;
  start.repeats = 2;
  start.timed_span = TimeSpan{1234.5, 1236.75};
  start.power = StartPower{"rapl", "the processor", 12.5, 3.25, "a problem", "another"};
  start.served = ServedTimes{12.5, 3.25};
  start.window = ThroughputWindow{1.5, 300.25, 0.0625, {200, 200.5}};
  return start;
}

/// A start that passed, agreed and was disturbed by nothing: `count` samples of `median_ns`.
inline StartRecord steady_start(int index, std::int64_t median_ns, std::size_t count = 30) {
  StartRecord start;
  start.index = index;
  start.samples_ns.assign(count, median_ns);
  start.load_ms = 10;
  start.first_inference_ms = 6;
  start.timer_overhead_ns = 40;
  start.obtained_device = "cpu";
  start.obtained_precision = "fp32";
  start.obtained_threads = 1;
  start.obtained_streams = 1;
  start.started_at = "2026-01-31T12:00:0" + std::to_string(index) + "Z";
  if (index == 0) {
    Agreement agreement;
    agreement.max_error = 1e-6;
    agreement.top1_ratio = 1;
    agreement.tolerance = 1e-3;
    agreement.against = "reference 0.1.0";
    start.agreement = agreement;
  }
  start.surroundings.foreign_load_ratio = 0.01;
  start.surroundings.stolen_ratio = 0;
  start.surroundings.throttle_events = 0;
  return start;
}

}  // namespace inferometer::measure

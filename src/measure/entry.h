/// One point of a plan: everything that determines one row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/element_type.h"

namespace inferometer::measure {

/// Raised whenever the meaning of a figure changes; part of every entry's identity.
inline constexpr int kMetricVersion = 1;

enum class Mode : std::uint8_t {
  latency,     ///< the engine's call, in process, one at a time
  served,      ///< a call of `inferometer serve` with pictures as files, one at a time; the server's own time of it
  throughput,  ///< several calls of the engine in flight, in process: images a second
};
enum class Protocol : std::uint8_t {
  standard,  ///< "default": warm-up, stop rule, median
  dd,        ///< DeepDetect's: no warm-up, 1 dropped and 5 kept, mean
  ten,       ///< warm-up, 10 kept, mean
};
std::string_view name_of(Mode mode);
std::string_view name_of(Protocol protocol);
std::optional<Mode> mode(std::string_view name);
std::optional<Protocol> protocol(std::string_view name);

/// Which network, and how to come by its file.
struct ModelReference {
  std::string name;  ///< zoo name, or the file's path as the user gave it
  bool zoo = false;
  std::string path;          ///< file of the user's; empty for a zoo net (its artefact is made on demand)
  std::string weights_path;  ///< .caffemodel of a prototxt; checkpoint or .caffemodel of a zoo net; empty: synthetic
  std::string sha256;  ///< identity: of the canonical graph with seed and generator version or with a file of weights; or of the file(s)
  std::uint64_t seed = 1;               ///< of synthetic weights, zoo only
  std::int64_t height = 0, width = 0;   ///< of the input; 0: the network's own
  std::int64_t classes = 0;             ///< 0: the network's own
  std::map<std::string, Shape> shapes;  ///< --shape NAME=1x3x224x224
  std::string stored_as;  ///< "int8", "fp16": of a user's ONNX file; empty: f32. What people are told, no part of the identity
};

/// When a timed loop ends (spec: docs/measuring.md). Part of the identity.
struct StopRule {
  std::int64_t runs = 0;  ///< exact number of samples; 0: by the rule below
  double min_time_s = 0.3;
  double max_time_s = 2.0;
  double interval_target_ratio = 0.01;  ///< half width of the median's 95 % interval over the median
  std::vector<double> percentiles;      ///< extends the loop until these can be bounded
};

/// Where none is asked for: a window of throughput is longer than a loop of single requests.
StopRule default_stop_rule(Mode mode);

struct Limits {
  double load_timeout_s = 300;
  double request_timeout_s = 60;      ///< of one request, at least; 20 x the first inference where that is more
  std::int64_t memory_limit_mib = 0;  ///< 0: 80 % of min(installed, cgroup limit)
};

/// Real pictures in place of synthetic ones (src/measure/pictures.h).
struct PictureReference {
  std::string images, labels;  ///< absolute paths; images empty: synthetic ones
  std::string sha256;          ///< of the pictures that are used
  std::size_t count = 0;
};

struct Entry {
  ModelReference model;
  std::string engine;
  std::string engine_version;  ///< of the plugin found here; part of the identity
  std::map<std::string, std::string> engine_settings;
  std::string device;
  std::string precision = "fp32";  ///< asked
  int threads = 1;
  int streams = 1;
  int requests = 1;
  std::int64_t batch = 1;
  Mode mode = Mode::latency;
  Protocol protocol = Protocol::standard;
  StopRule stop;
  int starts = 3;
  std::vector<int> cpus;       ///< pinned to; empty: not pinned
  double pause_s = 0;          ///< before each start
  std::string power = "none";  ///< meter asked for: none, auto, a name (docs/power.md)
  std::uint64_t input_seed = 1;
  PictureReference pictures;
  Limits limits;  ///< not part of the identity
};

/// "onnxruntime:graph=basic", as on the command line.
std::string engine_text(const Entry& entry);

/// One line for people: "resnet18 onnxruntime cpu fp32 b4 t2". An int8 file is int8 there, as in rows; what an engine makes of a file of
/// half floats is not known before the start, so that fp32, asked of it, is "fp16-file".
std::string describe(const Entry& entry);

/// The command that repeats this entry alone.
std::string repro_command(const Entry& entry);

/// SHA-256 (hex) of everything that decides the figures, with the machine's identity.
std::string identity(const Entry& entry, const std::string& machine_identity);

void to_json(nlohmann::json& json, const Entry& entry);
void from_json(const nlohmann::json& json, Entry& entry);

}  // namespace inferometer::measure

#include "cli/run_fields.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/lists.h"

namespace inferometer::cli {
namespace {

using measure::RunSpec;

constexpr IntegerLimits kCountLimits{1, 4096};
constexpr IntegerLimits kInputLimits{1, 65536};
constexpr IntegerLimits kCpuLimits{0, 4095};
constexpr double kMostSeconds = 1e6;

std::vector<int> to_ints(const std::vector<std::int64_t>& values) { return {values.begin(), values.end()}; }

/// "default" leaves the choice open, which a RunSpec writes as an empty list.
bool is_default(std::string_view text) { return trim(text) == "default"; }

[[noreturn]] void unknown_word(std::string_view where, std::string_view word, const std::vector<std::string>& known) {
  std::string hint = did_you_mean(word, known);
  if (hint.empty()) hint = "known: " + join(known, ", ");
  throw Error(ErrorCode::usage, fmt::format("{}: unknown value '{}'", where, one_line(word, 60)), hint);
}

void set_mode(RunSpec& spec, std::string_view text, std::string_view where) {
  const auto mode = measure::mode(trim(text));
  if (!mode) unknown_word(where, trim(text), {"latency", "served", "throughput"});
  spec.mode = *mode;
}

void set_protocol(RunSpec& spec, std::string_view text, std::string_view where) {
  const auto protocol = measure::protocol(trim(text));
  if (!protocol) unknown_word(where, trim(text), {"default", "dd", "ten"});
  spec.protocol = *protocol;
}

void set_precisions(RunSpec& spec, std::string_view text, std::string_view where) {
  static const std::vector<std::string> known{"fp32", "fp16", "bf16", "int8", "native"};
  std::vector<std::string> words = parse_words(text, where);
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), word) == known.end()) unknown_word(where, word, known);
  }
  spec.precisions = std::move(words);
}

void set_shapes(RunSpec& spec, std::string_view text, std::string_view where) {
  for (const std::string& word : parse_words(text, where)) {
    auto [name, shape] = parse_named_shape(word, where);
    if (!spec.shapes.emplace(name, std::move(shape)).second) {
      throw Error(ErrorCode::usage, fmt::format("{}: the input '{}' has two shapes", where, one_line(name, 60)),
                  "give each input one shape");
    }
  }
}

void set_weights(RunSpec& spec, std::string_view text, std::string_view where) {
  const measure::WeightsChoice choice = parse_weights(trim(text), where);
  spec.weights_seed = choice.seed;
  spec.weights_path = choice.path;
}

constexpr RunField kFields[] = {
    {"--model", "models", FieldKind::texts, "MODELS", "networks: zoo names, patterns such as 'resnet*', paths of .onnx and .prototxt files",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.models = parse_words(text, where); }},
    {"--engine", "engines", FieldKind::texts, "ENGINES", "engines, with settings after colons: fake:delay_ms=5 (default: every usable one)",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.engines = parse_engines(text, where); }},
    {"--device", "devices", FieldKind::texts, "DEVICES", "devices in the engine's words: cpu,cuda:0 (default: each engine's first)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.devices = is_default(text) ? std::vector<std::string>() : parse_words(text, where);
     }},
    {"--precision", "precisions", FieldKind::texts, "PRECISIONS", "fp32, fp16, bf16, int8, native: the engine's own choice (default: fp32)",
     set_precisions},
    {"--batch", "batches", FieldKind::integers, "LIST", "images a request, 1 to 65536: 1,2,4 or 1-4 or 1-128*2 (default: 1)",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.batches = parse_integers(text, kBatchLimits, where); }},
    {"--threads", "threads", FieldKind::integers, "LIST|default", "computing threads, 1 to 4096 (default: the physical cores)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.threads = is_default(text) ? std::vector<int>() : to_ints(parse_integers(text, kThreadLimits, where));
     }},
    {"--streams", "streams", FieldKind::integers, "LIST", "requests that the engine computes side by side, in throughput mode (default: 1)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.streams = to_ints(parse_integers(text, kCountLimits, where));
     }},
    {"--requests", "requests", FieldKind::integers, "LIST", "requests in flight, in throughput mode (default: as many as streams)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.requests = to_ints(parse_integers(text, kCountLimits, where));
     }},
    {"--input", "inputs", FieldKind::integers, "LIST|default", "height and width of the input (default: each network's own)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.inputs = is_default(text) ? std::vector<std::int64_t>() : parse_integers(text, kInputLimits, where);
     }},
    {"--classes", "classes", FieldKind::integer, "N", "classes of a zoo network (default: its own)",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.classes = parse_limited_integer(text, kClassLimits, where); }},
    {"--mode", "mode", FieldKind::text, "MODE",
     "latency: the engine's call (default); throughput: several in flight; served: a call of the server with pictures", set_mode},
    {"--protocol", "protocol", FieldKind::text, "default|dd|ten",
     "default: warm-up, stop rule, median; dd: no warm-up, 5 kept, mean; ten: warm-up, 10 kept, mean", set_protocol},
    {"--starts", "starts", FieldKind::integer, "N", "fresh processes that measure each entry, 1 to 1000 (default: 3)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.starts = static_cast<int>(parse_limited_integer(text, {1, 1000}, where));
     }},
    {"--runs", "runs", FieldKind::integer, "N", "exact number of requests kept a start (default: until the interval is narrow)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.stop.runs = parse_limited_integer(text, {1, 1000000}, where);
     }},
    {"--min-time-s", "min_time_s", FieldKind::number, "SECONDS", "least time of a start's loop (default: 0.3; throughput: 1)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.min_time_s = parse_limited_number(text, 0, kMostSeconds, where);
     }},
    {"--max-time-s", "max_time_s", FieldKind::number, "SECONDS", "time after which a start's loop ends (default: 2; throughput: 10)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.max_time_s = parse_limited_number(text, 0.001, kMostSeconds, where);
     }},
    {"--interval-target-ratio", "interval_target_ratio", FieldKind::number, "RATIO",
     "half width of the 95 % interval, over the figure, that ends a loop (default: 0.01)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.stop.interval_target_ratio = parse_limited_number(text, 0, 1, where);
     }},
    {"--percentiles", "percentiles", FieldKind::numbers, "LIST", "measure until these can be bounded: 99 (default: none)",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.stop.percentiles = parse_percentiles(text, where); }},
    {"--cpus", "cpus", FieldKind::integers, "LIST", "processors to pin to: 0-1,3 (default: not pinned)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.cpus = to_ints(parse_integers(text, kCpuLimits, where));
       std::sort(spec.cpus.begin(), spec.cpus.end());
     }},
    {"--pause-s", "pause_s", FieldKind::number, "SECONDS", "pause before each start (default: 0)",
     [](RunSpec& spec, std::string_view text, std::string_view where) { spec.pause_s = parse_limited_number(text, 0, 86400, where); }},
    {"--power", "power", FieldKind::text, "none|auto|NAME",
     "power meter to read, after 5 s of rest before each start: `platform` lists them; file:PATH (default: none)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.power = trim(text);
       if (spec.power.empty()) throw Error(ErrorCode::usage, fmt::format("{}: the name is empty", where), "none, auto, or a meter's name");
     }},
    {"--weights", "weights", FieldKind::text, "random:SEED|FILE",
     "weights of zoo networks: synthetic ones, or .pth, .safetensors, .caffemodel for one network (default: random:1)", set_weights},
    {"--input-seed", "input_seed", FieldKind::integer, "N", "seed of the input images (default: 1)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.input_seed = static_cast<std::uint64_t>(parse_limited_integer(text, {0, std::numeric_limits<std::int64_t>::max()}, where));
     }},
    {"--images", "images", FieldKind::text, "DIR|FILE", "real pictures, 8 or more, in place of patterns; 32 check an int8 model",
     [](RunSpec& spec, std::string_view text, std::string_view) { spec.images = trim(text); }},
    {"--labels", "labels", FieldKind::text, "FILE", "which pictures of --images, in this order: lines `file index`",
     [](RunSpec& spec, std::string_view text, std::string_view) { spec.labels = trim(text); }},
    {"--shape", "shapes", FieldKind::shapes, "NAME=1x3x224x224", "shape of an input with dynamic dimensions; repeatable", set_shapes},
    {"--load-timeout-s", "load_timeout_s", FieldKind::number, "SECONDS", "longest time that loading may take (default: 300)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.limits.load_timeout_s = parse_limited_number(text, 0.001, kMostSeconds, where);
     }},
    {"--request-timeout-s", "request_timeout_s", FieldKind::number, "SECONDS",
     "longest time of one request, at least 20 x the first (default: 60)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.limits.request_timeout_s = parse_limited_number(text, 0.001, kMostSeconds, where);
     }},
    {"--memory-limit-mib", "memory_limit_mib", FieldKind::integer, "MIB", "most memory of a worker (default: 80 % of what is there)",
     [](RunSpec& spec, std::string_view text, std::string_view where) {
       spec.limits.memory_limit_mib = parse_limited_integer(text, {1, std::int64_t{1} << 40}, where);
     }},
};

}  // namespace

std::span<const RunField> run_fields() { return kFields; }

}  // namespace inferometer::cli

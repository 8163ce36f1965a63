#include "predict/model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "predict/columns_identity.h"

namespace inferometer::predict {
namespace {

using Json = nlohmann::ordered_json;

/// Threads and batch sizes go through int on their way.
constexpr std::int64_t kMostWhole = std::numeric_limits<int>::max();
constexpr const char* kHint =
    "run `inferometer calibrate` again with the same options; where its timings lie beside it, of this machine and engine version, it only "
    "fits";
constexpr const char* kOtherFile = "name a file that `inferometer calibrate` wrote";

/// Reads members and remembers where it is, so that an error can say which key is wrong.
class Reader {
 public:
  Reader(const Json& json, std::string where, const std::string& file) : json_(json), where_(std::move(where)), file_(file) {}

  const Json& at(const char* key) const {
    const auto found = json_.is_object() ? json_.find(key) : json_.end();
    if (!json_.is_object() || found == json_.end()) fail(key, "is missing");
    return *found;
  }
  Reader object(const char* key) const {
    if (!at(key).is_object()) fail(key, "is no object");
    return {at(key), path(key), file_};
  }
  std::vector<Reader> list(const char* key) const {
    if (!at(key).is_array()) fail(key, "is no list");
    std::vector<Reader> items;
    for (const Json& item : at(key)) items.emplace_back(item, fmt::format("{}[{}]", path(key), items.size()), file_);
    return items;
  }
  std::string text(const char* key) const {
    if (!at(key).is_string()) fail(key, "is no text");
    return at(key).get<std::string>();
  }
  double number(const char* key) const {
    if (!at(key).is_number() || !std::isfinite(at(key).get<double>())) fail(key, "is no number");
    return at(key).get<double>();
  }
  double not_negative(const char* key) const {
    const double value = number(key);
    if (value < 0) fail(key, "is negative");
    return value;
  }
  double positive(const char* key) const {
    const double value = number(key);
    if (value <= 0) fail(key, "is not above 0");
    return value;
  }
  std::int64_t whole(const char* key) const {
    const bool is_whole = at(key).is_number_integer() && at(key).get<std::int64_t>() >= 1;
    if (!is_whole || at(key).get<std::int64_t>() > kMostWhole) fail(key, "is no whole number from 1 to 2147483647");
    return at(key).get<std::int64_t>();
  }
  std::optional<double> optional_number(const char* key) const {
    if (at(key).is_null()) return std::nullopt;
    return positive(key);
  }
  const Json& json() const { return json_; }
  std::string text() const {
    if (!json_.is_string()) fail("", "is no text");
    return json_.get<std::string>();
  }
  [[noreturn]] void fail(const char* key, const char* what, const char* hint = kHint) const {
    throw Error(ErrorCode::input, one_line(fmt::format("{}: '{}' {}", file_, path(key), what)), hint);
  }

 private:
  std::string path(const char* key) const { return where_.empty() || *key == '\0' ? where_ + key : where_ + "." + key; }

  const Json& json_;
  std::string where_;
  const std::string& file_;
};

constexpr std::pair<const char*, double MemoryModel::*> kMemoryKeys[] = {{"constant_mb", &MemoryModel::constant_mb},
                                                                         {"per_linear_mb", &MemoryModel::per_linear_mb},
                                                                         {"per_convolution_mb", &MemoryModel::per_convolution_mb},
                                                                         {"per_live_mb", &MemoryModel::per_live_mb},
                                                                         {"per_activation_mb", &MemoryModel::per_activation_mb},
                                                                         {"most_linear_mb", &MemoryModel::most_linear_mb},
                                                                         {"most_convolution_mb", &MemoryModel::most_convolution_mb},
                                                                         {"most_live_mb", &MemoryModel::most_live_mb},
                                                                         {"most_activation_mb", &MemoryModel::most_activation_mb}};

Json nullable(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

/// What one of a column is: the end of its name.
std::string unit_of_column(const std::string& column) {
  if (column.ends_with("gmac")) return "ms per 10^9 multiply-accumulates";
  if (column.ends_with("gcell")) return "ms per 10^9 window cells";
  if (column.ends_with("mb")) return "ms per 10^6 bytes";
  return "ms each";
}

Json batch_json(const BatchModel& batch) {
  Json coefficients = Json::array();
  for (const auto& [column, value] : batch.coefficients)
    coefficients.push_back({{"column", column}, {"value", value}, {"unit", unit_of_column(column)}});
  return {{"batch", batch.batch},
          {"scale", batch.scale},
          {"probe_error_ratio", batch.probe_error_ratio},
          {"log_bound", nullable(batch.log_bound)},
          {"coefficients", coefficients}};
}

BatchModel read_batch(const Reader& in) {
  BatchModel batch;
  batch.batch = in.whole("batch");
  batch.scale = in.positive("scale");
  batch.probe_error_ratio = in.not_negative("probe_error_ratio");
  batch.log_bound = in.optional_number("log_bound");
  for (const Reader& item : in.list("coefficients")) {
    if (!batch.coefficients.emplace(item.text("column"), item.not_negative("value")).second) item.fail("column", "stands there twice");
  }
  if (batch.coefficients.empty()) in.fail("coefficients", "is empty");
  return batch;
}

Json held_out_json(const HeldOut& held) {
  return {{"network", held.network},
          {"family", held.family},
          {"batch", held.batch},
          {"measured_ms", held.measured_ms},
          {"predicted_ms", held.predicted_ms},
          {"predicted_low_ms", nullable(held.low_ms)},
          {"predicted_high_ms", nullable(held.high_ms)},
          {"noise_ratio", held.noise_ratio},
          {"measured_peak_mb", nullable(held.measured_mb)},
          {"predicted_peak_mb", nullable(held.predicted_mb)}};
}

HeldOut read_held_out(const Reader& in) {
  HeldOut held;
  held.network = in.text("network");
  held.family = in.text("family");
  held.batch = in.whole("batch");
  held.measured_ms = in.positive("measured_ms");
  held.predicted_ms = in.positive("predicted_ms");
  held.low_ms = in.optional_number("predicted_low_ms");
  held.high_ms = in.optional_number("predicted_high_ms");
  held.noise_ratio = in.not_negative("noise_ratio");
  held.measured_mb = in.optional_number("measured_peak_mb");
  held.predicted_mb = in.optional_number("predicted_peak_mb");
  return held;
}

Json ranges_json(const Ranges& ranges) {
  Json out = Json::object();
  for (const auto& [kind, extents] : ranges) {
    Json members = Json::object();
    for (const auto& [name, range] : extents) members[name] = {{"low", range.low}, {"high", range.high}};
    out[kind] = members;
  }
  return out;
}

Ranges read_ranges(const Reader& in) {
  Ranges ranges;
  for (const auto& [kind, unused] : in.json().items()) {
    const Reader extents = in.object(kind.c_str());
    auto& known = ranges[kind];
    for (const auto& [name, ignored] : extents.json().items()) {
      const Reader range = extents.object(name.c_str());
      known[name] = {range.not_negative("low"), range.not_negative("high")};
      if (known[name].low > known[name].high) range.fail("low", "is above the high one");
    }
  }
  return ranges;
}

Model read_model(const Reader& in) {
  const bool has_format = in.json().is_object() && in.json().contains("format") && in.json()["format"] == "inferometer prediction model";
  if (!has_format) in.fail("format", "is not that of a prediction model", kOtherFile);
  if (in.whole("version") != kModelVersion) in.fail("version", "is one that this inferometer does not know");
  Model model;
  model.engine = in.text("engine");
  model.engine_version = in.text("engine_version");
  model.device = in.text("device");
  model.precision = in.text("precision");
  const Reader settings = in.object("engine_settings");
  for (const auto& [key, unused] : settings.json().items()) model.engine_settings[key] = settings.text(key.c_str());
  model.threads = static_cast<int>(in.whole("threads"));
  model.machine = in.text("machine");
  model.machine_name = in.text("machine_name");
  model.calibrated_at = in.text("calibrated_at");
  model.inferometer_version = in.text("inferometer_version");
  for (const Reader& item : in.list("batches")) model.batches.push_back(read_batch(item));
  if (model.batches.empty()) in.fail("batches", "is empty");
  for (std::size_t i = 1; i < model.batches.size(); ++i)
    if (model.batches[i].batch <= model.batches[i - 1].batch) in.fail("batches", "is not in ascending order");
  if (!in.at("memory").is_null()) {
    const Reader memory = in.object("memory");
    model.memory.emplace();
    for (const auto& [key, member] : kMemoryKeys) *model.memory.*member = memory.not_negative(key);
    model.memory->log_bound = memory.optional_number("log_bound");
  }
  model.ranges = read_ranges(in.object("ranges"));
  for (const Reader& item : in.list("held_out")) model.held_out.push_back(read_held_out(item));
  for (const Reader& item : in.list("probes"))
    model.probes.push_back({item.text("name"), item.whole("batch"), item.positive("measured_ms"), item.not_negative("fitted_ms")});
  for (const Reader& item : in.list("left_out")) model.left_out.push_back(item.text());
  if (in.text("columns") != columns_identity())
    in.fail("columns", "tells that another inferometer wrote it, whose columns count other things");
  model.block_channels = in.whole("block_channels");
  if (model.block_channels != kNarrowBlock && model.block_channels != kWidestBlock) in.fail("block_channels", "is neither 8 nor 16");
  return model;
}

}  // namespace

std::string describe(const Model& model) { return fmt::format("{} {} {} t{}", model.engine, model.device, model.precision, model.threads); }

void save_model(const Model& model, const std::filesystem::path& path) {
  Json out{{"format", "inferometer prediction model"},
           {"version", kModelVersion},
           {"engine", model.engine},
           {"engine_version", model.engine_version},
           {"engine_settings", model.engine_settings},
           {"device", model.device},
           {"precision", model.precision},
           {"threads", model.threads},
           {"machine", model.machine},
           {"machine_name", model.machine_name},
           {"calibrated_at", model.calibrated_at},
           {"inferometer_version", model.inferometer_version},
           {"columns", columns_identity()},
           {"block_channels", model.block_channels},
           {"batches", Json::array()},
           {"memory", Json()},
           {"ranges", ranges_json(model.ranges)},
           {"held_out", Json::array()},
           {"probes", Json::array()},
           {"left_out", model.left_out}};
  for (const BatchModel& batch : model.batches) out["batches"].push_back(batch_json(batch));
  if (model.memory) {
    out["memory"] = Json::object();
    for (const auto& [key, member] : kMemoryKeys) out["memory"][key] = *model.memory.*member;
    out["memory"]["log_bound"] = nullable(model.memory->log_bound);
  }
  for (const HeldOut& held : model.held_out) out["held_out"].push_back(held_out_json(held));
  for (const ProbeFit& probe : model.probes) {
    out["probes"].push_back(
        {{"name", probe.name}, {"batch", probe.batch}, {"measured_ms", probe.measured_ms}, {"fitted_ms", probe.fitted_ms}});
  }
  write_file_atomically(path, out.dump(1) + "\n");
}

Model load_model(const std::filesystem::path& path) {
  const std::string text = read_file(path), file = path.string();
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size())), '\n');
    throw Error(ErrorCode::input, one_line(fmt::format("{}:{}: is no JSON: {}", file, line, error.what())), kOtherFile);
  } catch (const Json::out_of_range& error) {  // a number beyond every double
    throw Error(ErrorCode::input, one_line(fmt::format("{}: {}", file, error.what())), kHint);
  }
  return read_model(Reader(json, "", file));
}

std::filesystem::path default_model_path(const std::string& engine, const std::string& device, const std::string& precision, int threads) {
  std::string place = lower(device);
  std::replace_if(
      place.begin(), place.end(), [](char c) { return c == ':' || c == '/' || c == '.'; }, '-');
  return cache_folder() / "calibrations" / fmt::format("{}-{}-{}-t{}.json", engine, place, precision, threads);
}

}  // namespace inferometer::predict

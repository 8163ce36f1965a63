#include "predict/journal.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "stats/sample.h"

namespace inferometer::predict {
namespace {

using nlohmann::json;

constexpr const char* kHint = "delete it to begin anew, or name another model with --output";

void require_same_key(const std::filesystem::path& path, const json& found, const json& wanted) {
  for (const auto& [name, value] : wanted.items()) {
    const json other = found.contains(name) ? found.at(name) : json();
    if (other != value) {
      throw Error(ErrorCode::input,
                  one_line(fmt::format("{}: its timings are of another calibration: {} is {}, not {}", path.string(), name, other.dump(),
                                       value.dump())),
                  kHint);
    }
  }
}

}  // namespace

void to_json(json& out, const Timing& timing) {
  out = {{"name", timing.name},
         {"network", timing.network},
         {"batch", timing.batch},
         {"pass", timing.pass},
         {"block_medians_ms", timing.block_medians_ms},
         {"load_ms", timing.load_ms},
         {"baseline_mb", timing.baseline_mb},
         {"peak_mb", timing.peak_mb},
         {"failure", timing.failure}};
  if (timing.core_roundtrip_ns) out["core_roundtrip_ns"] = *timing.core_roundtrip_ns;
}

void from_json(const json& in, Timing& timing) {
  in.at("name").get_to(timing.name);
  in.at("network").get_to(timing.network);
  in.at("batch").get_to(timing.batch);
  in.at("pass").get_to(timing.pass);
  in.at("block_medians_ms").get_to(timing.block_medians_ms);
  in.at("load_ms").get_to(timing.load_ms);
  in.at("baseline_mb").get_to(timing.baseline_mb);
  in.at("peak_mb").get_to(timing.peak_mb);
  in.at("failure").get_to(timing.failure);
  if (const auto found = in.find("core_roundtrip_ns"); found != in.end()) timing.core_roundtrip_ns = found->get<double>();
}

double milliseconds(const Timing& timing) { return stats::median(timing.block_medians_ms).value_or(0); }

Journal::Journal(std::filesystem::path path, const json& key) : path_(std::move(path)) {
  std::string kept = key.dump() + "\n";
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored)) {
    const std::string text = read_file(path_);
    std::vector<std::string> lines = split(text, '\n');
    lines.pop_back();  // what follows the last line's end: nothing, or a line that was cut off
    for (std::size_t i = 0; i < lines.size(); ++i) {
      try {
        const json line = json::parse(lines[i]);
        if (i == 0) {
          require_same_key(path_, line, key);
        } else {
          timings_.push_back(line.get<Timing>());
          kept += lines[i] + "\n";
        }
      } catch (const json::exception& error) {
        throw Error(ErrorCode::input, one_line(fmt::format("{}: line {} is damaged: {}", path_.string(), i + 1, error.what())), kHint);
      }
    }
  }
  write_file_atomically(path_, kept);
  file_.open(path_, std::ios::app);
  if (!file_) throw Error(ErrorCode::io, fmt::format("{}: cannot be written", path_.string()));
}

const Timing* Journal::find(const std::string& name, std::int64_t batch, int pass) const {
  for (const Timing& timing : timings_) {
    if (timing.pass == pass && timing.batch == batch && timing.name == name) return &timing;
  }
  return nullptr;
}

void Journal::append(const Timing& timing) {
  file_ << json(timing).dump() << '\n' << std::flush;
  if (!file_) throw Error(ErrorCode::io, fmt::format("{}: writing failed", path_.string()), "is the disk full?");
  timings_.push_back(timing);
}

}  // namespace inferometer::predict

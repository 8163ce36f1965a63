#include "measure/meter_readers.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "stats/sample.h"

namespace inferometer::measure {
namespace {

constexpr std::string_view kPrefix = "file:", kOffset = ":offset_s=";
/// System and steady clock may drift apart by what a time server corrects, not by a step.
constexpr double kClockStep_s = 0.05;
constexpr std::size_t kSpacingsKept = 1000;

double system_now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// Time and watts of one line; nullopt for the header and anything else.
std::optional<PowerSample> parse_line(std::string_view line) {
  const std::vector<std::string> fields = split(trim(line), ',');
  if (fields.size() != 2) return std::nullopt;
  const auto time = parse_number(trim(fields[0])), watts = parse_number(trim(fields[1]));
  if (!time || !watts) return std::nullopt;
  return PowerSample{*time, *watts};
}

class PowerFile final : public Meter {
 public:
  PowerFile(std::string name, std::string path, double offset_s, std::function<double()> unix_now)
      : name_(std::move(name)), path_(std::move(path)), offset_s_(offset_s), unix_now_(std::move(unix_now)) {
    // Of what was written before, only the last line is of use, and how often one comes.
    read_on([&](const PowerSample& line) { newest_ = line; });
  }

  MeterInfo info() const override {
    constexpr double kUnknown_s = 1;
    const double period = stats::median(spacings_).value_or(kUnknown_s);
    return {name_, "what the external meter is wired to", PowerQuantity::watts, period};
  }
  std::string problem() const override { return problem_; }

  void sample(double now_s, std::vector<PowerSample>& samples) override {
    const double ahead_s = unix_now_() - now_s;  // of the system's clock before the steady one
    if (!ahead_s_) ahead_s_ = ahead_s;
    if (std::abs(ahead_s - *ahead_s_) > kClockStep_s && problem_.empty())
      problem_ = fmt::format("the system's clock jumped by {:.3g} s", ahead_s - *ahead_s_);
    const auto keep = [&](const PowerSample& line) { samples.push_back({line.time_s + offset_s_ - *ahead_s_, line.value}); };
    if (newest_) keep(*newest_);
    newest_.reset();
    read_on(keep);
  }

  /// Lines that are neither samples nor the header, so far.
  const std::string& bad_line() const { return bad_line_; }
  bool opened() const { return opened_; }

 private:
  /// Give every whole line that has come since the last time.
  template <class Take>
  void read_on(Take take) {
    std::ifstream file(path_, std::ios::binary);
    std::error_code ignored;
    opened_ = file.is_open() && std::filesystem::is_regular_file(path_, ignored);
    if (!opened_) {
      if (problem_.empty()) problem_ = fmt::format("{}: {}", path_, file.is_open() ? "is no regular file" : std::strerror(errno));
      return;
    }
    const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path_, ignored));
    if (!ignored && size < position_ && problem_.empty()) problem_ = path_ + " was cut or replaced meanwhile";
    file.seekg(position_);
    std::string line;
    while (std::getline(file, line) && !file.eof()) {  // a line without its end is still being written
      position_ += static_cast<std::int64_t>(line.size()) + 1;
      const bool is_first = std::exchange(seen_line_, true) == false;
      if (trim(line).empty()) continue;
      const auto sample = parse_line(line);
      if (!sample) {
        if (!is_first && bad_line_.empty()) bad_line_ = one_line(line, 60);
        if (!is_first && problem_.empty()) problem_ = fmt::format("{} holds the line '{}'", path_, bad_line_);
        continue;
      }
      if (last_time_s_ && sample->time_s > *last_time_s_) {
        spacings_.push_back(sample->time_s - *last_time_s_);
        if (spacings_.size() > kSpacingsKept) spacings_.erase(spacings_.begin());
      }
      last_time_s_ = sample->time_s;
      take(*sample);
    }
  }

  std::string name_, path_, problem_, bad_line_;
  double offset_s_;
  std::function<double()> unix_now_;
  std::int64_t position_ = 0;
  bool opened_ = false, seen_line_ = false;
  std::optional<PowerSample> newest_;  ///< written before the first sample() was asked for
  std::optional<double> ahead_s_, last_time_s_;
  std::vector<double> spacings_;
};

}  // namespace

std::unique_ptr<Meter> open_power_file(std::string_view name, const MeterPlaces& places) {
  std::string path(name.substr(kPrefix.size()));
  double offset_s = 0;
  if (const std::size_t at = path.rfind(kOffset); at != std::string::npos) {
    const auto number = parse_number(std::string_view(path).substr(at + kOffset.size()));
    if (!number)
      throw Error(ErrorCode::usage, fmt::format("--power {}: the offset is no number", one_line(name, 80)), "file:PATH:offset_s=-0.25");
    offset_s = *number;
    path.resize(at);
  }
  auto file = std::make_unique<PowerFile>(std::string(name), path, offset_s, places.unix_now ? places.unix_now : system_now_s);
  if (!file->opened() || !file->bad_line().empty()) {
    throw Error(ErrorCode::usage, fmt::format("--power {}: {}", one_line(name, 80), file->problem()),
                "lines of a growing file are `unix_time_s,watts`, for example 1769860800.25,41.7");
  }
  return file;
}

}  // namespace inferometer::measure

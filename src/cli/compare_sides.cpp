#include "cli/compare_sides.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/lists.h"
#include "cli/run_fields.h"

namespace inferometer::cli {
namespace {

constexpr std::string_view kOptions[] = {"--model",
                                         "--engine",
                                         "--device",
                                         "--precision",
                                         "--batch",
                                         "--threads",
                                         "--streams",
                                         "--input",
                                         "--classes",
                                         "--cpus",
                                         "--weights",
                                         "--input-seed",
                                         "--images",
                                         "--labels",
                                         "--shape",
                                         "--load-timeout-s",
                                         "--request-timeout-s",
                                         "--memory-limit-mib"};

constexpr const char* kHint = "write key=value, separated by commas: --b engine=openvino:streams=1,batch=4";

std::string key_of(std::string_view option) { return std::string(option.substr(2)); }

/// The option that a key names.
std::string_view option_of(const std::string& key, std::string_view side) {
  std::vector<std::string> known;
  for (const std::string_view option : kOptions) {
    if (key_of(option) == key) return option;
    known.push_back(key_of(option));
  }
  std::string hint = did_you_mean(key, known);
  if (hint.empty()) hint = "known: " + join(known, ", ");
  throw Error(ErrorCode::usage, fmt::format("{}: unknown key '{}'", side, one_line(key, 60)), hint);
}

std::string missing_word(const measure::RunSpec& spec) {
  if (spec.models.empty()) return "model";
  return spec.engines.empty() ? "engine" : "";
}

}  // namespace

std::span<const std::string_view> compared_options() { return kOptions; }

measure::RunSpec side_spec(const RunOptions& shared, std::string_view text, std::string_view side) {
  RunOptions both = shared;
  for (const std::string& part : trim(text).empty() ? std::vector<std::string>() : parse_words(text, side)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == part.size()) {
      throw Error(ErrorCode::usage, fmt::format("{}: '{}' is not of the form key=value", side, one_line(part, 80)), kHint);
    }
    const std::string option(option_of(part.substr(0, equals), side));
    if (shared.given.contains(option)) {
      throw Error(ErrorCode::usage, fmt::format("{}: {} is given for both sides too", side, option),
                  "say it once: for both, or in --a and --b");
    }
    if (!both.given.emplace(option, std::vector<std::string>{part.substr(equals + 1)}).second) {
      throw Error(ErrorCode::usage, fmt::format("{}: {} stands twice", side, key_of(option)), kHint);
    }
  }
  return run_spec(both);
}

std::array<measure::Entry, measure::kSides> compared_entries(const RunOptions& shared,
                                                             const std::array<std::string, measure::kSides>& texts,
                                                             const std::vector<measure::EngineHere>& engines) {
  std::array<measure::Entry, measure::kSides> entries;
  for (std::size_t i = 0; i < measure::kSides; ++i) {
    const std::string side = fmt::format("--{}", measure::kSideNames[i]);
    const measure::RunSpec spec = side_spec(shared, texts[i], side);
    if (const std::string missing = missing_word(spec); !missing.empty()) {
      throw Error(ErrorCode::usage, fmt::format("{}: no {} is named", side, missing),
                  fmt::format("give --{0} for both sides, or {0}=... in --a and --b", missing));
    }
    const std::vector<measure::PlannedEntry> plan = measure::expand({spec}, engines, measure::MissingEngine::is_error);
    if (plan.size() != 1) {
      throw Error(ErrorCode::usage, fmt::format("{}: {} entries, a side is one", side, plan.size()), "give every option one value");
    }
    if (plan.front().settled) throw Error(ErrorCode::input, fmt::format("{}: {}", side, plan.front().reason));
    entries[i] = plan.front().entry;
  }
  return entries;
}

}  // namespace inferometer::cli

#include "cli/preprocessing_options.h"

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/lists.h"

namespace inferometer::cli {
namespace {

constexpr IntegerLimits kSideLimits{1, 16384};
constexpr double kMostValue = 1e6;

template <typename Value, std::size_t kCount>
std::optional<Value> choose(std::string_view text, const std::array<std::pair<std::string_view, Value>, kCount>& known, const char* where) {
  if (text.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (name == text) return value;
    names.emplace_back(name);
  }
  throw Error(ErrorCode::usage, fmt::format("{}: '{}' is not known", where, one_line(text, 60)), "use " + join(names, ", "));
}

/// "224" as {224, 0}, "320x240" as {320, 240}.
std::pair<std::int64_t, std::int64_t> parse_size(std::string_view text, IntegerLimits limits, bool may_have_height, const char* where) {
  const std::size_t times = may_have_height ? text.find('x') : std::string_view::npos;
  const std::int64_t width = parse_limited_integer(text.substr(0, times), limits, where);
  if (times == std::string_view::npos) return {width, 0};
  return {width, parse_limited_integer(text.substr(times + 1), kSideLimits, where)};
}

void set_resize(std::string_view text, dataset::PreprocessingChanges& changes) {
  if (text.empty()) return;
  if (text == "none") {
    changes.resize = zoo::ResizeRule::none;
    return;
  }
  const std::size_t colon = text.find(':');
  const std::string_view rule = text.substr(0, colon);
  if (colon == std::string_view::npos || (rule != "warp" && rule != "short")) {
    throw Error(ErrorCode::usage, fmt::format("--resize: '{}' is not known", one_line(text, 60)),
                "none, warp:256 (to a square), warp:320x240 or short:256 (the shorter side)");
  }
  changes.resize = rule == "warp" ? zoo::ResizeRule::warp : zoo::ResizeRule::short_side;
  const bool is_warp = changes.resize == zoo::ResizeRule::warp;
  std::tie(changes.resize_to, changes.resize_height) = parse_size(text.substr(colon + 1), kSideLimits, is_warp, "--resize");
}

/// One number for every channel, or three.
std::optional<std::array<double, 3>> three_numbers(const std::string& text, double lowest, const char* where) {
  if (text.empty()) return std::nullopt;
  const std::vector<std::string> words = parse_words(text, where);
  if (words.size() != 1 && words.size() != 3) {
    throw Error(ErrorCode::usage, fmt::format("{}: {} numbers; one for all channels, or three", where, words.size()),
                "for example --mean 0.485,0.456,0.406");
  }
  std::array<double, 3> values{};
  for (std::size_t c = 0; c < 3; ++c) {
    values[c] = parse_limited_number(words[words.size() == 1 ? 0 : c], lowest, kMostValue, where);
  }
  return values;
}

}  // namespace

std::span<const PreprocessingField> preprocessing_fields() {
  using Options = PreprocessingOptions;
  static constexpr PreprocessingField kFields[] = {
      {"--resize", "resize", FieldKind::text, &Options::resize, "to a square or a size, or the shorter side to PIXELS",
       "none|warp:PIXELS|warp:WxH|short:PIXELS"},
      {"--interpolation", "interpolation", FieldKind::text, &Options::interpolation, "antialiased, as Pillow computes it",
       "nearest|bilinear|bicubic|area|lanczos4"},
      {"--crop", "crop", FieldKind::integers, &Options::crop, "central part, of the network's size; 0: none", "PIXELS|WxH"},
      {"--channels", "channels", FieldKind::text, &Options::channels, "order in which the network takes them", "rgb|bgr|grey"},
      {"--scale", "scale", FieldKind::number, &Options::scale, "multiplies values 0 to 255", "NUMBER"},
      {"--mean", "mean", FieldKind::numbers, &Options::mean, "subtracted, in the order of the channels", "M,M,M"},
      {"--std", "std", FieldKind::numbers, &Options::standard_deviation, "divided by, in the order of the channels", "S,S,S"},
  };
  return kFields;
}

void add_preprocessing_options(CLI::App& app, PreprocessingOptions& options) {
  for (const PreprocessingField& field : preprocessing_fields()) {
    app.add_option(std::string(field.option), options.*field.member, std::string(field.description))
        ->type_name(std::string(field.value_name))
        ->group("Preprocessing, in this order; default: the network's own");
  }
}

dataset::PreprocessingChanges preprocessing_changes(const PreprocessingOptions& options) {
  using zoo::ChannelOrder;
  using zoo::Interpolation;
  constexpr std::array<std::pair<std::string_view, Interpolation>, 5> kInterpolations{{{"nearest", Interpolation::nearest},
                                                                                       {"bilinear", Interpolation::bilinear},
                                                                                       {"bicubic", Interpolation::bicubic},
                                                                                       {"area", Interpolation::area},
                                                                                       {"lanczos4", Interpolation::lanczos4}}};
  constexpr std::array<std::pair<std::string_view, ChannelOrder>, 3> kOrders{
      {{"rgb", ChannelOrder::rgb}, {"bgr", ChannelOrder::bgr}, {"grey", ChannelOrder::grey}}};
  constexpr double kLeast = 1e-12;
  dataset::PreprocessingChanges changes;
  set_resize(options.resize, changes);
  changes.interpolation = choose(options.interpolation, kInterpolations, "--interpolation");
  if (!options.crop.empty()) {
    const bool has_height = options.crop.find('x') != std::string::npos;  // then no side may be 0
    std::tie(changes.crop, changes.crop_height) =
        parse_size(options.crop, has_height ? kSideLimits : IntegerLimits{0, kSideLimits.highest}, has_height, "--crop");
  }
  changes.channels = choose(options.channels, kOrders, "--channels");
  if (!options.scale.empty()) changes.scale = parse_limited_number(options.scale, kLeast, kMostValue, "--scale");
  changes.mean = three_numbers(options.mean, -kMostValue, "--mean");
  changes.standard_deviation = three_numbers(options.standard_deviation, kLeast, "--std");
  return changes;
}

}  // namespace inferometer::cli

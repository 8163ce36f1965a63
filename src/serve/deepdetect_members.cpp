#include "serve/deepdetect_members.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace inferometer::serve {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostSide = 16384;
constexpr double kMostValue = 1e6;
constexpr double kLeastDivisor = 1e-12;

Members input_members(const json& input) { return {&input, "parameters.input.", DdCode::service_bad_request}; }
Members mllib_members(const json& mllib) { return {&mllib, "parameters.mllib.", DdCode::service_bad_request}; }
Members output_members(const json& output) { return {&output, "parameters.output.", DdCode::service_bad_request}; }

bool asks_for_nothing(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

void refuse_any(const Members& members, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const json* value = members.find(name);
    if (value != nullptr && !asks_for_nothing(*value)) members.refuse(name, "is not built here; leave it out");
  }
}

std::optional<std::int64_t> side(const Members& members, const char* name) {
  const std::optional<std::int64_t> pixels = members.whole(name);
  if (pixels && (*pixels < 1 || *pixels > kMostSide)) members.refuse(name, fmt::format("{} pixels; 1 to {} can be", *pixels, kMostSide));
  return pixels;
}

struct Sides {
  std::optional<std::int64_t> width, height, crop_width, crop_height;
  bool resizes() const { return width || height; }
  bool crops() const { return crop_width || crop_height; }
};

Sides read_sides(const Members& members) {
  return {side(members, "width"), side(members, "height"), side(members, "crop_width"), side(members, "crop_height")};
}

void require_network_size(const Members& members, const char* name, std::optional<std::int64_t> given, std::int64_t own,
                          const dataset::InputGeometry& geometry) {
  if (!given || *given == own) return;
  members.refuse(name, fmt::format("{}; the network was loaded for width {} and height {}", *given, geometry.width, geometry.height));
}

void set_size(const Members& members, const dataset::InputGeometry& geometry, dataset::PreprocessingChanges& changes) {
  const Sides sides = read_sides(members);
  if (sides.crops()) {
    require_network_size(members, "crop_width", sides.crop_width, geometry.width, geometry);
    require_network_size(members, "crop_height", sides.crop_height, geometry.height, geometry);
    changes.crop = geometry.width;
    changes.crop_height = geometry.height;
  } else if (sides.resizes()) {
    require_network_size(members, "width", sides.width, geometry.width, geometry);
    require_network_size(members, "height", sides.height, geometry.height, geometry);
    changes.crop = 0;
  }
  if (sides.resizes()) {
    changes.resize = zoo::ResizeRule::warp;
    changes.resize_to = sides.width.value_or(geometry.width);
    changes.resize_height = sides.height.value_or(geometry.height);
  }
}

void set_interpolation(const Members& members, dataset::PreprocessingChanges& changes) {
  using zoo::Interpolation;
  constexpr std::array<std::pair<const char*, Interpolation>, 5> kKnown{{{"cubic", Interpolation::bicubic},
                                                                         {"linear", Interpolation::bilinear},
                                                                         {"nearest", Interpolation::nearest},
                                                                         {"lanczos4", Interpolation::lanczos4},
                                                                         {"area", Interpolation::area}}};
  const std::optional<std::string> given = members.text("interp");
  if (!given) return;
  for (const auto& [name, interpolation] : kKnown) {
    if (*given == name) changes.interpolation = interpolation;
  }
  if (!changes.interpolation) {
    members.refuse("interp", fmt::format("'{}' is not known; cubic, linear, nearest, lanczos4 or area", one_line(*given, 60)));
  }
}

/// A network of one channel can take grey alone, so there rgb and bw decide nothing.
void set_channels(const Members& members, const dataset::InputGeometry& geometry, dataset::PreprocessingChanges& changes) {
  const std::optional<bool> grey = members.flag("bw"), rgb = members.flag("rgb");
  if (geometry.channels == 1) return;
  if (grey.value_or(false)) members.refuse("bw", "the network takes pictures of three channels");
  if (rgb) changes.channels = *rgb ? zoo::ChannelOrder::rgb : zoo::ChannelOrder::bgr;
}

std::optional<std::array<double, 3>> channel_values(const Members& members, const char* name, double least,
                                                    const dataset::InputGeometry& geometry) {
  bool single = false;
  const std::optional<std::vector<double>> given = members.numbers(name, &single);
  if (!given) return std::nullopt;
  const auto channels = static_cast<std::size_t>(geometry.channels);
  if (!single && given->size() != channels) {
    throw StatusError(400, DdCode::service_input,
                      fmt::format("{} has {} values, the network's input {} channels", members.path(name), given->size(), channels));
  }
  std::array<double, 3> values{};
  for (std::size_t c = 0; c < values.size(); ++c) {
    values[c] = (*given)[c < given->size() ? c : 0];
    if (!(values[c] >= least && values[c] <= kMostValue)) {
      members.refuse(name, fmt::format("{}; {} to {} can be", values[c], least, kMostValue));
    }
  }
  return values;
}

}  // namespace

Parameters read_parameters(const json& members) {
  const Members whole(&members, "", DdCode::bad_request);
  const Members parts(whole.object("parameters"), "parameters.", DdCode::bad_request);
  Parameters parameters;
  if (const json* part = parts.object("input")) parameters.input = *part;
  if (const json* part = parts.object("mllib")) parameters.mllib = *part;
  if (const json* part = parts.object("output")) parameters.output = *part;
  return parameters;
}

Parameters overridden(const Parameters& service, const Parameters& call) {
  Parameters merged = service;
  merged.input.update(call.input);
  merged.mllib.update(call.mllib);
  merged.output.update(call.output);
  return merged;
}

void refuse_what_is_not_built(const Parameters& parameters) {
  refuse_any(input_members(parameters.input), {"segmentation", "regression", "bbox", "histogram_equalization", "multi_label",
                                               "unchanged_data", "scaled", "scale_min", "scale_max", "rotate"});
  refuse_any(mllib_members(parameters.mllib),
             {"segmentation", "regression", "autoencoder", "multi_label", "extract_layer", "template", "ctc"});
  refuse_any(output_members(parameters.output),
             {"template", "network", "measure", "bbox", "search", "multibox_rois", "rois", "index", "build_index", "indexed",
              "segmentation", "regression", "autoencoder", "ctc", "confidences", "logits_blob"});
}

InputSize asked_size(const json& input) {
  const Sides sides = read_sides(input_members(input));
  if (sides.crops()) return {sides.crop_height.value_or(0), sides.crop_width.value_or(0)};
  return {sides.height.value_or(0), sides.width.value_or(0)};
}

dataset::PreprocessingChanges picture_changes(const json& input, const dataset::InputGeometry& geometry) {
  const Members members = input_members(input);
  dataset::PreprocessingChanges changes;
  set_size(members, geometry, changes);
  set_interpolation(members, changes);
  set_channels(members, geometry, changes);
  changes.scale = members.number("scale");
  if (changes.scale && !(*changes.scale >= kLeastDivisor && *changes.scale <= kMostValue)) {
    members.refuse("scale", fmt::format("{}; {} to {} can be", *changes.scale, kLeastDivisor, kMostValue));
  }
  changes.mean = channel_values(members, "mean", -kMostValue, geometry);
  changes.standard_deviation = channel_values(members, "std", kLeastDivisor, geometry);
  return changes;
}

ClassSelection class_selection(const json& output) {
  const Members members = output_members(output);
  ClassSelection selection;
  selection.best = members.whole("best").value_or(selection.best);
  if (selection.best == 0 || selection.best < -1)
    members.refuse("best", fmt::format("{}; -1 for all classes, or 1 and more", selection.best));
  selection.confidence_threshold = members.number("confidence_threshold").value_or(selection.confidence_threshold);
  return selection;
}

}  // namespace inferometer::serve

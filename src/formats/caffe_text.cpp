#include "formats/caffe_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace inferometer::formats {

namespace {

using inferometer_caffe::Layer;
using inferometer_caffe::Net;
using inferometer_caffe::OldLayer;
using inferometer_caffe::StateRule;

constexpr std::int64_t kMostBytes = std::int64_t{1} << 26;
constexpr int kMostNesting = 32;

/// Where something stands in the file; lines and columns count from 0.
struct Place {
  int line = 0, column = 0;
  auto operator<=>(const Place&) const = default;
};

/// What the parser says while it reads.
class Findings : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!error) error = {{line, column}, message};
  }
  /// Fields that the schema lacks are all that the parser warns of.
  void AddWarning(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    unknown.push_back({{line, column}, message});
  }

  struct Finding {
    Place place;
    std::string message;
  };
  std::optional<Finding> error;
  std::vector<Finding> unknown;
};

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code, const std::string& message, const std::string& hint = {}) {
  throw Error(code, one_line(fmt::format("{}: {}", path.string(), message)), hint);
}

/// Types under their current names, by their older ones.
std::string current_type(OldLayer::LayerType type) {
  static const std::map<OldLayer::LayerType, std::string> names{
      {OldLayer::ABSVAL, "AbsVal"},
      {OldLayer::ACCURACY, "Accuracy"},
      {OldLayer::ARGMAX, "ArgMax"},
      {OldLayer::BNLL, "BNLL"},
      {OldLayer::CONCAT, "Concat"},
      {OldLayer::CONTRASTIVE_LOSS, "ContrastiveLoss"},
      {OldLayer::CONVOLUTION, "Convolution"},
      {OldLayer::DATA, "Data"},
      {OldLayer::DECONVOLUTION, "Deconvolution"},
      {OldLayer::DROPOUT, "Dropout"},
      {OldLayer::DUMMY_DATA, "DummyData"},
      {OldLayer::ELTWISE, "Eltwise"},
      {OldLayer::EUCLIDEAN_LOSS, "EuclideanLoss"},
      {OldLayer::EXP, "Exp"},
      {OldLayer::FLATTEN, "Flatten"},
      {OldLayer::HDF5_DATA, "HDF5Data"},
      {OldLayer::HDF5_OUTPUT, "HDF5Output"},
      {OldLayer::HINGE_LOSS, "HingeLoss"},
      {OldLayer::IM2COL, "Im2col"},
      {OldLayer::IMAGE_DATA, "ImageData"},
      {OldLayer::INFOGAIN_LOSS, "InfogainLoss"},
      {OldLayer::INNER_PRODUCT, "InnerProduct"},
      {OldLayer::LRN, "LRN"},
      {OldLayer::MEMORY_DATA, "MemoryData"},
      {OldLayer::MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"},
      {OldLayer::MVN, "MVN"},
      {OldLayer::POOLING, "Pooling"},
      {OldLayer::POWER, "Power"},
      {OldLayer::RELU, "ReLU"},
      {OldLayer::SIGMOID, "Sigmoid"},
      {OldLayer::SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"},
      {OldLayer::SILENCE, "Silence"},
      {OldLayer::SLICE, "Slice"},
      {OldLayer::SOFTMAX, "Softmax"},
      {OldLayer::SOFTMAX_LOSS, "SoftmaxWithLoss"},
      {OldLayer::SPLIT, "Split"},
      {OldLayer::TANH, "TanH"},
      {OldLayer::THRESHOLD, "Threshold"},
      {OldLayer::WINDOW_DATA, "WindowData"},
  };
  const auto found = names.find(type);
  return found == names.end() ? std::string() : found->second;
}

/// The same layer in the current definition: the fields that both have go by the same names.
Layer upgraded(const OldLayer& old) {
  Layer layer;
  const auto& from = *old.GetReflection();
  const auto& to = *layer.GetReflection();
  for (int i = 0; i < Layer::descriptor()->field_count(); ++i) {
    const auto* field = Layer::descriptor()->field(i);
    const auto* old_field = OldLayer::descriptor()->FindFieldByName(field->name());
    if (old_field == nullptr || old_field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || old_field->is_repeated())
      continue;
    if (from.HasField(old, old_field)) to.MutableMessage(&layer, field)->CopyFrom(from.GetMessage(old, old_field));
  }
  layer.set_name(old.name());
  layer.set_type(current_type(old.type()));
  *layer.mutable_bottom() = old.bottom();
  *layer.mutable_top() = old.top();
  *layer.mutable_include() = old.include();
  *layer.mutable_exclude() = old.exclude();
  return layer;
}

/// Whether a rule fits inference as every program runs it: phase TEST, level 0, no stages.
bool fits_inference(const StateRule& rule) {
  if (rule.has_phase() && rule.phase() != inferometer_caffe::TEST) return false;
  if (rule.has_min_level() && rule.min_level() > 0) return false;
  if (rule.has_max_level() && rule.max_level() < 0) return false;
  return rule.stage_size() == 0;
}

bool runs_at_inference(const Layer& layer) {
  const auto& include = layer.include();
  const auto& exclude = layer.exclude();
  if (!include.empty()) return std::any_of(include.begin(), include.end(), fits_inference);
  return std::none_of(exclude.begin(), exclude.end(), fits_inference);
}

/// Layers whose result nobody uses at inference.
bool judges_training(const std::string& type) {
  static const std::set<std::string, std::less<>> types{
      "Accuracy",     "ContrastiveLoss",         "EuclideanLoss",           "HDF5Output",      "HingeLoss",
      "InfogainLoss", "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss", "SoftmaxWithLoss", "Silence"};
  return types.contains(type);
}

/// Messages in which a field that is not known cannot change what a layer computes at inference.
bool is_harmless(const std::string& warning) {
  static constexpr std::array kMessages{"inferometer_caffe.Net\"", "inferometer_caffe.State\"", "inferometer_caffe.Filler\"",
                                        "inferometer_caffe.ParamSpec\"", "inferometer_caffe.DropoutParameter\""};
  return std::any_of(kMessages.begin(), kMessages.end(), [&](const char* name) { return warning.find(name) != std::string::npos; });
}

/// A layer of the file, in the order in which they stand there.
struct Parsed {
  Place place;
  Layer layer;
};

/// The name of the field that the warning `Message type "M" has no field named "F".` is about.
std::string unknown_field(const std::string& warning) {
  const std::size_t end = warning.rfind('"');
  const std::size_t begin = end == std::string::npos ? end : warning.rfind('"', end - 1);
  return begin == std::string::npos ? warning : warning.substr(begin + 1, end - begin - 1);
}

void check_unknown_fields(const std::filesystem::path& path, const Findings& findings, const std::vector<Parsed>& layers) {
  for (const Findings::Finding& unknown : findings.unknown) {
    if (is_harmless(unknown.message)) continue;
    // Layers are in order: the field belongs to the last one that begins before it.
    const auto after = std::find_if(layers.begin(), layers.end(), [&](const Parsed& parsed) { return parsed.place > unknown.place; });
    if (after == layers.begin()) continue;
    const Layer& layer = std::prev(after)->layer;
    if (!runs_at_inference(layer) || judges_training(layer.type())) continue;
    fail(path, ErrorCode::unsupported,
         fmt::format("layer {} ({}), line {}: its field {} is not known here", layer.name(), layer.type(), unknown.place.line + 1,
                     unknown_field(unknown.message)),
         "take the field out if it does not change what the layer computes");
  }
}

template <class Message>
Place place_of(const google::protobuf::TextFormat::ParseInfoTree& tree, const char* field, int index, const Message&) {
  const auto location = tree.GetLocation(Message::descriptor()->FindFieldByName(field), index);
  return {location.line, location.column};
}

}  // namespace

Net parse_prototxt(const std::filesystem::path& path) {
  require_readable_file(path);
  const std::string text = read_file(path, kMostBytes);
  Findings findings;
  google::protobuf::TextFormat::ParseInfoTree tree;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&findings);
  parser.WriteLocationsTo(&tree);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMostNesting);
  Net net;
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &net)) {
    const std::string what =
        findings.error ? fmt::format("line {}: {}", findings.error->place.line + 1, findings.error->message) : "it is empty or cut off";
    fail(path, ErrorCode::input, "is no prototxt: " + what);
  }

  std::vector<Parsed> layers;
  for (int i = 0; i < net.layer_size(); ++i) layers.push_back({place_of(tree, "layer", i, net), std::move(*net.mutable_layer(i))});
  for (int i = 0; i < net.layers_size(); ++i) layers.push_back({place_of(tree, "layers", i, net), upgraded(net.layers(i))});
  std::stable_sort(layers.begin(), layers.end(), [](const Parsed& a, const Parsed& b) { return a.place < b.place; });
  check_unknown_fields(path, findings, layers);

  net.clear_layer();
  net.clear_layers();
  for (auto& [place, layer] : layers) {
    if (!runs_at_inference(layer) || judges_training(layer.type())) continue;
    if (layer.name().empty() || layer.type().empty()) {
      fail(path, ErrorCode::input, fmt::format("line {}: a layer without a {}", place.line + 1, layer.name().empty() ? "name" : "type"));
    }
    if (!is_valid_utf8(layer.name())) fail(path, ErrorCode::input, fmt::format("line {}: a layer's name is no UTF-8", place.line + 1));
    *net.add_layer() = std::move(layer);
  }
  if (net.layer_size() == 0) fail(path, ErrorCode::input, "it has no layers", "a prototxt describes a network; a solver's names one");
  return net;
}

}  // namespace inferometer::formats

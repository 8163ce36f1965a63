#include "formats/caffe_weights.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <span>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "graph/checked.h"
#include "inferometer_caffe.pb.h"

namespace inferometer::formats {

namespace {

using google::protobuf::internal::WireFormatLite;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& message, const std::string& hint = {}) {
  throw Error(ErrorCode::input, one_line(fmt::format("{}: {}", path.string(), message)), hint);
}

[[noreturn]] void fail_broken(const std::filesystem::path& path) {
  fail(path, "is no caffemodel, or cut off", "a caffemodel is a binary protobuf file; Caffe's HDF5 files are not read");
}

Shape shape_of(const inferometer_caffe::Blob& blob) {
  if (blob.has_shape()) return {blob.shape().dim().begin(), blob.shape().dim().end()};
  if (!blob.has_num() && !blob.has_channels() && !blob.has_height() && !blob.has_width()) return {};
  return {blob.num(), blob.channels(), blob.height(), blob.width()};
}

graph::Array array_of(const std::filesystem::path& path, const std::string& layer, const inferometer_caffe::Blob& blob) {
  graph::Array array{ElementType::f32, shape_of(blob), {}};
  const std::string where = fmt::format("{}: layer {}", path.string(), layer);
  const std::int64_t values = std::max(blob.data_size(), blob.double_data_size());
  if (graph::checked_count(array.shape, where) != values) {
    fail(path, fmt::format("layer {}: a blob of {} has {} values", layer, to_string(array.shape), values));
  }
  array.bytes.resize(static_cast<std::size_t>(values) * sizeof(float));
  if (blob.data_size() > 0) {
    std::memcpy(array.bytes.data(), blob.data().data(), array.bytes.size());
  } else {
    std::transform(blob.double_data().begin(), blob.double_data().end(), array.floats(), [](double v) { return static_cast<float>(v); });
  }
  return array;
}

/// Read one layer of the message that the stream stands at, and keep its blobs.
template <class StoredLayer>
bool read_layer(google::protobuf::io::CodedInputStream& stream, const std::filesystem::path& path, CaffeBlobs& blobs) {
  std::uint32_t length = 0;
  if (!stream.ReadVarint32(&length) || length > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return false;
  const auto limit = stream.PushLimit(static_cast<int>(length));
  StoredLayer layer;
  if (!layer.ParseFromCodedStream(&stream) || stream.BytesUntilLimit() != 0) return false;
  stream.PopLimit(limit);
  if (layer.blobs_size() == 0) return true;
  if (!is_valid_utf8(layer.name())) fail(path, "a layer's name is no UTF-8");
  std::vector<graph::Array> arrays;
  for (const auto& blob : layer.blobs()) arrays.push_back(array_of(path, layer.name(), blob));
  if (!blobs.emplace(layer.name(), std::move(arrays)).second) fail(path, fmt::format("two layers with weights are named {}", layer.name()));
  return true;
}

/// What a tensor's name says: the layer, and which of its blobs.
struct Meaning {
  std::string layer;
  std::size_t blob = 0;
  bool statistic = false;  ///< of a BatchNorm: to be divided by the factor in the third blob
};

std::optional<Meaning> meaning_of(const std::string& tensor) {
  const std::size_t dot = tensor.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string layer = tensor.substr(0, dot), what = tensor.substr(dot + 1);
  if (what == "weight") return Meaning{layer, 0, false};
  if (what == "bias") return Meaning{layer, 1, false};
  if (what == "running_mean") return Meaning{layer, 0, true};
  if (what == "running_var") return Meaning{layer, 1, true};
  return std::nullopt;
}

/// A shape without its ones: the same numbers in the same order, however many dimensions a version of Caffe wrote.
Shape without_ones(Shape shape) {
  std::erase(shape, 1);
  return shape;
}

/// Caffe keeps sums and their number apart; a number of 0 means that nothing was summed.
void divide_by_factor(graph::Array& sums, const graph::Array& factor) {
  const float count = factor.bytes.empty() ? 0 : factor.floats()[0];
  const float scale = count == 0 ? 0 : 1 / count;
  const std::span<float> values(sums.floats(), sums.bytes.size() / sizeof(float));
  for (float& value : values) value *= scale;
}

graph::Array constant_of(const graph::Tensor& tensor) {
  graph::Array array{ElementType::f32, tensor.shape, {}};
  array.bytes.resize(static_cast<std::size_t>(element_count(tensor.shape)) * sizeof(float));
  std::fill_n(array.floats(), element_count(tensor.shape), tensor.initial.centre);
  std::transform(tensor.values.begin(), tensor.values.end(), array.floats(), [](double value) { return static_cast<float>(value); });
  return array;
}

/// Matches the tensors of a graph with the blobs of a file, and collects what is wrong.
class Assignment {
 public:
  Assignment(CaffeBlobs& blobs, const graph::Graph& graph) : blobs_(blobs), graph_(graph) {}

  graph::Weights run() {
    graph::Weights weights;
    std::map<std::string, std::size_t> wanted = count_blobs();
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (tensor.role == graph::Role::constant) weights.emplace(tensor.name, constant_of(tensor));
      if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
      const auto meaning = meaning_of(tensor.name);
      if (!meaning) {
        problems.push_back(fmt::format("{} is not named after a Caffe layer's blob", tensor.name));
        continue;
      }
      used.insert(meaning->layer);
      if (const auto array = take(tensor, *meaning, wanted[meaning->layer])) weights.emplace(tensor.name, std::move(*array));
    }
    return weights;
  }

  std::vector<std::string> problems;
  std::set<std::string, std::less<>> used;  ///< layers

 private:
  /// How many blobs each layer has by the graph.
  std::map<std::string, std::size_t> count_blobs() const {
    std::map<std::string, std::size_t> counts;
    for (const graph::Tensor& tensor : graph_.tensors) {
      if (tensor.role != graph::Role::parameter && tensor.role != graph::Role::buffer) continue;
      const auto meaning = meaning_of(tensor.name);
      if (!meaning) continue;
      std::size_t& count = counts[meaning->layer];
      count = std::max(count, meaning->statistic ? 3 : meaning->blob + 1);
    }
    return counts;
  }

  std::optional<graph::Array> take(const graph::Tensor& tensor, const Meaning& meaning, std::size_t wanted) {
    const auto found = blobs_.find(meaning.layer);
    if (found == blobs_.end()) {
      if (meaning.blob == 0) problems.push_back(fmt::format("layer {} has no weights there", meaning.layer));
      return std::nullopt;
    }
    std::vector<graph::Array>& arrays = found->second;
    if (arrays.size() != wanted) {
      if (meaning.blob == 0) problems.push_back(fmt::format("layer {} has {} blobs there, not {}", meaning.layer, arrays.size(), wanted));
      return std::nullopt;
    }
    graph::Array& blob = arrays[meaning.blob];
    if (without_ones(blob.shape) != without_ones(tensor.shape)) {
      problems.push_back(fmt::format("{} is {} there, not {}", tensor.name, to_string(blob.shape), to_string(tensor.shape)));
      return std::nullopt;
    }
    graph::Array array = std::move(blob);
    array.shape = tensor.shape;
    if (meaning.statistic) divide_by_factor(array, arrays[2]);
    return array;
  }

  CaffeBlobs& blobs_;
  const graph::Graph& graph_;
};

}  // namespace

CaffeBlobs read_caffemodel(const std::filesystem::path& path) {
  require_readable_file(path);
  const auto bytes = std::filesystem::file_size(path);
  if (bytes > static_cast<std::uintmax_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: is larger than 2 GB", path.string())));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "cannot be read");
  google::protobuf::io::IstreamInputStream source(&file);
  google::protobuf::io::CodedInputStream stream(&source);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  // Layer by layer, so that no second copy of all weights exists.
  CaffeBlobs blobs;
  const auto tag_of = [](int field) { return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED); };
  while (const std::uint32_t tag = stream.ReadTag()) {
    bool read = false;
    if (tag == tag_of(inferometer_caffe::Weights::kLayerFieldNumber)) {
      read = read_layer<inferometer_caffe::WeightsLayer>(stream, path, blobs);
    } else if (tag == tag_of(inferometer_caffe::Weights::kLayersFieldNumber)) {
      read = read_layer<inferometer_caffe::OldWeightsLayer>(stream, path, blobs);
    } else {
      read = WireFormatLite::SkipField(&stream, tag);
    }
    if (!read) fail_broken(path);
  }
  if (!stream.ConsumedEntireMessage()) fail_broken(path);
  return blobs;
}

graph::Weights assign_blobs(const std::filesystem::path& path, CaffeBlobs blobs, const graph::Graph& graph, ExtraLayers extra,
                            const std::vector<std::string>& training_only) {
  Assignment assignment(blobs, graph);
  graph::Weights weights = assignment.run();
  for (const auto& layer : blobs) {
    const std::string& name = layer.first;
    const bool known = std::any_of(training_only.begin(), training_only.end(), [&](const std::string& p) { return name.starts_with(p); });
    if (extra == ExtraLayers::refused && !known && !assignment.used.contains(name)) {
      assignment.problems.push_back(fmt::format("layer {} of the file is not in the network", name));
    }
  }
  std::vector<std::string>& problems = assignment.problems;
  if (problems.empty()) return weights;
  constexpr std::size_t kMost = 5;
  const std::size_t count = problems.size();
  if (count > kMost) {
    problems.resize(kMost);
    problems.push_back(fmt::format("{} more", count - kMost));
  }
  fail(path, fmt::format("does not fit {}: {}", graph.name, join(problems, "; ")), "these are the weights of another network");
}

graph::Weights read_caffe_weights(const std::filesystem::path& caffemodel, const graph::Graph& graph,
                                  const std::vector<std::string>& training_only) {
  return assign_blobs(caffemodel, read_caffemodel(caffemodel), graph, ExtraLayers::refused, training_only);
}

}  // namespace inferometer::formats

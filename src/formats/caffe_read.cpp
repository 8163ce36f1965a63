#include <algorithm>
#include <cstring>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "formats/caffe.h"
#include "formats/caffe_import.h"
#include "formats/caffe_text.h"
#include "formats/caffe_weights.h"

namespace inferometer::formats {

namespace {

using inferometer_caffe::BlobShape;

/// Layers that read files, which a network at inference does not.
bool reads_training_data(std::string_view type) {
  constexpr std::array kTypes{"Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData", "AnnotatedData", "Python"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::string name_of(const inferometer_caffe::Net& net, const std::filesystem::path& path) {
  return net.name().empty() || !is_valid_utf8(net.name()) ? to_utf8(path.stem().string()) : one_line(net.name(), 100);
}

/// [inputs, outputs] to [outputs, inputs].
void transpose(graph::Array& weight) {
  const Shape matrix = [&] {
    Shape shape = weight.shape;
    while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
    return shape;
  }();
  if (matrix.size() != 2) return;  // the comparison of shapes will say what is wrong
  const std::int64_t rows = matrix[0], columns = matrix[1];
  std::vector<std::byte> bytes(weight.bytes.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      std::memcpy(bytes.data() + static_cast<std::size_t>(c * rows + r) * sizeof(float), weight.floats() + r * columns + c, sizeof(float));
    }
  }
  weight.bytes = std::move(bytes);
  weight.shape = {columns, rows};
}

}  // namespace

CaffeImporter::CaffeImporter(std::filesystem::path path, inferometer_caffe::Net net)
    : path_(std::move(path)), net_(std::move(net)), builder_(name_of(net_, path_)) {}

void CaffeImporter::unsupported(const Layer& layer, const std::string& what, const std::string& hint) const {
  throw Error(ErrorCode::unsupported, one_line(fmt::format("{}: layer {} ({}): {}", path_.string(), layer.name(), layer.type(), what)),
              hint);
}

void CaffeImporter::wrong(const Layer& layer, const std::string& what, const std::string& hint) const {
  throw Error(ErrorCode::input, one_line(fmt::format("{}: layer {} ({}): {}", path_.string(), layer.name(), layer.type(), what)), hint);
}

const CaffeImporter::Layer* CaffeImporter::scale_behind(const Layer& layer) const {
  const auto found = readers_.find(&layer);
  if (found == readers_.end() || found->second.size() != 1 || layer.top_size() != 1) return nullptr;
  const Layer& reader = *found->second.front();
  const bool plain =
      reader.type() == "Scale" && reader.bottom_size() == 1 && reader.scale_param().axis() == 1 && reader.scale_param().num_axes() == 1;
  return plain ? &reader : nullptr;
}

/// Say of each layer which layers read its tops, and of each input whether anyone does.
void CaffeImporter::find_readers() {
  for (const std::string& input : net_.input()) unread_inputs_.insert(input);
  for (const Layer& layer : net_.layer()) {
    for (const std::string& bottom : layer.bottom()) {
      const auto writer = last_writer_.find(bottom);
      if (writer != last_writer_.end()) readers_[writer->second].push_back(&layer);
      unread_inputs_.erase(bottom);
    }
    for (const std::string& top : layer.top()) {
      last_writer_[top] = &layer;
      if (layer.type() == "Input") unread_inputs_.insert(top);
    }
  }
}

void CaffeImporter::add_input(const std::string& blob, const BlobShape& declared) {
  // Labels and the like, which only layers read that training needs.
  if (unread_inputs_.contains(blob)) return;
  Shape shape(declared.dim().begin(), declared.dim().end());
  const bool fits = !shape.empty() && std::all_of(shape.begin(), shape.end(), [](std::int64_t size) { return size >= 1; });
  if (!fits || !is_valid_utf8(blob)) {
    const std::string what = shape.empty() ? "no shape" : "a shape that cannot be: " + to_string(shape);
    throw Error(ErrorCode::input, one_line(fmt::format("{}: input {} has {}", path_.string(), to_utf8(blob), what)),
                "say its batch, channels, height and width: input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }");
  }
  if (blobs_.empty()) declared_batch_ = shape[0];
  shape[0] = graph::kBatch;
  blobs_[blob] = builder_.input(blob, std::move(shape));
}

void CaffeImporter::add_inputs() {
  const int count = net_.input_size();
  if (net_.input_shape_size() > 0) {
    for (int i = 0; i < count; ++i) add_input(net_.input(i), i < net_.input_shape_size() ? net_.input_shape(i) : BlobShape());
    return;
  }
  for (int i = 0; i < count; ++i) {
    BlobShape shape;
    for (int d = 4 * i; d < std::min(4 * i + 4, net_.input_dim_size()); ++d) shape.add_dim(net_.input_dim(d));
    add_input(net_.input(i), shape);
  }
}

void CaffeImporter::import_layer(const Layer& layer) {
  if (layer.type() == "Input") {
    const auto& shapes = layer.input_param().shape();
    for (int i = 0; i < layer.top_size(); ++i) {
      add_input(layer.top(i), shapes.size() == 1 ? shapes.Get(0) : i < shapes.size() ? shapes.Get(i) : BlobShape());
    }
    return;
  }
  if (reads_training_data(layer.type())) {
    wrong(layer, "it reads pictures from files, which is how a network is trained", "use the deploy prototxt, whose input says its shape");
  }
  std::vector<TensorId> bottoms;
  for (const std::string& bottom : layer.bottom()) {
    const auto found = blobs_.find(bottom);
    if (found == blobs_.end()) wrong(layer, fmt::format("its bottom {} is no layer's top before it", to_utf8(bottom)));
    bottoms.push_back(found->second);
  }
  const Rule rule = caffe_rule(layer.type());
  if (rule == nullptr) unsupported(layer, "layers of this type are not known here");
  const std::vector<TensorId> tops = rule(*this, layer, bottoms);
  if (tops.size() != static_cast<std::size_t>(layer.top_size())) {
    unsupported(layer, fmt::format("it has {} tops, layers of this type give {} here", layer.top_size(), tops.size()));
  }
  for (int i = 0; i < layer.top_size(); ++i) blobs_[layer.top(i)] = tops[static_cast<std::size_t>(i)];
}

/// Tops that no layer reads, in the order of the layers that give them.
std::vector<graph::TensorId> CaffeImporter::outputs() const {
  std::vector<TensorId> result;
  for (const Layer& layer : net_.layer()) {
    if (layer.type() == "Input") continue;
    for (const std::string& top : layer.top()) {
      if (last_writer_.at(top) != &layer) continue;
      const auto found = readers_.find(&layer);
      const bool read = found != readers_.end() && std::any_of(found->second.begin(), found->second.end(), [&](const Layer* reader) {
                          return std::find(reader->bottom().begin(), reader->bottom().end(), top) != reader->bottom().end();
                        });
      if (!read) result.push_back(blobs_.at(top));
    }
  }
  return result;
}

graph::Graph CaffeImporter::import() {
  find_readers();
  add_inputs();
  for (const Layer& layer : net_.layer()) import_layer(layer);
  const std::vector<TensorId> results = outputs();
  if (results.empty()) throw Error(ErrorCode::input, one_line(fmt::format("{}: every top is read: it has no output", path_.string())));
  graph::Graph graph = builder_.finish(results);
  // The builder calls outputs "output"; in a Caffe file they are known by their layers.
  for (const graph::Node& node : graph.nodes) {
    for (const TensorId id : node.outputs) {
      const bool alone = node.outputs.size() == 1 && std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
      if (alone) graph.tensors[id].name = node.name;
    }
  }
  graph::validate(graph);
  return graph;
}

CaffeImporter::Rule caffe_rule(std::string_view type) {
  static const CaffeRules rules = [] {
    CaffeRules all = caffe_window_rules();
    all.merge(caffe_elementwise_rules());
    return all;
  }();
  const auto found = rules.find(type);
  return found == rules.end() ? nullptr : found->second;
}

graph::Model read_caffe(const std::filesystem::path& prototxt, const std::filesystem::path& weights) {
  graph::Model model;
  CaffeImporter importer(prototxt, parse_prototxt(prototxt));
  try {
    model.graph = importer.import();
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(prototxt.string()) != std::string::npos) throw;
    throw Error(error.code(), one_line(fmt::format("{}: {}", prototxt.string(), message)), error.hint());
  }
  if (weights.empty()) return model;
  CaffeBlobs blobs = read_caffemodel(weights);
  for (const std::string& layer : importer.transposed()) {
    if (const auto found = blobs.find(layer); found != blobs.end()) transpose(found->second.front());
  }
  model.weights = assign_blobs(weights, std::move(blobs), model.graph, ExtraLayers::ignored, {});
  return model;
}

std::optional<CaffeTransform> read_caffe_transform(const std::filesystem::path& prototxt) {
  const inferometer_caffe::Net net = parse_prototxt(prototxt);
  for (const auto& layer : net.layer()) {
    if (!layer.has_transform_param()) continue;
    const auto& given = layer.transform_param();
    return CaffeTransform{given.scale(), {given.mean_value().begin(), given.mean_value().end()}, given.crop_size(), given.mean_file()};
  }
  return std::nullopt;
}

std::filesystem::path find_caffe_weights(const std::filesystem::path& prototxt) {
  std::filesystem::path same = prototxt;
  same.replace_extension(".caffemodel");
  std::error_code ignored;
  if (std::filesystem::exists(same, ignored)) return same;
  const std::filesystem::path folder = prototxt.has_parent_path() ? prototxt.parent_path() : ".";
  std::vector<std::filesystem::path> candidates;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (lower(entry.path().extension().string()) == ".caffemodel") candidates.push_back(entry.path());
  }
  if (candidates.size() > 1) {
    throw Error(ErrorCode::input,
                one_line(fmt::format("{}: {} caffemodels are beside it and none has its name", prototxt.string(), candidates.size())),
                "name one: --weights FILE.caffemodel");
  }
  return candidates.empty() ? std::filesystem::path() : candidates.front();
}

}  // namespace inferometer::formats

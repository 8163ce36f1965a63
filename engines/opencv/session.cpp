#include "opencv/session.h"

#include <algorithm>
#include <filesystem>

#include <opencv2/core/utility.hpp>

#include "base/files.h"
#include "common/declared_dimensions.h"
#include "common/fixed_shapes.h"
#include "common/input_shapes.h"
#include "common/onnx_fields.h"
#include "common/session_limits.h"
#include "engine/check_inputs.h"
#include "opencv/caffe_input.h"
#include "opencv/errors.h"
#include "opencv/wrong_numbers.h"

namespace inferometer::engine {
namespace {

std::size_t byte_count(const TensorInfo& tensor) { return static_cast<std::size_t>(element_count(tensor.shape)) * size_of(tensor.type); }

/// OpenCV's sizes are int.
std::vector<int> their_shape(const Shape& shape, const std::string& name) {
  std::vector<int> result;
  for (const std::int64_t dimension : shape) {
    if (dimension > INT32_MAX)
      throw Error(ErrorCode::unsupported, "opencv: '" + name + "' of " + to_string(shape) + " is too large for it");
    result.push_back(static_cast<int>(dimension));
  }
  return result;
}

/// The pool belongs to the process.
void use_threads(int threads) {
  if (cv::getNumThreads() != threads) cv::setNumThreads(threads);
}

/// Threads of each request: either all work on one, or every request computes on the thread that calls it.
int request_threads(const SessionSettings& settings) {
  if (settings.streams == 1) return settings.threads;
  if (settings.streams == settings.threads) return 1;
  throw Error(ErrorCode::unsupported,
              "opencv has one pool of threads: " + std::to_string(settings.streams) + " streams need exactly as many threads",
              "use --threads " + std::to_string(settings.streams) + ", or one stream");
}

void check_device(const SessionSettings& settings) {
  if (lower(settings.device) != "cpu") throw no_device("opencv", settings.device, {"cpu"});
  if (settings.precision != "fp32" && settings.precision != "native")
    throw Error(ErrorCode::unsupported, "opencv does not compute in " + one_line(settings.precision, 80) + " on cpu",
                "ask for fp32 or native");
}

/// Do for each layer in turn what failed for the whole net, until it fails again: OpenCV does not say where.
template <typename Step>
void name_failing_layer(cv::dnn::Net& net, const std::exception& failure, Step step) {
  if (dynamic_cast<const cv::Exception*>(&failure) == nullptr) return;
  if (dynamic_cast<const cv::Exception&>(failure).code == cv::Error::StsNoMem) return;
  for (const cv::String& name : net.getLayerNames()) {
    try {
      step(name);
    } catch (const cv::Exception& exception) {
      throw Error(ErrorCode::unsupported,
                  "opencv cannot compute " + net.getLayer(net.getLayerId(name))->type + " '" + name + "': " + one_line(exception.err, 200));
    }
  }
}

}  // namespace

const std::vector<OwnSetting>& opencv_settings() {
  static const std::vector<OwnSetting> table{
      {"fusion", {"1", "0"}},   // activations and BatchNorm are computed with the convolution before them
      {"profile", {"0", "1"}},  // layer_times()
  };
  return table;
}

OpenCvSession::OpenCvSession(const ModelFile& model, const SessionSettings& settings)
    : subject_(std::filesystem::path(model.path).filename().string()), model_(model), slots_(settings.streams) {
  translated(subject_, [&] { load(settings); });
}

void OpenCvSession::load(const SessionSettings& settings) {
  const std::map<std::string, std::string> own = own_values("opencv", opencv_settings(), settings);
  require_positive(settings);
  check_device(settings);
  threads_ = request_threads(settings);
  fusion_ = own.at("fusion") == "1";
  profiling_ = own.at("profile") == "1";
  use_threads(threads_);

  require_readable_file(model_.path);
  if (model_.kind == ModelKind::caffe)
    load_caffe(settings);
  else
    load_onnx(settings);

  obtained_.device = "cpu";
  obtained_.precision = "fp32";
  obtained_.threads = cv::getNumThreads() * settings.streams;
  obtained_.streams = settings.streams;
  obtained_.own["fusion"] = fusion_ ? "1" : "0";
}

void OpenCvSession::load_onnx(const SessionSettings& settings) {
  refuse_wrong_numbers(std::filesystem::path(model_.path));
  const OnnxDeclaration declaration = read_declaration(model_.path);
  if (declaration.external_data)
    throw Error(ErrorCode::unsupported, "opencv reads no weights from files beside the model", "use a file with its weights inside");
  std::vector<DeclaredInput> declared;
  for (const DeclaredDimensions& input : declaration.inputs) {
    if (input.element_type != onnx_fields::kFloat)
      throw Error(ErrorCode::unsupported, "opencv: input '" + input.name + "' has an element type other than f32");
    declared.push_back({input.name, input.shape});
  }
  const std::vector<Shape> shapes = concrete_input_shapes(declared, settings);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (shapes[i] != declared[i].shape) fixed_shapes_[declared[i].name] = shapes[i];
    inputs_.push_back({declared[i].name, shapes[i], ElementType::f32});
  }
  cv::dnn::Net net = read_net();
  for (const std::string& output : declaration.outputs) {
    if (net.getLayerId(output) < 0) throw Error(ErrorCode::unsupported, "opencv lost the output '" + output + "'");
    output_layers_.push_back(output);
  }
  find_outputs(net);
}

void OpenCvSession::load_caffe(const SessionSettings& settings) {
  require_readable_file(model_.weights_path);
  const DeclaredInput input = caffe_input(model_.path);
  const std::vector<Shape> shapes = concrete_input_shapes({input}, settings);
  inputs_.push_back({input.name, shapes[0], ElementType::f32});
  cv::dnn::Net net = read_net();
  output_layers_ = net.getUnconnectedOutLayersNames();
  find_outputs(net);
}

cv::dnn::Net OpenCvSession::read_net() const {
  cv::dnn::Net net;
  if (model_.kind == ModelKind::caffe) {
    net = cv::dnn::readNetFromCaffe(model_.path, model_.weights_path);
  } else if (fixed_shapes_.empty()) {
    net = cv::dnn::readNetFromONNX(model_.path);
  } else {
    const FixedShapesFile fixed(model_.path, fixed_shapes_);
    net = cv::dnn::readNetFromONNX(fixed.path());
  }
  if (net.empty()) throw Error(ErrorCode::input, subject_ + " holds no network");
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  net.enableFusion(fusion_);
  return net;
}

void OpenCvSession::find_outputs(cv::dnn::Net& net) {
  std::vector<cv::dnn::MatShape> inputs;
  for (const TensorInfo& input : inputs_) inputs.push_back(their_shape(input.shape, input.name));
  const auto output_shapes = [&](const cv::String& name) {
    std::vector<cv::dnn::MatShape> in, out;
    net.getLayerShapes(inputs, net.getLayerId(name), in, out);
    return out;
  };
  for (const cv::String& name : output_layers_) {
    std::vector<cv::dnn::MatShape> shapes;
    try {
      shapes = output_shapes(name);
    } catch (const cv::Exception& exception) {
      name_failing_layer(net, exception, output_shapes);
      throw;
    }
    if (shapes.size() != 1) throw Error(ErrorCode::unsupported, "opencv: output '" + name + "' is one of several of its layer");
    outputs_.push_back({name, Shape(shapes[0].begin(), shapes[0].end()), ElementType::f32});
  }
  if (outputs_.empty()) throw Error(ErrorCode::input, subject_ + " has no output");
  first_ = net;
}

cv::dnn::Net OpenCvSession::take_net() {
  const std::lock_guard lock(first_mutex_);
  if (!first_) return read_net();
  cv::dnn::Net net = *first_;
  first_.reset();
  return net;
}

/// Outputs are the framework's own memory.
class OpenCvRequest final : public Request {
 public:
  explicit OpenCvRequest(OpenCvSession& session) : session_(session), net_(session.take_net()) {
    for (const TensorInfo& input : session.inputs_) shapes_.push_back(their_shape(input.shape, input.name));
    for (const TensorInfo& output : session.outputs_) views_.push_back({output.type, output.shape, nullptr, byte_count(output)});
  }

  std::span<const TensorView> run(std::span<const TensorView> inputs) override {
    translated(session_.subject_, [&] {
      check_inputs(session_.inputs_, inputs);
      const StreamSlots::Slot slot(session_.slots_);
      use_threads(session_.threads_);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        // OpenCV copies what it is given here; the interface takes a mutable pointer all the same.
        const cv::Mat blob(shapes_[i], CV_32F, const_cast<void*>(inputs[i].data));
        net_.setInput(blob, session_.model_.kind == ModelKind::caffe ? cv::String() : session_.inputs_[i].name);
      }
      try {
        net_.forward(results_, session_.output_layers_);
      } catch (const cv::Exception& exception) {
        name_failing_layer(net_, exception, [&](const cv::String& name) { net_.forward(name); });
        throw;
      }
      for (std::size_t i = 0; i < views_.size(); ++i) keep(i);
    });
    if (session_.profiling_) translated(session_.subject_, [&] { session_.keep_times(net_); });
    return views_;
  }

 private:
  void keep(std::size_t index) {
    cv::Mat& result = results_[index];
    const TensorInfo& info = session_.outputs_[index];
    if (result.type() != CV_32F || result.total() * sizeof(float) != byte_count(info))
      throw Error(ErrorCode::engine_failure, "output '" + info.name + "' has another size than OpenCV foresaw: " + to_string(info.shape));
    if (!result.isContinuous()) result = result.clone();
    views_[index].data = result.data;
  }

  OpenCvSession& session_;
  cv::dnn::Net net_;
  std::vector<std::vector<int>> shapes_;  // of the inputs
  std::vector<cv::Mat> results_;
  std::vector<TensorView> views_;
};

std::unique_ptr<Request> OpenCvSession::create_request() {
  return translated(subject_, [&] { return std::make_unique<OpenCvRequest>(*this); });
}

void OpenCvSession::keep_times(cv::dnn::Net& net) {
  std::vector<double> ticks;
  net.getPerfProfile(ticks);
  const std::vector<cv::String> names = net.getLayerNames();
  std::vector<LayerTime> layers;
  for (std::size_t i = 0; i < std::min(ticks.size(), names.size()); ++i) {
    if (ticks[i] == 0) continue;  // fused into another or optimised out: its clock counts nanoseconds
    LayerTime layer;
    layer.name = names[i];
    layer.op = net.getLayer(net.getLayerId(names[i]))->type;
    layer.precision = "fp32";
    layer.time_us = ticks[i] / cv::getTickFrequency() * 1e6;
    // The importer puts this before the names of nodes.
    constexpr std::string_view kPrefix = "onnx_node!";
    if (layer.name.starts_with(kPrefix)) layer.origins = layer.name.substr(kPrefix.size());
    layers.push_back(std::move(layer));
  }
  times_.add(std::move(layers));
}

}  // namespace inferometer::engine

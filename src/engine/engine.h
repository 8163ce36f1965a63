/// The whole contract between inferometer and an inference engine.
///
/// An engine is a plugin: a shared object exporting kPluginSymbol. It knows nothing of plans, stores or statistics.
/// Everything here may throw Error, and nothing else: a framework's exceptions are turned into it inside the plugin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/element_type.h"
#include "base/error.h"

namespace inferometer::graph {
struct Model;
}

namespace inferometer::engine {

/// Changes whenever a type of this file does; the loader refuses a plugin of another version.
inline constexpr std::uint32_t kContractVersion = 4;

struct DeviceInfo {
  std::string name;                     ///< in the engine's words: "cpu", "cuda:0", "GPU.0"; compared without case
  std::string description;              ///< "Intel(R) Xeon(R) ..."
  std::vector<std::string> precisions;  ///< that can be asked here: "fp32", "bf16", ...
};

/// A setting of the engine's own: a key of SessionSettings::own.
struct OwnSetting {
  std::string key;
  std::vector<std::string> values;  ///< all that are allowed, the first is the default; empty: what load() takes, as numbers and files
};

struct EngineInfo {
  std::string name;                  ///< as on the command line
  std::string version;               ///< the framework's own
  bool usable = false;               ///< can run here and now
  std::string reason;                ///< why not, when not usable
  std::vector<DeviceInfo> devices;   ///< the first is the default
  int rank = 100;                    ///< lower is asked first when a model has no reference outputs
  std::vector<OwnSetting> settings;  ///< all that the engine understands
  bool executes_graphs = false;      ///< loads through ModelFile::parse
  bool reads_caffe = false;          ///< takes files of ModelKind::caffe as they are; else they come as ONNX, or through parse
  bool half_from_file = false;       ///< computes in fp16 only what the file stores so: asked for fp16 it is given such a file
  bool computes = true;              ///< false: outputs mean nothing (the fake engine), so rows stay unchecked
};

enum class ModelKind : std::uint8_t { onnx, caffe };

/// A model as a file. The path is valid for the whole life of the session.
struct ModelFile {
  std::string path;          ///< .onnx, or deploy.prototxt
  std::string weights_path;  ///< .caffemodel, for kind caffe
  ModelKind kind = ModelKind::onnx;
  std::function<graph::Model()> parse;  ///< the model as a Graph; throws Error{unsupported} naming the operator it lacks
};

/// What is asked of a session. An engine that cannot do it throws Error{unsupported}; it never does something else silently.
struct SessionSettings {
  std::string device = "cpu";
  std::string precision = "fp32";  ///< fp32 fp16 bf16 int8, or native: the engine's own choice
  int threads = 1;                 ///< of computation, altogether
  int streams = 1;                 ///< requests that compute side by side
  std::int64_t batch = 1;
  std::map<std::string, Shape> shapes;     ///< concrete shapes of inputs with other dynamic dimensions
  std::map<std::string, std::string> own;  ///< the engine's own settings; an unknown key or value is Error{usage}
};

/// What the framework says it does, read back from it. Empty or 0: it does not tell.
struct ObtainedSettings {
  std::string device;
  std::string precision;  ///< of the arithmetic; int8 is decided by the host from the file
  int threads = 0;
  int streams = 0;
  std::map<std::string, std::string> own;
};

struct TensorInfo {
  std::string name;
  Shape shape;  ///< concrete, batch included
  ElementType type = ElementType::f32;
};

/// Row-major elements that somebody else owns.
struct TensorView {
  ElementType type = ElementType::f32;
  std::span<const std::int64_t> shape;
  const void* data = nullptr;
  std::size_t bytes = 0;
};

struct LayerTime {
  std::string name;  ///< the framework's name of the layer
  std::string op;
  std::string kernel;  ///< what was executed, where the framework tells
  std::string precision;
  double time_us = 0;    ///< of one run
  bool executed = true;  ///< false: it has a place in what runs but no time: done in place, or below the resolution of the timer
  /// Names in the file (of nodes, or of the tensors that they give) that the layer stands for, joined by commas as the framework gives
  /// them. Names that the file has not are ignored. Empty: `name` alone says it.
  std::string origins = {};
};

/// One call in flight. One thread at a time; requests of one session may run side by side.
class Request {
 public:
  virtual ~Request() = default;
  /// Run once. @param inputs one view per Session::inputs(), same order, type and shape; read until this returns.
  /// @return one view per Session::outputs(), valid until the next run() or the request's end.
  /// Timed by the caller: returns when the outputs are readable in host memory.
  virtual std::span<const TensorView> run(std::span<const TensorView> inputs) = 0;
};

/// A loaded model. Outlives its requests. Any thread may call the const members.
class Session {
 public:
  virtual ~Session() = default;
  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;
  virtual ObtainedSettings obtained() const = 0;
  virtual std::unique_ptr<Request> create_request() = 0;
  /// Times of the layers that the framework really runs, in their order (none for what was fused away), where the session was loaded with
  /// profiling (own setting "profile=1"); else empty. Of the runs since restart_layer_times(): the median of each, or where the framework
  /// keeps sums only, the mean.
  virtual std::vector<LayerTime> layer_times() const { return {}; }
  virtual bool layer_times_are_means() const { return false; }
  /// Leave the runs so far out of layer_times(): call after warming up, while no request runs.
  virtual void restart_layer_times() {}
};

/// One per process; lives until the process ends. Called from one thread.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineInfo info() = 0;
  /// Load a model. Throws Error{unsupported} naming the operator or setting, Error{input} for a file it cannot read,
  /// Error{out_of_memory}, or Error{engine_failure} with the framework's words.
  virtual std::unique_ptr<Session> load(const ModelFile& model, const SessionSettings& settings) = 0;
};

/// What a plugin's entry function returns. `create` may throw Error.
struct PluginTable {
  std::uint32_t contract_version;
  const char* built_with;  ///< compiler and version, for the message when versions differ
  std::unique_ptr<Engine> (*create)();
};

/// `extern "C" const PluginTable* inferometer_engine_plugin();` with default visibility.
inline constexpr const char* kPluginSymbol = "inferometer_engine_plugin";
#define INFEROMETER_ENGINE_PLUGIN(EngineClass)                                                                              \
  extern "C" __attribute__((visibility("default"))) const ::inferometer::engine::PluginTable* inferometer_engine_plugin() { \
    static const ::inferometer::engine::PluginTable table{                                                                  \
        ::inferometer::engine::kContractVersion, __VERSION__,                                                               \
        []() -> std::unique_ptr<::inferometer::engine::Engine> { return std::make_unique<EngineClass>(); }};                \
    return &table;                                                                                                          \
  }

}  // namespace inferometer::engine

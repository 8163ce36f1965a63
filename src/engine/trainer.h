/// The contract between inferometer and an engine that trains: a plugin's second table, beside engine.h's.
///
/// A plugin may export kTrainerSymbol; one that does not cannot train, which is no error. As in engine.h nothing but Error is
/// thrown across the boundary. Data, augmentation, schedules and files are the host's affair: a trainer sees floats, labels and a
/// learning rate.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/element_type.h"
#include "graph/graph.h"

namespace inferometer::engine {

/// Changes whenever a type of this file does; the loader refuses a plugin of another version.
inline constexpr std::uint32_t kTrainerVersion = 1;

enum class Optimizer : std::uint8_t {
  sgd,    ///< torch.optim.SGD: g += decay w; v = momentum v + g (v = g first); w -= rate (nesterov ? g + momentum v : v)
  adamw,  ///< torch.optim.AdamW (Loshchilov & Hutter 2019): the decay is apart from the gradient
};

struct TrainerSettings {
  std::string device = "cpu";
  std::string precision = "fp32";  ///< or fp64, in which gradients can be checked
  int threads = 1;
  std::int64_t batch = 1;  ///< images of every call
  Optimizer optimizer = Optimizer::sgd;
  double momentum = 0;  ///< sgd
  bool nesterov = false;
  double weight_decay = 0;                            ///< of all parameters, as PyTorch does by default
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< adamw
  double label_smoothing = 0;                         ///< share of the target that is spread over all classes
};

/// Of one batch.
struct BatchResult {
  double loss = 0;           ///< step(): mean cross entropy, smoothed; evaluate(): sum of the plain one over the images that count
  std::int64_t correct = 0;  ///< images whose best class is their label, before the step
};

/// A label that evaluate() passes over: such an image only fills the batch.
inline constexpr std::int64_t kNoLabel = -1;

/// A network in training. One thread at a time. The same calls on the same machine with the same number of threads give the same bits.
class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual const Shape& input_shape() const = 0;  ///< batch, channels, height, width
  virtual std::int64_t classes() const = 0;

  /// Forward in training mode, loss, gradients, and one step of the optimiser.
  /// @param images  input_shape(), row-major; read until this returns
  /// @param labels  one an image, 0 to classes() - 1
  /// A loss that is not finite is returned as it is; the parameters are then worthless.
  virtual BatchResult step(std::span<const float> images, std::span<const std::int64_t> labels, double learning_rate) = 0;
  /// Forward in inference mode; nothing changes. @param labels  kNoLabel may be among them
  virtual BatchResult evaluate(std::span<const float> images, std::span<const std::int64_t> labels) = 0;

  /// Everything that later steps depend on: parameters, buffers and constants by name, of f32 (fp64: f64), and the optimiser's own
  /// under names that begin with kOptimizerPrefix.
  virtual graph::Weights state() const = 0;
  /// Go on from there. Throws Error{input} naming a tensor that is missing or of another shape or type.
  virtual void set_state(const graph::Weights& state) = 0;
};

inline constexpr const char* kOptimizerPrefix = "optimizer/";

/// What the entry function returns. `create` takes the model apart; it throws Error{unsupported} naming the operator or setting that it
/// lacks, Error{input} for weights that do not fit the graph.
struct TrainerTable {
  std::uint32_t trainer_version;
  std::unique_ptr<Trainer> (*create)(graph::Model model, const TrainerSettings& settings);
};

/// `extern "C" const TrainerTable* inferometer_engine_trainer();` with default visibility.
inline constexpr const char* kTrainerSymbol = "inferometer_engine_trainer";
#define INFEROMETER_ENGINE_TRAINER(create_function)                                                                           \
  extern "C" __attribute__((visibility("default"))) const ::inferometer::engine::TrainerTable* inferometer_engine_trainer() { \
    static const ::inferometer::engine::TrainerTable table{::inferometer::engine::kTrainerVersion, create_function};          \
    return &table;                                                                                                            \
  }

}  // namespace inferometer::engine

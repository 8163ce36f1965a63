/// What a calibration knows: coefficients, their ranges, the errors on networks that were held out.
///
/// Plain JSON, meant to be read by people too: docs/predicting.md. Plain values; thread-safe when const.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "predict/block_channels.h"

namespace inferometer::predict {

inline constexpr int kModelVersion = 2;
/// Of all intervals.
inline constexpr double kConfidence = 0.9;

/// Lowest and highest size of a kind of unit that was timed.
struct Range {
  double low = 0, high = 0;
};
/// By kind, then by extent: "pointwise", "channels".
using Ranges = std::map<std::string, std::map<std::string, Range>>;

/// Milliseconds of a request = scale x sum over units of coefficient x amount.
struct BatchModel {
  std::int64_t batch = 1;
  std::map<std::string, double> coefficients;  ///< by column, ms for one of what it counts; columns without one cost nothing
  double scale = 1;                            ///< geometric mean of measured / sum over whole networks
  double probe_error_ratio = 0;                ///< median of |fitted / measured - 1| over the probes
  std::optional<double> log_bound;             ///< half of the interval's width, of the logarithm; null: too few networks
};

/// Peak memory of the process, MB = constant + sum of coefficient x megabytes. Engines keep weights of convolutions twice while they repack
/// them, those of linear layers otherwise; and no plan of reuse is perfect, so that all activations together count a little.
struct MemoryModel {
  double constant_mb = 0;
  double per_linear_mb = 0;       ///< weights of linear layers and products of matrices
  double per_convolution_mb = 0;  ///< all other weights
  double per_live_mb = 0;         ///< most activations alive together
  double per_activation_mb = 0;   ///< all activations
  /// Half of the interval's width, of the logarithm, over all batches of a network together; null: too few networks.
  std::optional<double> log_bound;
  // The most of each that a calibrated network had: beyond it the interval widens.
  double most_linear_mb = 0, most_convolution_mb = 0, most_live_mb = 0, most_activation_mb = 0;
};

/// A network of the calibration, predicted by a model that never saw its family.
struct HeldOut {
  std::string network, family;
  std::int64_t batch = 1;
  double measured_ms = 0, predicted_ms = 0;
  std::optional<double> low_ms, high_ms;
  double noise_ratio = 0;                           ///< how far apart the same figure lay, measured again
  std::optional<double> measured_mb, predicted_mb;  ///< peak memory
};

struct ProbeFit {
  std::string name;
  std::int64_t batch = 1;
  double measured_ms = 0, fitted_ms = 0;
};

struct Model {
  std::string engine, engine_version, device, precision;
  std::map<std::string, std::string> engine_settings;
  int threads = 1;
  std::string machine, machine_name;           ///< identity and words of the platform
  std::int64_t block_channels = kWidestBlock;  ///< of its CPU
  std::string calibrated_at, inferometer_version;
  std::vector<BatchModel> batches;  ///< ascending
  std::optional<MemoryModel> memory;
  Ranges ranges;
  std::vector<HeldOut> held_out;
  std::vector<ProbeFit> probes;
  std::vector<std::string> left_out;  ///< what could not be timed or was not steady, with the reason
};

/// "onnxruntime cpu fp32 t2".
std::string describe(const Model& model);

void save_model(const Model& model, const std::filesystem::path& path);
/// Throws Error{input} naming the file with the line that is no JSON or the key that is missing or wrong; Error{io}.
Model load_model(const std::filesystem::path& path);

/// Where `calibrate` writes and `predict` looks when no file is named: in the cache folder.
std::filesystem::path default_model_path(const std::string& engine, const std::string& device, const std::string& precision, int threads);

}  // namespace inferometer::predict

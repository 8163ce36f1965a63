/// Fit the additive model to timings, and find how far it is off on networks that it never saw.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "predict/calibration.h"
#include "predict/model.h"
#include "predict/units.h"

namespace inferometer::predict {

/// One model that was timed at one batch.
struct Observation {
  std::string name;
  std::string family;  ///< empty: a probe
  std::int64_t batch = 1;
  double ms = 0, noise_ratio = 0, peak_mb = 0;
  NetworkUnits network;
  Amounts amounts;  ///< total_amounts(network)
};

/// Those of the plan's probes and networks that have a steady figure; what has none is named in `left_out`.
/// @param block_channels  of the CPU that was timed (block_channels.h)
std::vector<Observation> observations_of(const CalibrationPlan& plan, const std::vector<Measured>& measured, std::int64_t block_channels,
                                         std::vector<std::string>& left_out);

/// Everything but where the figures come from (engine, machine, ...) of a model. For each batch of the observations:
///   rows are divided by their time, so that relative errors count, and coefficients are at least 0 (stats/non_negative.h);
///   the scale is the geometric mean of measured / fitted over the networks;
///   held_out has each network as a model predicts it that was fitted without its family, with an interval from networks of other families,
///   each of which was itself predicted without its family and that of the network in question. So nothing that is scored has taken part.
/// Throws Error{input} when fewer than 2 probes or no network have a figure.
Model fit_model(const std::vector<Observation>& observations, const std::vector<std::int64_t>& batches);

/// Sum of coefficient x amount.
double cost_of(const Amounts& amounts, const std::map<std::string, double>& coefficients);

/// How a set of held-out predictions did.
struct Score {
  std::int64_t batch = 1;
  std::size_t networks = 0, families = 0;
  double mape_percent = 0;                    ///< mean of |predicted / measured - 1|
  double within_tenth_ratio = 0;              ///< share with |predicted / measured - 1| <= 0.1
  std::optional<double> interval_held_ratio;  ///< share inside their interval; null: none has one
  std::optional<double> half_width_percent;   ///< median of high / predicted - 1
  double noise_percent = 0;                   ///< mean of noise_ratio
  std::optional<double> memory_mape_percent;  ///< mean of |predicted / measured - 1| of peak memory; null: not known
};
/// By batch. Throws nothing.
std::vector<Score> scores_of(const std::vector<HeldOut>& held_out);

}  // namespace inferometer::predict

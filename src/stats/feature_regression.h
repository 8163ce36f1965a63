/// Predict a positive figure from a few features, and say how well for groups of rows that the fit has not seen.
///
/// Pure functions, any thread; the same input gives the same bits. n rows; features are columns as long as y. y must be positive and
/// finite; features too for log_log, and not negative for the others: else Error{input} naming the feature by its number, from 1. Lengths
/// that differ are Error{internal}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stats/linear_model.h"
#include "stats/sample.h"

namespace inferometer::stats {

enum class FeatureForm : std::uint8_t {
  log_log,            ///< ln y = b0 + sum b ln x: least squares of logarithms, so relative errors count
  additive,           ///< y = b0 + sum b x, every b >= 0, rows weighted by 1 / y^2: relative errors count
  additive_absolute,  ///< the same with equal weights: errors in the unit of y count
};
std::optional<FeatureForm> feature_form(std::string_view name);  ///< "log_log", "additive", "additive_absolute"
std::string_view name(FeatureForm form);
std::span<const FeatureForm> feature_forms();

struct FeatureModel {
  FeatureForm form = FeatureForm::log_log;
  double intercept = 0;              ///< b0: of ln y for log_log
  std::vector<double> coefficients;  ///< in the order of the features; exponents for log_log

  /// @param row  one value a feature
  double predict(std::span<const double> row) const;
};

/// Throws Error{input} where log_log has no more rows than terms, or a feature that the others (or a constant) already say.
FeatureModel fit_features(FeatureForm form, DesignColumns features, std::span<const double> y);

/// What a model that saw nothing of the row's group says of the row.
struct HeldOut {
  /// nullopt: without the group the features do not determine a model, or it says nothing but 0.
  std::optional<double> value;
  /// For y, by the jackknife+ on log ratios (Barber, Candes, Ramdas & Tibshirani 2021, Annals of Statistics 49:486, equation 1.5, with
  /// whole groups left out): from models without this group and one other, and the ratio by which each errs on that other. It covers
  /// `confidence` where groups are alike, and no less than 2 confidence - 1 in theory. nullopt: not asked for, more than
  /// kMostIntervalGroups groups, or too few of them for the level.
  std::optional<Interval> interval;
};
inline constexpr std::size_t kMostIntervalGroups = 200;  ///< intervals take groups^2 / 2 fits

/// Hold each group out in turn.
/// @param groups      of each row, 0, 1, 2, ...
/// @param confidence  of the intervals; nullopt: none
/// Throws as fit_features() on all rows does, and Error{input} for fewer than two groups.
std::vector<HeldOut> hold_out(FeatureForm form, DesignColumns features, std::span<const double> y, std::span<const std::size_t> groups,
                              std::optional<double> confidence);

/// Of predicted / actual - 1.
struct RelativeErrors {
  std::size_t n = 0;
  double median = 0, mean = 0, largest = 0;             ///< of the errors' sizes
  double within_10_percent = 0, within_20_percent = 0;  ///< shares of the rows, 0 to 1; an error of exactly that size is within
  double bias = 0;                                      ///< median of the errors with their sign
};
/// nullopt for n = 0. Lengths that differ and an actual that is not positive are Error{internal}.
std::optional<RelativeErrors> relative_errors(std::span<const double> predicted, std::span<const double> actual);

}  // namespace inferometer::stats

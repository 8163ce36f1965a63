#include "stats/feature_regression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "stats/non_negative.h"

namespace inferometer::stats {
namespace {

constexpr std::array<FeatureForm, 3> kForms{FeatureForm::log_log, FeatureForm::additive, FeatureForm::additive_absolute};
constexpr std::array<std::string_view, 3> kNames{"log_log", "additive", "additive_absolute"};

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("regression on features: ") + what);
}

void require_data(FeatureForm form, DesignColumns features, std::span<const double> y) {
  require(!features.empty(), "no feature");
  if (y.empty()) throw Error(ErrorCode::input, "no row to fit");
  for (const double value : y) {
    if (!(value > 0 && std::isfinite(value))) throw Error(ErrorCode::input, fmt::format("{} is no positive figure to be predicted", value));
  }
  for (std::size_t j = 0; j < features.size(); ++j) {
    require(features[j].size() == y.size(), "a feature has another length than y");
    for (const double value : features[j]) {
      require(std::isfinite(value), "a feature holds what is no finite number");
      if (form == FeatureForm::log_log ? value > 0 : value >= 0) continue;
      throw Error(ErrorCode::input,
                  fmt::format("feature {} holds {}{}", j + 1, value,
                              form == FeatureForm::log_log ? ", which has no logarithm" : ": what adds up must not be negative"));
    }
  }
}

/// The columns of the design matrix, the constant first, prepared once for all the fits that leave rows out.
class Regression {
 public:
  Regression(FeatureForm form, DesignColumns features, std::span<const double> y) : form_(form), y_(y.begin(), y.end()) {
    require_data(form, features, y);
    columns_.assign(features.size() + 1, std::vector<double>(y.size(), 1));
    for (std::size_t j = 0; j < features.size(); ++j) columns_[j + 1] = features[j];
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (form == FeatureForm::log_log) {
        y_[i] = std::log(y_[i]);
        for (std::size_t j = 1; j < columns_.size(); ++j) columns_[j][i] = std::log(columns_[j][i]);
      } else if (form == FeatureForm::additive) {
        for (std::vector<double>& column : columns_) column[i] /= y_[i];
        y_[i] = 1;
      }
    }
  }

  /// Throws as fit_features() does.
  FeatureModel fit(const std::vector<bool>& keep) const {
    std::vector<std::vector<double>> columns(columns_.size());
    std::vector<double> y;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      if (!keep[i]) continue;
      y.push_back(y_[i]);
      for (std::size_t j = 0; j < columns.size(); ++j) columns[j].push_back(columns_[j][i]);
    }
    if (y.empty()) throw Error(ErrorCode::input, "no row is left to fit");
    std::vector<double> terms =
        form_ == FeatureForm::log_log ? fit_linear(columns, y).coefficients : fit_non_negative(columns, y).coefficients;
    FeatureModel model;
    model.form = form_;
    model.intercept = terms.front();
    model.coefficients.assign(terms.begin() + 1, terms.end());
    return model;
  }

 private:
  FeatureForm form_;
  std::vector<std::vector<double>> columns_;
  std::vector<double> y_;
};

std::vector<double> row_of(DesignColumns features, std::size_t i) {
  std::vector<double> row;
  for (const std::vector<double>& column : features) row.push_back(column[i]);
  return row;
}

/// Logarithms of what models without one or two groups say of rows.
class Holder {
 public:
  Holder(FeatureForm form, DesignColumns features, std::span<const double> y, std::span<const std::size_t> groups)
      : regression_(form, features, y), groups_(groups) {
    for (std::size_t i = 0; i < y.size(); ++i) rows_.push_back(row_of(features, i));
  }

  /// Of each row of the two groups; nullopt where they leave nothing to fit by. Other rows stay nullopt.
  std::vector<std::optional<double>> without(std::size_t first, std::size_t second) const {
    std::vector<bool> keep(groups_.size());
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = groups_[i] != first && groups_[i] != second;
    std::vector<std::optional<double>> logarithms(keep.size());
    try {
      const FeatureModel model = regression_.fit(keep);
      for (std::size_t i = 0; i < keep.size(); ++i) {
        const double value = keep[i] ? 0 : model.predict(rows_[i]);
        if (value > 0 && std::isfinite(value)) logarithms[i] = std::log(value);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input) throw;
    }
    return logarithms;
  }

 private:
  Regression regression_;
  std::span<const std::size_t> groups_;
  std::vector<std::vector<double>> rows_;
};

/// Ends that the other groups' errors give for each row.
class Intervals {
 public:
  Intervals(std::span<const double> y, std::span<const std::size_t> groups) : y_(y), groups_(groups), low_(y.size()), high_(y.size()) {}

  /// What models without groups a and b say of both.
  void add(const std::vector<std::optional<double>>& logarithms, std::size_t a, std::size_t b) {
    for (std::size_t row = 0; row < y_.size(); ++row) {
      if (!logarithms[row]) continue;
      const std::size_t other = groups_[row] == a ? b : a;
      for (std::size_t judge = 0; judge < y_.size(); ++judge) {
        if (groups_[judge] != other || !logarithms[judge]) continue;
        const double error = std::fabs(std::log(y_[judge]) - *logarithms[judge]);
        low_[row].push_back(*logarithms[row] - error);
        high_[row].push_back(*logarithms[row] + error);
      }
    }
  }

  std::optional<Interval> of(std::size_t row, double confidence) {
    std::vector<double>&low = low_[row], &high = high_[row];
    const double n = static_cast<double>(low.size());
    // A level's decimal digits must not decide whether 0.05 * 20 reaches 1.
    const double slack = 1e-9;
    const auto below = static_cast<std::size_t>(std::floor((1 - confidence) * (n + 1) + slack));
    if (below < 1) return std::nullopt;
    std::sort(low.begin(), low.end());
    std::sort(high.begin(), high.end());
    return Interval{std::exp(low[below - 1]), std::exp(high[high.size() - below])};
  }

 private:
  std::span<const double> y_;
  std::span<const std::size_t> groups_;
  std::vector<std::vector<double>> low_, high_;
};

}  // namespace

std::span<const FeatureForm> feature_forms() { return kForms; }

std::string_view name(FeatureForm form) { return kNames[static_cast<std::size_t>(form)]; }

std::optional<FeatureForm> feature_form(std::string_view wanted) {
  for (const FeatureForm form : kForms) {
    if (name(form) == wanted) return form;
  }
  return std::nullopt;
}

double FeatureModel::predict(std::span<const double> row) const {
  require(row.size() == coefficients.size(), "a row of another number of features");
  double sum = intercept;
  for (std::size_t j = 0; j < row.size(); ++j) sum += coefficients[j] * (form == FeatureForm::log_log ? std::log(row[j]) : row[j]);
  return form == FeatureForm::log_log ? std::exp(sum) : sum;
}

FeatureModel fit_features(FeatureForm form, DesignColumns features, std::span<const double> y) {
  return Regression(form, features, y).fit(std::vector<bool>(y.size(), true));
}

std::vector<HeldOut> hold_out(FeatureForm form, DesignColumns features, std::span<const double> y, std::span<const std::size_t> groups,
                              std::optional<double> confidence) {
  require(groups.size() == y.size(), "groups of another number of rows");
  const Holder holder(form, features, y, groups);
  const std::size_t count = y.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
  if (count < 2) throw Error(ErrorCode::input, "there is one group only: nothing is left to learn from when it is held out");
  // All rows together must determine a model, or no part of them does.
  fit_features(form, features, y);
  std::vector<HeldOut> held(y.size());
  for (std::size_t group = 0; group < count; ++group) {
    const std::vector<std::optional<double>> logarithms = holder.without(group, group);
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (logarithms[i]) held[i].value = std::exp(*logarithms[i]);
    }
  }
  const bool enough = confidence && (1 - *confidence) * static_cast<double>(count) >= 1 - 1e-9;
  if (!enough || count > kMostIntervalGroups) return held;
  Intervals intervals(y, groups);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) intervals.add(holder.without(a, b), a, b);
  }
  for (std::size_t i = 0; i < y.size(); ++i) held[i].interval = intervals.of(i, *confidence);
  return held;
}

std::optional<RelativeErrors> relative_errors(std::span<const double> predicted, std::span<const double> actual) {
  require(predicted.size() == actual.size(), "predictions of another number of rows");
  if (actual.empty()) return std::nullopt;
  // 0.1 is no double: an error that is 10 % but for rounding is within 10 %.
  constexpr double kRounding = 1e-12;
  RelativeErrors errors;
  errors.n = actual.size();
  std::vector<double> sizes, signed_errors;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    require(actual[i] > 0, "an actual figure that is not positive");
    signed_errors.push_back(predicted[i] / actual[i] - 1);
    sizes.push_back(std::fabs(signed_errors.back()));
    errors.within_10_percent += sizes.back() <= 0.1 + kRounding ? 1 : 0;
    errors.within_20_percent += sizes.back() <= 0.2 + kRounding ? 1 : 0;
  }
  const auto n = static_cast<double>(errors.n);
  errors.within_10_percent /= n;
  errors.within_20_percent /= n;
  errors.median = *median(sizes);
  errors.mean = *mean(sizes);
  errors.largest = *std::max_element(sizes.begin(), sizes.end());
  errors.bias = *median(signed_errors);
  return errors;
}

}  // namespace inferometer::stats

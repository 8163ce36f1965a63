#include "load/find_rate.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::load {
namespace {

class Search {
 public:
  Search(const RateSearchOptions& options, const std::function<bool(double)>& holds) : options_(options), holds_(holds) {}

  RateSearch run() {
    double rate = options_.first_rate;
    while (may_go_on()) {
      const bool repeats = is_close_enough();
      if (repeats) rate = held_.back();
      const bool held = holds_(rate);
      result_.trials.push_back({rate, held, repeats});
      if (held && repeats) {
        result_.rate = rate;
        break;
      }
      note(rate, held);
      if (!choose_next(rate)) break;
    }
    if (!result_.rate && result_.remark.empty()) {
      result_.remark = fmt::format("no rate was confirmed within {} windows", options_.most_trials);
    }
    result_.failed = failed_;
    return std::move(result_);
  }

 private:
  bool may_go_on() const { return static_cast<int>(result_.trials.size()) < options_.most_trials; }
  bool is_close_enough() const {
    if (held_.empty()) return false;
    // Above the highest rate nothing is asked for.
    return failed_ ? *failed_ <= held_.back() * options_.ratio : held_.back() >= options_.highest_rate;
  }

  void note(double rate, bool held) {
    if (held) {
      held_.push_back(rate);
    } else {
      failed_ = failed_ ? std::min(*failed_, rate) : rate;
      std::erase_if(held_, [&](double each) { return each >= rate; });
    }
  }

  /// False: there is nothing left to try.
  bool choose_next(double& rate) {
    if (held_.empty()) {
      if (rate <= options_.lowest_rate) {
        result_.remark = fmt::format("not even {} requests/s hold", rounded_text(rate));
        return false;
      }
      rate = std::max(options_.lowest_rate, *failed_ / 2);
    } else if (!failed_) {
      rate = std::min(options_.highest_rate, held_.back() * 2);
    } else {
      rate = std::sqrt(held_.back() * *failed_);
    }
    return true;
  }

  const RateSearchOptions& options_;
  const std::function<bool(double)>& holds_;
  std::vector<double> held_;  ///< ascending: rates that held, below every rate that failed
  std::optional<double> failed_;
  RateSearch result_;
};

}  // namespace

RateSearch find_rate(const RateSearchOptions& options, const std::function<bool(double rate)>& holds) {
  if (!(options.ratio > 1)) throw Error(ErrorCode::usage, "the ratio that ends a search for a rate must be above 1");
  if (!(options.first_rate > 0) || !(options.lowest_rate > 0) || options.highest_rate < options.lowest_rate) {
    throw Error(ErrorCode::usage, "a search for a rate needs rates above 0");
  }
  return Search(options, holds).run();
}

}  // namespace inferometer::load

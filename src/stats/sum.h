/// Add numbers without losing what rounding cuts off.
#pragma once

#include <cmath>

namespace inferometer::stats {

/// Compensated sum (Neumaier 1974): the error does not grow with the number of terms.
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  double total() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace inferometer::stats

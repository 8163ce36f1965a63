/// Fix beforehand when requests are due.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "load/load.h"
#include "stats/random.h"

namespace inferometer::load {

/// Times of an open loop, ascending. Pure: the same options give the same times. One thread.
class Arrivals {
 public:
  /// @param loop   constant: the i-th is at begin + i / rate. poisson: gaps are exponential with mean 1 / rate, drawn by `seed`.
  /// @param begin  of the first of constant arrivals; Poisson's first comes one gap later
  /// Throws Error{usage} for a rate that is not positive.
  Arrivals(Loop loop, double rate, Nanoseconds begin, std::uint64_t seed);
  Nanoseconds next() const { return next_; }  ///< the time that is due next
  void advance();                             ///< to the one after it

 private:
  Loop loop_;
  double rate_;
  Nanoseconds begin_;
  stats::CounterRandom random_;
  double offset_s_ = 0;  ///< of next_ from begin_; in double, so that a long run does not add up rounding to nanoseconds
  std::uint64_t count_ = 0;
  Nanoseconds next_;
};

}  // namespace inferometer::load

#include "load/arrivals.h"

#include <cmath>

#include "base/error.h"

namespace inferometer::load {

Arrivals::Arrivals(Loop loop, double rate, Nanoseconds begin, std::uint64_t seed)
    : loop_(loop), rate_(rate), begin_(begin), random_(seed), next_(begin) {
  if (!(rate > 0) || !std::isfinite(rate)) throw Error(ErrorCode::usage, "an open loop needs a rate above 0 requests/s");
  if (loop_ == Loop::poisson) advance();
}

void Arrivals::advance() {
  if (loop_ == Loop::poisson) {
    offset_s_ -= std::log1p(-random_.uniform()) / rate_;  // uniform() is below 1, so the logarithm is finite
  } else {
    offset_s_ = static_cast<double>(++count_) / rate_;
  }
  next_ = begin_ + Nanoseconds(std::llround(offset_s_ * 1e9));
}

}  // namespace inferometer::load

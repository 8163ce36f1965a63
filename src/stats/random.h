/// Draw random numbers that depend on a seed and a position only.
#pragma once

#include <cstdint>

namespace inferometer::stats {

/// Counter-based generator: the i-th number of a stream is a hash of (seed, stream, i), the finalizer of SplitMix64 (Steele, Lea & Flood
/// 2014) applied twice. Integer arithmetic only, so that every platform draws the same. Streams of one seed are independent for our
/// purposes.
/// Not for cryptography. Value type, one thread.
class CounterRandom {
 public:
  explicit CounterRandom(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  ///< 0 ... bound - 1, each equally likely (Lemire 2019); bound >= 1
  double uniform();                          ///< in [0, 1), a multiple of 2^-53
  double normal();                           ///< standard normal, by the quantile function at the middle of a 2^-53 cell

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace inferometer::stats

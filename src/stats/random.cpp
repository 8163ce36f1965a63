#include "stats/random.h"

#include "stats/distributions.h"

namespace inferometer::stats {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;

std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

struct Product {
  std::uint64_t high, low;
};

/// 64 x 64 -> 128 bits, in halves: ISO C++ has no wider type.
Product multiply(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kHalf = 0xFFFFFFFF;
  const std::uint64_t low = (a & kHalf) * (b & kHalf);
  const std::uint64_t middle = (a >> 32) * (b & kHalf) + (low >> 32);
  const std::uint64_t other = (a & kHalf) * (b >> 32) + (middle & kHalf);
  return {(a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32), a * b};
}

}  // namespace

CounterRandom::CounterRandom(std::uint64_t seed, std::uint64_t stream)
    : key_(mixed(mixed(seed + kGoldenGamma) ^ (stream * kGoldenGamma))) {}

std::uint64_t CounterRandom::next() { return mixed(mixed(key_ + ++counter_ * kGoldenGamma) + key_); }

std::uint64_t CounterRandom::below(std::uint64_t bound) {
  Product product = multiply(next(), bound);
  if (product.low < bound) {
    // 2^64 mod bound: below it a value would be drawn once too often.
    const std::uint64_t threshold = (0 - bound) % bound;
    while (product.low < threshold) product = multiply(next(), bound);
  }
  return product.high;
}

double CounterRandom::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double CounterRandom::normal() { return normal_quantile((static_cast<double>(next() >> 12) + 0.5) * 0x1p-52); }

}  // namespace inferometer::stats

/// Bound the memory that all request bodies take together.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace inferometer::serve {

/// Bytes that may be held at once. Any thread. Outlives its leases.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t most) : most_(most) {}
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class BodyLease;
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

/// Some of a budget, given back on destruction. Move only; one thread at a time.
class BodyLease {
 public:
  explicit BodyLease(BodyBudget& budget) : budget_(&budget) {}
  ~BodyLease() { budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed); }
  BodyLease(BodyLease&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  BodyLease& operator=(BodyLease&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  /// @return false, and nothing taken, where the budget does not allow that many more
  bool grow(std::size_t bytes) {
    if (budget_->used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > budget_->most_) {
      budget_->used_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    bytes_ += bytes;
    return true;
  }

 private:
  BodyBudget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace inferometer::serve

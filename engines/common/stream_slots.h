/// Let as many requests compute side by side as a session has streams; the others wait in the order of their calls.
///
/// For engines that compute on the calling thread and keep no queue of their own. Header only.
#pragma once

#include <atomic>
#include <cstdint>

namespace inferometer::engine {

/// Slots for `streams` requests. Any thread. Without waiting, taking and leaving a slot costs tens of nanoseconds.
class StreamSlots {
 public:
  explicit StreamSlots(int streams) : streams_(static_cast<std::uint64_t>(streams)) {}

  /// A slot, held while it lives.
  class Slot {
   public:
    explicit Slot(StreamSlots& slots) : slots_(slots) { slots_.enter(); }
    ~Slot() { slots_.leave(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    StreamSlots& slots_;
  };

 private:
  // Number n may compute once all but streams - 1 of those before it have ended: never more than `streams` at once, first come first
  // served.
  void enter() {
    const std::uint64_t number = entered_.fetch_add(1, std::memory_order_relaxed);
    std::uint64_t left = left_.load(std::memory_order_acquire);
    while (number >= left + streams_) {
      left_.wait(left, std::memory_order_acquire);
      left = left_.load(std::memory_order_acquire);
    }
  }
  void leave() {
    left_.fetch_add(1, std::memory_order_release);
    left_.notify_all();
  }

  const std::uint64_t streams_;
  std::atomic<std::uint64_t> entered_{0}, left_{0};
};

}  // namespace inferometer::engine

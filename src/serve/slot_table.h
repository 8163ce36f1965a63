/// Hand out places in slots, merge callers into one inference, queue slots for the child and wait for them.
///
/// Internal to serve: the parent's half of the shared memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "base/error.h"
#include "serve/shared_memory.h"

namespace inferometer::serve {

/// Neighbouring items of a slot that one caller holds.
struct TakenPlaces {
  std::size_t slot = 0, first = 0, count = 0;
  bool started = false;
};

/// A merged slot goes when it is full or its delay has passed, and all who took places have started or released them. Whoever waits
/// sees to that; there is no timer. Members: any thread.
class SlotTable {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  /// @param merged_batch  0 or 1: nothing is merged
  SlotTable(const SharedMemory& memory, std::size_t merged_batch, std::chrono::microseconds delay);

  /// Throws Error{interrupted} at the deadline or when closing; what fail() was given.
  TakenPlaces take(std::size_t items, Deadline deadline);
  /// Without waiting, and not before those who wait. Throws likewise.
  std::optional<TakenPlaces> try_take(std::size_t items);
  /// Throws what fail() was given.
  void start(TakenPlaces& places);
  /// Throws Error{interrupted} at the deadline; the slot's error; what fail() was given.
  void wait(const TakenPlaces& places, Deadline deadline);
  void release(const TakenPlaces& places) noexcept;

  /// The child is gone: everybody who waits, or will, gets this error.
  void fail(const Error& error);
  std::optional<Error> failure() const;
  /// Refuse whoever waits for places, then wait until all are released.
  void close();
  /// Whether the child has been at one thing for longer than it may.
  bool hangs() const;

 private:
  /// What the parent alone knows of a slot.
  struct Record {
    std::size_t reserved = 0, ready = 0;  ///< items; ready: started or released
    std::size_t holders = 0;
    bool open = false;    ///< others may join
    bool queued = false;  ///< the child has or had it
    Deadline merge_until{};
  };
  bool merges(std::size_t items) const { return items < merged_batch_; }
  void require_open(std::size_t items) const;
  std::optional<TakenPlaces> find_places(std::size_t items);
  std::optional<std::size_t> find_free();
  void close_open_slot();
  void queue_if_ready(std::size_t slot);
  bool is_finished(std::size_t slot) const;
  void free_if_unused(std::size_t slot);

  const SharedMemory& memory_;
  std::size_t merged_batch_;
  std::chrono::microseconds delay_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;               ///< for take() and close()
  std::deque<std::condition_variable> queued_;  ///< by slot, for wait() of merged ones
  std::vector<Record> records_;
  std::optional<std::size_t> open_;    ///< the slot that others may join
  std::deque<std::uint64_t> waiting_;  ///< numbers of take() calls, first come first
  std::uint64_t calls_ = 0, tickets_ = 0;
  bool closing_ = false;
  std::optional<Error> failure_;
};

}  // namespace inferometer::serve

/// Lay out the memory that a server and one of its workers share.
///
/// A header, then slots. A slot holds one inference: its inputs tensor by tensor, each with room for the largest batch, then its
/// outputs likewise. Pages that nobody touched cost nothing. Internal to serve: worker.cpp (parent) and worker_process.cpp (child).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"

namespace inferometer::serve {

/// Whose a slot is. Only the parent writes idle, queued and died; only the child running, done and failed.
enum class SlotState : std::uint32_t {
  idle,     ///< the parent fills it, or reads what came out
  queued,   ///< for the child to run; lowest ticket first
  running,  ///< the child has it
  done,     ///< outputs are there
  failed,   ///< error, message and hint are there
  died,     ///< the child is gone
};

struct alignas(64) SharedSlot {
  std::atomic<std::uint32_t> state;       ///< a SlotState; woken when it becomes done, failed or died
  std::uint32_t items;                    ///< to run
  std::atomic<std::uint64_t> ticket;      ///< order of queued slots
  std::atomic<std::int64_t> deadline_ns;  ///< steady clock: what the child does now hangs when it is not done by then
  std::int64_t inference_ns;              ///< of the engine's requests alone, summed
  std::int64_t finished_ns;               ///< steady clock, when outputs were there
  std::uint32_t error;                    ///< an ErrorCode
  char message[600], hint[600];           ///< with a 0 at the end
};

struct SharedHeader {
  alignas(64) std::atomic<std::uint32_t> posts;  ///< raised and woken with every queued slot
  alignas(64) std::atomic<std::uint64_t> inferences;
  std::atomic<std::uint64_t> items, sessions_made, sessions_held;
};

/// Where things lie. Parent and child compute it from the same numbers.
class SharedLayout {
 public:
  /// @param input_bytes, output_bytes  of one item, tensor by tensor
  SharedLayout(std::size_t slots, std::size_t largest_batch, std::vector<std::size_t> input_bytes, std::vector<std::size_t> output_bytes);
  std::size_t slots() const { return slots_; }
  std::size_t largest_batch() const { return largest_batch_; }
  const std::vector<std::size_t>& input_bytes() const { return input_bytes_; }
  const std::vector<std::size_t>& output_bytes() const { return output_bytes_; }
  std::size_t total() const { return tensors_begin_ + slots_ * slot_bytes_; }

 private:
  friend class SharedMemory;
  std::size_t slots_, largest_batch_;
  std::vector<std::size_t> input_bytes_, output_bytes_;
  std::vector<std::size_t> input_offsets_, output_offsets_;  ///< within a slot's tensors, 64-byte aligned
  std::size_t tensors_begin_ = 0, slot_bytes_ = 0;           ///< whole pages
};

/// The memory, mapped until destruction. Members: any thread; what a slot holds belongs to who its state says.
class SharedMemory {
 public:
  /// An empty one for a child to inherit. Throws Error{io}.
  static Descriptor create();
  /// Give it its size, for good. Throws Error{out_of_memory}.
  static void resize(const Descriptor& memory, std::size_t bytes);
  /// Throws Error{out_of_memory}.
  SharedMemory(const Descriptor& memory, SharedLayout layout);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  const SharedLayout& layout() const { return layout_; }
  SharedHeader& header() const;
  SharedSlot& slot(std::size_t index) const;
  /// `count` neighbouring items of a tensor.
  std::span<std::byte> input(std::size_t slot, std::size_t tensor, std::size_t item, std::size_t count = 1) const;
  std::span<std::byte> output(std::size_t slot, std::size_t tensor, std::size_t item, std::size_t count = 1) const;

 private:
  std::byte* tensors(std::size_t slot) const;

  SharedLayout layout_;
  std::byte* begin_ = nullptr;
};

}  // namespace inferometer::serve

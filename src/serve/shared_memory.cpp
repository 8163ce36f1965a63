#include "serve/shared_memory.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

namespace inferometer::serve {
namespace {

constexpr std::size_t kAlignment = 64, kPage = 4096;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// Offsets of tensors with room for a batch each, from `end` on; moves `end` behind them.
std::vector<std::size_t> place(const std::vector<std::size_t>& item_bytes, std::size_t batch, std::size_t& end) {
  std::vector<std::size_t> offsets;
  for (const std::size_t bytes : item_bytes) {
    offsets.push_back(end);
    end = rounded_up(end + bytes * batch, kAlignment);
  }
  return offsets;
}

[[noreturn]] void fail(ErrorCode code, const char* what) {
  throw Error(code, fmt::format("{}: {}", what, std::system_category().message(errno)));
}

}  // namespace

SharedLayout::SharedLayout(std::size_t slots, std::size_t largest_batch, std::vector<std::size_t> input_bytes,
                           std::vector<std::size_t> output_bytes)
    : slots_(slots), largest_batch_(largest_batch), input_bytes_(std::move(input_bytes)), output_bytes_(std::move(output_bytes)) {
  input_offsets_ = place(input_bytes_, largest_batch_, slot_bytes_);
  output_offsets_ = place(output_bytes_, largest_batch_, slot_bytes_);
  slot_bytes_ = rounded_up(slot_bytes_, kPage);
  tensors_begin_ = rounded_up(sizeof(SharedHeader) + slots_ * sizeof(SharedSlot), kPage);
}

Descriptor SharedMemory::create() {
  Descriptor memory(::memfd_create("inferometer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) fail(ErrorCode::io, "cannot make shared memory");
  return memory;
}

void SharedMemory::resize(const Descriptor& memory, std::size_t bytes) {
  if (::ftruncate(memory.number(), static_cast<off_t>(bytes)) != 0) fail(ErrorCode::out_of_memory, "cannot size shared memory");
  // A mapping of a file that shrinks would end its reader with SIGBUS.
  if (::fcntl(memory.number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail(ErrorCode::io, "cannot seal shared memory");
}

SharedMemory::SharedMemory(const Descriptor& memory, SharedLayout layout) : layout_(std::move(layout)) {
  void* mapped = ::mmap(nullptr, layout_.total(), PROT_READ | PROT_WRITE, MAP_SHARED, memory.number(), 0);
  if (mapped == MAP_FAILED) fail(ErrorCode::out_of_memory, "cannot map shared memory");
  begin_ = static_cast<std::byte*>(mapped);
}

SharedMemory::~SharedMemory() { ::munmap(begin_, layout_.total()); }

// The kernel hands the memory out as zeros, which is the initial value of every member: idle slots, nothing counted.
SharedHeader& SharedMemory::header() const { return *reinterpret_cast<SharedHeader*>(begin_); }

SharedSlot& SharedMemory::slot(std::size_t index) const { return reinterpret_cast<SharedSlot*>(begin_ + sizeof(SharedHeader))[index]; }

std::byte* SharedMemory::tensors(std::size_t slot) const { return begin_ + layout_.tensors_begin_ + slot * layout_.slot_bytes_; }

std::span<std::byte> SharedMemory::input(std::size_t slot, std::size_t tensor, std::size_t item, std::size_t count) const {
  const std::size_t bytes = layout_.input_bytes_[tensor];
  return {tensors(slot) + layout_.input_offsets_[tensor] + item * bytes, count * bytes};
}

std::span<std::byte> SharedMemory::output(std::size_t slot, std::size_t tensor, std::size_t item, std::size_t count) const {
  const std::size_t bytes = layout_.output_bytes_[tensor];
  return {tensors(slot) + layout_.output_offsets_[tensor] + item * bytes, count * bytes};
}

}  // namespace inferometer::serve

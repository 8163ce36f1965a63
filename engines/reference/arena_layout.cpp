#include "arena_layout.h"

#include <iterator>

namespace inferometer::reference {

namespace {

constexpr std::size_t kLineFloats = 16;

std::size_t rounded(std::size_t floats) { return (floats + kLineFloats - 1) / kLineFloats * kLineFloats; }

}  // namespace

std::size_t ArenaLayout::allocate(std::size_t floats) {
  const std::size_t length = rounded(floats);
  auto best = free_.end();
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second >= length && (best == free_.end() || block->second < best->second)) best = block;
  }
  if (best != free_.end()) {
    const auto [offset, available] = *best;
    free_.erase(best);
    if (available > length) free_.emplace(offset + length, available - length);
    return offset;
  }
  // A free block at the end need only grow.
  std::size_t offset = size_;
  if (!free_.empty() && std::prev(free_.end())->first + std::prev(free_.end())->second == size_) {
    offset = std::prev(free_.end())->first;
    free_.erase(std::prev(free_.end()));
  }
  size_ = offset + length;
  return offset;
}

void ArenaLayout::release(std::size_t offset, std::size_t floats) {
  const auto [block, inserted] = free_.emplace(offset, rounded(floats));
  if (!inserted) return;
  if (const auto next = std::next(block); next != free_.end() && block->first + block->second == next->first) {
    block->second += next->second;
    free_.erase(next);
  }
  if (block == free_.begin()) return;
  if (const auto previous = std::prev(block); previous->first + previous->second == block->first) {
    previous->second += block->second;
    free_.erase(block);
  }
}

}  // namespace inferometer::reference

/// Hand out offsets of one block of memory whose size is known only at the end.
#pragma once

#include <cstddef>
#include <map>

namespace inferometer::reference {

/// Best fit, neighbours join when freed. Sizes and offsets are floats; blocks begin at multiples of a cache line.
class ArenaLayout {
 public:
  std::size_t allocate(std::size_t floats);
  void release(std::size_t offset, std::size_t floats);
  std::size_t size() const { return size_; }

 private:
  std::map<std::size_t, std::size_t> free_;  ///< offset -> length
  std::size_t size_ = 0;
};

}  // namespace inferometer::reference

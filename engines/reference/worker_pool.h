/// Spread independent pieces of work over threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace inferometer::reference {

/// The caller's thread and threads - 1 others, which sleep between jobs (after spinning some 20 us for the next one).
/// One job at a time, from one thread. Work must not throw.
class WorkerPool {
 public:
  /// Throws std::system_error when a thread cannot be started.
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int threads() const { return static_cast<int>(others_.size()) + 1; }

  /// Call work(index, worker) for every index in [0, count), in any order; worker is in [0, threads()). Returns when all is done.
  template <class Work>
  void for_each(std::int64_t count, Work&& work) {
    if (others_.empty() || count < 2) {
      for (std::int64_t index = 0; index < count; ++index) work(index, 0);
      return;
    }
    using Plain = std::remove_reference_t<Work>;
    run(
        count, [](void* context, std::int64_t index, int worker) { (*static_cast<Plain*>(context))(index, worker); }, &work);
  }

  /// Call work(begin, end) for pieces of [0, total) of at least `grain` elements, except the last.
  template <class Work>
  void for_ranges(std::int64_t total, std::int64_t grain, Work&& work) {
    const std::int64_t pieces = std::clamp<std::int64_t>(total / std::max<std::int64_t>(grain, 1), 1, std::int64_t{4} * threads());
    const std::int64_t length = (total + pieces - 1) / pieces;
    for_each(pieces, [&](std::int64_t piece, int) {
      const std::int64_t begin = std::min(total, piece * length), end = std::min(total, begin + length);
      if (begin < end) work(begin, end);
    });
  }

 private:
  using Function = void (*)(void* context, std::int64_t index, int worker);
  void run(std::int64_t count, Function function, void* context);
  void serve(int worker);
  void take_pieces(int worker);

  // Written before generation_ is raised, read after it was seen.
  Function function_ = nullptr;
  void* context_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<std::int64_t> next_ = 0;
  std::atomic<int> busy_ = 0;
  std::atomic<std::uint32_t> generation_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> others_;
};

}  // namespace inferometer::reference

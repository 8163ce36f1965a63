#include "worker_pool.h"

namespace inferometer::reference {

namespace {

// The next operator of a network mostly comes within this; a sleeping thread takes 50 us to wake.
constexpr int kSpins = 2000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

WorkerPool::WorkerPool(int threads) {
  others_.reserve(static_cast<std::size_t>(std::max(threads - 1, 0)));
  try {
    for (int worker = 1; worker < threads; ++worker) others_.emplace_back([this, worker] { serve(worker); });
  } catch (...) {
    ending_ = true;
    ++generation_;
    generation_.notify_all();
    for (std::thread& other : others_) other.join();
    throw;
  }
}

WorkerPool::~WorkerPool() {
  ending_ = true;
  ++generation_;
  generation_.notify_all();
  for (std::thread& other : others_) other.join();
}

void WorkerPool::run(std::int64_t count, Function function, void* context) {
  function_ = function;
  context_ = context;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<int>(others_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  take_pieces(0);
  for (int spin = 0; busy_.load(std::memory_order_acquire) != 0; ++spin) {
    if (spin < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
}

void WorkerPool::serve(int worker) {
  std::uint32_t seen = 0;
  while (true) {
    for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_relaxed) == seen; ++spin) pause_briefly();
    generation_.wait(seen, std::memory_order_acquire);
    seen = generation_.load(std::memory_order_acquire);
    if (ending_) return;
    take_pieces(worker);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

void WorkerPool::take_pieces(int worker) {
  while (true) {
    const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    function_(context_, index, worker);
  }
}

}  // namespace inferometer::reference

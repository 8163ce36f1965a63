#include "base/futex.h"

#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace inferometer {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

const std::uint32_t* address(const std::atomic<std::uint32_t>& word) { return reinterpret_cast<const std::uint32_t*>(&word); }

void wake(const std::atomic<std::uint32_t>& word, int most) { ::syscall(SYS_futex, address(word), FUTEX_WAKE, most, nullptr, nullptr, 0); }

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<std::chrono::steady_clock::time_point> deadline) {
  timespec until{};
  if (deadline) {
    const auto since_origin = deadline->time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_origin);
    until.tv_sec = seconds.count();
    until.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since_origin - seconds).count();
  }
  // The bit set's form takes an absolute time of CLOCK_MONOTONIC, which is libstdc++'s steady clock.
  ::syscall(SYS_futex, address(word), FUTEX_WAIT_BITSET, expected, deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake_one(const std::atomic<std::uint32_t>& word) { wake(word, 1); }
void futex_wake_all(const std::atomic<std::uint32_t>& word) { wake(word, INT_MAX); }

}  // namespace inferometer

/// Wait for a number in memory that processes share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace inferometer {

/// Sleep while `word` is `expected`; returns when woken, at the deadline, or for no reason: look at the word again.
/// The word may lie in shared memory and be woken by another process.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt);
void futex_wake_one(const std::atomic<std::uint32_t>& word);
void futex_wake_all(const std::atomic<std::uint32_t>& word);

}  // namespace inferometer

#include "serve/work_pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace inferometer::serve {
namespace {

TEST(WorkPool, EveryPieceIsDoneOnce) {
  for (const std::size_t helpers : {0U, 1U, 3U}) {
    WorkPool pool(helpers);
    for (const std::size_t count : {0U, 1U, 2U, 100U}) {
      std::vector<std::atomic<int>> done(count);
      pool.run(count, [&](std::size_t i) { ++done[i]; });
      for (const auto& each : done) EXPECT_EQ(each, 1);
    }
  }
}

TEST(WorkPool, PiecesRunSideBySide) {
  WorkPool pool(1);
  std::mutex mutex;
  std::condition_variable met;
  int there = 0;
  // Each waits for the other: one thread alone would never return.
  pool.run(2, [&](std::size_t) {
    std::unique_lock lock(mutex);
    ++there;
    met.notify_all();
    met.wait(lock, [&] { return there == 2; });
  });
  EXPECT_EQ(there, 2);
}

TEST(WorkPool, TheLowestPieceThatFailsIsTold) {
  for (const std::size_t helpers : {0U, 3U}) {
    WorkPool pool(helpers);
    std::atomic<int> begun{0};
    for (int round = 0; round < 50; ++round) {
      try {
        pool.run(1000, [&](std::size_t i) {
          ++begun;
          if (i >= 2) throw std::runtime_error(std::to_string(i));
        });
        ADD_FAILURE();
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "2");
      }
    }
    EXPECT_LT(begun, 50 * 20) << "the rest is not begun";
    std::atomic<int> after{0};
    pool.run(10, [&](std::size_t) { ++after; });
    EXPECT_EQ(after, 10);
  }
}

TEST(WorkPool, AHigherPieceThatFailsLaterIsNotTold) {
  WorkPool pool(1);
  std::mutex mutex;
  std::condition_variable met;
  int there = 0;
  try {
    pool.run(2, [&](std::size_t i) {
      {
        std::unique_lock lock(mutex);
        ++there;
        met.notify_all();
        met.wait(lock, [&] { return there == 2; });
      }
      if (i == 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      throw std::runtime_error(std::to_string(i));
    });
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "0");
  }
}

TEST(WorkPool, CallersShareTheHelpers) {
  WorkPool pool(2);
  std::atomic<int> done{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) pool.run(7, [&](std::size_t) { ++done; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 6 * 100 * 7);
}

}  // namespace
}  // namespace inferometer::serve

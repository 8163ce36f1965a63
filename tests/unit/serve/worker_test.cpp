#include "serve/worker.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"
#include "fake_service.h"

namespace inferometer::serve {
namespace {

using namespace std::chrono_literals;

template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorCode::internal, ""};
}

TEST(Worker, TellsTheModelAndAnswersLikeItselfAlone) {
  REQUIRE_ENGINE("fake");
  Worker worker(fake_options());
  ASSERT_EQ(worker.model().inputs.size(), 1U);
  EXPECT_EQ(worker.model().inputs[0].shape, (Shape{1, 3, 8, 8}));
  EXPECT_EQ(worker.model().outputs[0].shape, (Shape{1, 10}));
  EXPECT_EQ(worker.model().largest_batch, 64);
  EXPECT_GT(worker.model().load_ms, 0);
  EXPECT_TRUE(worker.alive());
  EXPECT_GT(worker.resident_bytes(), 0);
  EXPECT_NE(run_alone(worker, 1), run_alone(worker, 2));
  EXPECT_EQ(run_alone(worker, 1), run_alone(worker, 1));
}

TEST(Worker, EveryCountIsCutIntoPowersOfTwoAndItemsKeepTheirOwnResults) {
  REQUIRE_ENGINE("fake");
  Worker worker(fake_options());
  std::vector<std::vector<float>> alone;
  for (std::size_t i = 0; i < 64; ++i) alone.push_back(run_alone(worker, i));
  for (const std::size_t count : {2U, 3U, 7U, 8U, 33U, 63U, 64U}) {
    const WorkerCounts before = worker.counts();
    Places places = worker.take(count, 60s);
    ASSERT_EQ(places.count(), count);
    for (std::size_t i = 0; i < count; ++i) fill_item(places.input(0, i), i);
    places.run(60s);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(floats_of(places.output(0, i)), alone[i]) << i << " of " << count;
    EXPECT_EQ(worker.counts().inferences - before.inferences, static_cast<std::uint64_t>(__builtin_popcountll(count)));
    EXPECT_EQ(worker.counts().items - before.items, count);
    EXPECT_EQ(places.inference_items(), count);
  }
  EXPECT_EQ(worker.counts().sessions_held, 7U) << "1 2 4 8 16 32 64";
}

TEST(Worker, RefusesMorePlacesThanItsBatchAndNone) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options();
  options.largest_batch = 8;
  Worker worker(options);
  EXPECT_EQ(worker.model().largest_batch, 8);
  EXPECT_EQ(error_of([&] { worker.take(9, 1s); }).code(), ErrorCode::internal);
  EXPECT_EQ(error_of([&] { worker.take(0, 1s); }).code(), ErrorCode::internal);
}

TEST(Worker, SessionsBeyondAFewLeaveAndComeBack) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options({{"memory_mb", "40"}});
  options.entry.limits.memory_limit_mib = 400;  // a quarter of it holds two: three are the least
  Worker worker(options);
  const auto run = [&](std::size_t count) {
    Places places = worker.take(count, 60s);
    for (std::size_t i = 0; i < count; ++i) fill_item(places.input(0, i), i);
    places.run(60s);
    return floats_of(places.output(0, count - 1));
  };
  for (const std::size_t count : {2U, 4U, 8U, 16U}) run(count);
  EXPECT_EQ(worker.counts().sessions_held, 3U);
  EXPECT_EQ(worker.counts().sessions_made, 5U);
  const auto again = run(16);
  EXPECT_EQ(worker.counts().sessions_made, 5U) << "16 was used last";
  EXPECT_EQ(again, run_alone(worker, 15));
  run(2);
  EXPECT_EQ(worker.counts().sessions_made, 6U) << "2 had left";
  EXPECT_LT(worker.resident_bytes(), std::int64_t{300} << 20);
}

TEST(Worker, ManyThreadsAtOnceGetTheirOwnResults) {
  REQUIRE_ENGINE("fake");
  for (const std::int64_t merged : {0, 16}) {
    WorkerOptions options = fake_options();
    options.entry.streams = 2;
    options.merged_batch = merged;
    options.merge_delay = 200us;
    Worker worker(options);
    std::vector<std::vector<float>> alone;
    for (std::size_t i = 0; i < 32; ++i) alone.push_back(run_alone(worker, i));
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 12; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t round = 0; round < 100; ++round) {
          const std::size_t count = 1 + (round + t) % 5;
          Places places = worker.take(count, 60s);
          for (std::size_t i = 0; i < count; ++i) fill_item(places.input(0, i), (t * 7 + round + i) % 32);
          places.run(60s);
          for (std::size_t i = 0; i < count; ++i) {
            if (floats_of(places.output(0, i)) != alone[(t * 7 + round + i) % 32]) ++wrong;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0) << "merged " << merged;
  }
}

TEST(Worker, ErrorsOfLoadingArriveAsTheyAre) {
  REQUIRE_ENGINE("fake");
  const Error refused = error_of([] { Worker worker(fake_options({{"fault", "load_error"}})); });
  EXPECT_EQ(refused.code(), ErrorCode::engine_failure);
  EXPECT_NE(std::string(refused.what()).find("load fails, as asked"), std::string::npos) << refused.what();
  const Error crashed = error_of([] { Worker worker(fake_options({{"fault", "load_crash"}})); });
  EXPECT_EQ(crashed.code(), ErrorCode::engine_failure);
  EXPECT_NE(std::string(crashed.what()).find("fake: the process crashed with SIGSEGV while it loaded"), std::string::npos)
      << crashed.what();
  EXPECT_EQ(error_of([] { Worker worker(fake_options({{"no such", "1"}})); }).code(), ErrorCode::usage);
  const Error late = error_of([] {
    WorkerOptions options = fake_options({{"fault", "load_hang"}});
    options.entry.limits.load_timeout_s = 0.2;
    Worker worker(options);
  });
  EXPECT_NE(std::string(late.what()).find("0.2 s"), std::string::npos) << late.what();
}

TEST(Worker, AnEngineThatFailsFailsTheCallAndGoesOn) {
  REQUIRE_ENGINE("fake");
  Worker worker(fake_options({{"fault", "throw"}, {"after", "2"}}));
  run_alone(worker, 1);
  const Error error = error_of([&] { run_alone(worker, 1); });
  EXPECT_EQ(error.code(), ErrorCode::engine_failure);
  EXPECT_NE(std::string(error.what()).find("run fails, as asked"), std::string::npos);
  EXPECT_TRUE(worker.alive());
  Places places = worker.take(2, 60s);  // a new session's first requests are well
  places.run(60s);
}

TEST(Worker, ACrashFailsEveryCallInFlightAndMarksItDead) {
  REQUIRE_ENGINE("fake");
  for (const char* fault : {"crash", "abort", "exit"}) {
    // Through the delay several calls are queued when the first one crashes.
    Worker worker(fake_options({{"fault", fault}, {"after", "3"}, {"delay_ms", "20"}}));
    std::atomic<int> failed{0}, well{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        try {
          for (int i = 0; i < 10; ++i) {
            run_alone(worker, 1);
            ++well;
          }
        } catch (const Error& error) {
          if (error.code() == ErrorCode::engine_failure) ++failed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 8) << fault;
    EXPECT_EQ(well, 2) << "one request ran when it was loaded";
    EXPECT_FALSE(worker.alive());
    EXPECT_NE(worker.failure().find("fake: the process "), std::string::npos) << worker.failure();
    EXPECT_EQ(error_of([&] { worker.take(1, 60s); }).code(), ErrorCode::engine_failure);
    EXPECT_EQ(worker.resident_bytes(), 0);
  }
}

TEST(Worker, AKilledProcessIsToldWithItsSignal) {
  REQUIRE_ENGINE("fake");
  Worker worker(fake_options({{"delay_ms", "400"}}));
  Places places = worker.take(1, 60s);
  places.start();
  ASSERT_EQ(::kill(worker.process(), SIGKILL), 0);
  const Error error = error_of([&] { places.wait(60s); });
  EXPECT_EQ(error.code(), ErrorCode::engine_failure);
  EXPECT_NE(std::string(error.what()).find("crashed with SIGKILL while it served"), std::string::npos) << error.what();
  EXPECT_FALSE(worker.alive());
}

TEST(Worker, TheTimeLimitEndsTheCallAndTheSlotComesBack) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options({{"delay_ms", "300"}});
  options.slots = 1;
  Worker worker(options);
  const Error error = error_of([&] {
    Places places = worker.take(1, 60s);
    fill_item(places.input(0, 0), 5);
    places.run(1ms);
  });
  EXPECT_EQ(error.code(), ErrorCode::interrupted);
  // The only slot is the engine's until it is done with it.
  EXPECT_EQ(error_of([&] { worker.take(1, 1ms); }).code(), ErrorCode::interrupted);
  Places places = worker.take(1, 60s);
  fill_item(places.input(0, 0), 6);
  places.run(60s);
  const auto got = floats_of(places.output(0, 0));
  { const Places gone = std::move(places); }
  EXPECT_EQ(got, run_alone(worker, 6));
}

TEST(Worker, CallersAreMergedIntoOneInference) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options();
  options.merged_batch = 8;
  options.merge_delay = 60s;  // only a full inference goes
  Worker worker(options);
  const WorkerCounts before = worker.counts();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0}, merged{0};
  std::vector<std::vector<float>> got(8);
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Places places = worker.take(1, 60s);
      fill_item(places.input(0, 0), t);
      places.run(60s);
      got[t] = floats_of(places.output(0, 0));
      if (places.inference_items() == 8) ++merged;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(merged, 8);
  EXPECT_EQ(worker.counts().inferences - before.inferences, 1U);
  Places alone = worker.take(8, 60s);
  for (std::size_t i = 0; i < 8; ++i) fill_item(alone.input(0, i), i);
  alone.run(60s);
  for (std::size_t i = 0; i < 8; ++i) {
    if (floats_of(alone.output(0, i)) != got[i]) ++wrong;
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Worker, WhoStartsFirstIsServedFirst) {
  REQUIRE_ENGINE("fake");
  Worker worker(fake_options({{"delay_ms", "5"}}));
  std::vector<Places> places;
  for (int i = 0; i < 4; ++i) places.push_back(worker.take(1, 60s));
  for (const std::size_t i : {3U, 1U, 2U, 0U}) places[i].start();
  for (Places& each : places) each.wait(60s);
  EXPECT_LT(places[3].finished(), places[1].finished());
  EXPECT_LT(places[1].finished(), places[2].finished());
  EXPECT_LT(places[2].finished(), places[0].finished());
}

TEST(Worker, AHungInferenceCostsTheWorkerAndNotItsCallers) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options({{"fault", "hang"}, {"after", "1"}});
  options.entry.limits.request_timeout_s = 0.1;
  Worker worker(options);
  const Error error = error_of([&] { run_alone(worker, 1); });
  EXPECT_EQ(error.code(), ErrorCode::engine_failure);
  EXPECT_NE(std::string(error.what()).find("took longer than it may"), std::string::npos) << error.what();
  EXPECT_FALSE(worker.alive());
}

TEST(Worker, TheMemoryLimitEndsTheProcess) {
  REQUIRE_ENGINE("fake");
  WorkerOptions options = fake_options({{"fault", "leak"}, {"after", "1"}});
  options.entry.limits.memory_limit_mib = 100;
  Worker worker(options);
  const Error error = error_of([&] {
    for (int i = 0; i < 100'000; ++i) run_alone(worker, 1);
  });
  EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
  EXPECT_NE(std::string(error.what()).find("above the limit of 100 MiB"), std::string::npos) << error.what();
}

TEST(Worker, DestructionEndsAProcessThatHangs) {
  REQUIRE_ENGINE("fake");
  int process = 0;
  {
    Worker worker(fake_options({{"fault", "hang"}, {"after", "1"}}));
    process = worker.process();
    EXPECT_EQ(error_of([&] {
                Places places = worker.take(1, 60s);
                places.run(1ms);
              }).code(),
              ErrorCode::interrupted);
  }
  EXPECT_NE(::kill(process, 0), 0) << "reaped";
}

TEST(Worker, FiftyThatComeAndGoLeaveNothingBehind) {
  REQUIRE_ENGINE("fake");
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto mappings = [] {
    std::ifstream file("/proc/self/maps");
    std::size_t shared = 0;
    for (std::string line; std::getline(file, line);) shared += line.find("memfd:inferometer") != std::string::npos ? 1 : 0;
    return shared;
  };
  const auto threads = [] {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  const auto descriptors_before = descriptors();
  const auto threads_before = threads();
  for (int i = 0; i < 50; ++i) {
    const char* faults[] = {"none", "abort", "load_crash", "load_error", "throw"};
    try {
      Worker worker(fake_options({{"fault", faults[i % 5]}, {"after", "1"}}));
      EXPECT_EQ(mappings(), 1U);
      run_alone(worker, 1);
    } catch (const Error& error) {
      EXPECT_NE(i % 5, 0) << error.what();
    }
  }
  EXPECT_EQ(descriptors(), descriptors_before);
  EXPECT_EQ(threads(), threads_before);
  EXPECT_EQ(mappings(), 0U);
}

}  // namespace
}  // namespace inferometer::serve

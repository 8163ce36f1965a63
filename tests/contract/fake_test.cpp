// The fake engine's own settings: what everything else is tested with must itself do what it says.
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/loader.h"

namespace inferometer::engine {
namespace {

using Own = std::map<std::string, std::string>;

class Fake : public ::testing::Test {
 protected:
  static Engine& engine() {
    static const std::unique_ptr<Engine> engine = open_plugin(std::filesystem::path(INFEROMETER_ENGINE_FOLDER) / "fake.so");
    return *engine;
  }

  static std::unique_ptr<Session> load(const Own& own, std::int64_t batch = 1) {
    SessionSettings settings;
    settings.own = own;
    settings.batch = batch;
    return engine().load({}, settings);
  }

  /// Outputs of so many runs, with image r in run r.
  static std::vector<std::vector<float>> outputs(const Own& own, int runs = 1, std::int64_t batch = 1, bool same_input = false) {
    const auto session = load(own, batch);
    const auto request = session->create_request();
    std::vector<std::vector<float>> results;
    for (int r = 0; r < runs; ++r) {
      std::vector<float> input(static_cast<std::size_t>(element_count(session->inputs()[0].shape)));
      for (std::size_t i = 0; i < input.size(); ++i)
        input[i] = static_cast<float>(i % 192) * 0.01f + static_cast<float>(same_input ? 0 : r);
      const TensorView view{ElementType::f32, session->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
      const TensorView output = request->run({&view, 1})[0];
      const auto* values = static_cast<const float*>(output.data);
      results.emplace_back(values, values + output.bytes / sizeof(float));
    }
    return results;
  }

  static std::chrono::nanoseconds time_of(const std::function<void()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::steady_clock::now() - begin;
  }

  static ErrorCode code_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "no error";
    return ErrorCode::internal;
  }

  static std::int64_t resident_pages() {
    std::int64_t total = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident;
  }
};

TEST_F(Fake, takes_at_least_the_delay_sleeping_or_spinning) {
  for (const char* spin : {"0", "1"}) {
    EXPECT_GE(time_of([&] { outputs({{"delay_ms", "3"}, {"spin", spin}}, 2); }), std::chrono::milliseconds(6)) << spin;
  }
}

TEST_F(Fake, drifts_by_run) {
  // 2 + 4 + 6 + 8 ms.
  EXPECT_GE(time_of([] { outputs({{"delay_ms", "2"}, {"drift", "1"}, {"spin", "1"}}, 4); }), std::chrono::milliseconds(20));
}

TEST_F(Fake, outputs_differ_by_image_and_not_by_position) {
  const auto alone = outputs({}, 2);
  EXPECT_NE(alone[0], alone[1]);
  const auto packed = outputs({}, 1, 3)[0];
  for (std::size_t position = 0; position < 3; ++position) {
    EXPECT_EQ(std::vector<float>(packed.begin() + static_cast<std::ptrdiff_t>(position * 10),
                                 packed.begin() + static_cast<std::ptrdiff_t>(position * 10 + 10)),
              alone[0]);
  }
}

TEST_F(Fake, spoils_outputs_after_so_many_runs) {
  const auto nan = outputs({{"fault", "nan"}});
  for (const float value : nan[0]) EXPECT_TRUE(std::isnan(value));
  EXPECT_EQ(outputs({{"fault", "zero"}})[0], std::vector<float>(10, 0.0f));
  EXPECT_EQ(outputs({{"fault", "constant"}})[0], std::vector<float>(10, 1.0f));
  const auto good = outputs({}, 3);
  const auto late = outputs({{"fault", "zero"}, {"after", "2"}}, 3);
  EXPECT_EQ(late[1], good[1]);
  EXPECT_EQ(late[2], std::vector<float>(10, 0.0f));
}

TEST_F(Fake, wrong_outputs_differ_from_run_to_run_and_from_the_right_ones) {
  const auto right = outputs({}, 2, 1, true), wrong = outputs({{"fault", "wrong"}}, 2, 1, true);
  EXPECT_EQ(right[0], right[1]);
  EXPECT_NE(wrong[0], right[0]);
  EXPECT_NE(wrong[0], wrong[1]);
}

TEST_F(Fake, fails_with_errors) {
  EXPECT_EQ(code_of([] { outputs({{"fault", "throw"}}); }), ErrorCode::engine_failure);
  EXPECT_EQ(code_of([] { load({{"fault", "load_error"}}); }), ErrorCode::engine_failure);
  EXPECT_EQ(code_of([] { load({{"fault", "crsh"}}); }), ErrorCode::usage);
  EXPECT_EQ(code_of([] { load({{"delay_ms", "fast"}}); }), ErrorCode::usage);
  EXPECT_EQ(code_of([] { load({{"delay_ms", "-1"}}); }), ErrorCode::usage);
}

TEST_F(Fake, names_the_setting_that_was_meant) {
  try {
    load({{"dleay_ms", "5"}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("dleay_ms"), std::string::npos);
    EXPECT_NE(error.hint().find("delay_ms"), std::string::npos) << error.hint();
  }
}

TEST_F(Fake, dies_as_told) {
  EXPECT_EXIT(outputs({{"fault", "crash"}}), ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(outputs({{"fault", "abort"}}), ::testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT(outputs({{"fault", "exit"}}), ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(load({{"fault", "load_crash"}}), ::testing::KilledBySignal(SIGSEGV), "");
}

TEST_F(Fake, hangs_as_told) {
  for (const char* fault : {"hang", "load_hang"}) {
    // The alarm is what ends it.
    EXPECT_EXIT(
        {
          alarm(1);
          outputs({{"fault", fault}});
        },
        ::testing::KilledBySignal(SIGALRM), "")
        << fault;
  }
}

TEST_F(Fake, takes_memory_at_load_and_leaks_by_run) {
  const std::int64_t page = sysconf(_SC_PAGESIZE), before = resident_pages();
  const auto session = load({{"memory_mb", "40"}});
  EXPECT_GE((resident_pages() - before) * page, 39'000'000);
  const auto leaking = load({{"fault", "leak"}});
  const auto request = leaking->create_request();
  const std::vector<float> input(192, 1.0f);
  const TensorView view{ElementType::f32, leaking->inputs()[0].shape, input.data(), input.size() * sizeof(float)};
  const std::int64_t start = resident_pages();
  for (int run = 0; run < 20; ++run) request->run({&view, 1});
  EXPECT_GE((resident_pages() - start) * page, 18'000'000);
}

TEST_F(Fake, claims_threads_as_told) {
  EXPECT_EQ(load({{"threads", "7"}})->obtained().threads, 7);
  EXPECT_EQ(load({})->obtained().threads, 1);
}

TEST_F(Fake, says_that_it_computes_nothing) {
  EXPECT_FALSE(engine().info().computes);
  EXPECT_FALSE(engine().info().executes_graphs);
}

}  // namespace
}  // namespace inferometer::engine

#include "measure/plan.h"

#include <functional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "base/error.h"
#include "measure/core_distance.h"

namespace inferometer::measure {
namespace {

EngineHere engine(const std::string& name, const std::vector<std::string>& devices, const std::vector<engine::OwnSetting>& settings = {}) {
  EngineHere here;
  here.info.name = name;
  here.info.version = name + " 1.0";
  here.info.usable = true;
  for (const std::string& device : devices) here.info.devices.push_back({device, "", {"fp32"}});
  here.info.settings = settings;
  here.built = here.loadable = true;
  return here;
}

/// alpha: cpu and GPU.0; beta: cpu; fake: computes nothing; gone: not usable.
std::vector<EngineHere> engines_here() {
  std::vector<EngineHere> engines{engine("alpha", {"cpu", "GPU.0"}, {{"graph", {"all", "none"}}, {"spin", {}}}), engine("beta", {"cpu"}),
                                  engine("fake", {"cpu"}, {{"delay_ms", {}}}), engine("gone", {})};
  engines[2].info.computes = false;
  engines[3].info.usable = false;
  engines[3].info.reason = "its library is not here";
  return engines;
}

RunSpec spec(const std::vector<std::string>& models) {
  RunSpec spec;
  spec.models = models;
  spec.engines = {{"alpha", {}}};
  spec.threads = {1};
  return spec;
}

std::vector<PlannedEntry> expand_one(const RunSpec& one, MissingEngine missing = MissingEngine::is_error) {
  return expand({one}, engines_here(), missing);
}

void expect_refused(const RunSpec& one, ErrorCode code, const std::string& part, MissingEngine missing = MissingEngine::is_error) {
  try {
    expand_one(one, missing);
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE((std::string(error.what()) + " | " + error.hint()).find(part), std::string::npos) << error.what() << " | " << error.hint();
  }
}

TEST(Plan, is_the_product_of_the_lists_with_batches_innermost) {
  RunSpec run = spec({"squeezenet1_1", "alexnet"});
  run.engines = {{"beta", {}}, {"alpha", {{"spin", "1"}}}};
  run.devices = {"cpu"};
  run.precisions = {"fp32", "bf16"};
  run.inputs = {224, 192};
  run.threads = {2, 1};
  run.batches = {1, 4};
  const std::vector<PlannedEntry> plan = expand_one(run);
  std::vector<std::string> got, expected;
  for (const PlannedEntry& planned : plan) {
    EXPECT_FALSE(planned.settled);
    got.push_back(describe(planned.entry));
  }
  for (const char* model : {"squeezenet1_1", "alexnet"}) {
    for (const char* name : {"beta", "alpha:spin=1"}) {
      for (const char* precision : {"fp32", "bf16"}) {
        for (const char* input : {"224x224", "192x192"}) {
          for (const int threads : {2, 1}) {
            for (const int batch : {1, 4})
              expected.push_back(fmt::format("{} {} {} cpu {} b{} t{}", model, input, name, precision, batch, threads));
          }
        }
      }
    }
  }
  EXPECT_EQ(got, expected);
}

TEST(Plan, carries_every_option_into_the_entries) {
  RunSpec run = spec({"squeezenet1_1"});
  run.protocol = Protocol::ten;
  run.starts = 7;
  run.stop = {.runs = 3, .interval_target_ratio = 0.5, .percentiles = {99}};
  run.min_time_s = 0.2;
  run.max_time_s = 9;
  run.cpus = {0, 1};
  run.pause_s = 1.5;
  run.power = "rapl";
  run.weights_seed = 5;
  run.input_seed = 6;
  run.classes = 10;
  run.inputs = {96};
  run.limits = {.load_timeout_s = 8, .request_timeout_s = 7, .memory_limit_mib = 9};
  const Entry entry = expand_one(run).at(0).entry;
  EXPECT_EQ(entry.protocol, Protocol::ten);
  EXPECT_EQ(entry.starts, 7);
  EXPECT_EQ(entry.stop.runs, 3);
  EXPECT_EQ(entry.stop.min_time_s, 0.2);
  EXPECT_EQ(entry.stop.max_time_s, 9);
  EXPECT_EQ(entry.stop.interval_target_ratio, 0.5);
  EXPECT_EQ(entry.stop.percentiles, std::vector<double>{99});
  EXPECT_EQ(entry.cpus, (std::vector<int>{0, 1}));
  EXPECT_EQ(entry.pause_s, 1.5);
  EXPECT_EQ(entry.power, "rapl");
  EXPECT_EQ(entry.model.seed, 5u);
  EXPECT_EQ(entry.input_seed, 6u);
  EXPECT_EQ(entry.model.classes, 10);
  EXPECT_EQ(entry.model.height, 96);
  EXPECT_EQ(entry.model.width, 96);
  EXPECT_EQ(entry.limits.load_timeout_s, 8);
  EXPECT_EQ(entry.limits.request_timeout_s, 7);
  EXPECT_EQ(entry.limits.memory_limit_mib, 9);
  EXPECT_EQ(entry.engine_version, "alpha 1.0");
  EXPECT_EQ(entry.model.sha256.size(), 64u);
}

TEST(Plan, defaults) {
  RunSpec run = spec({"alexnet"});
  run.threads = {};
  const std::vector<PlannedEntry> plan = expand_one(run);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].entry.device, "cpu");
  EXPECT_EQ(plan[0].entry.precision, "fp32");
  EXPECT_EQ(plan[0].entry.batch, 1);
  EXPECT_EQ(plan[0].entry.starts, 3);
  EXPECT_EQ(plan[0].entry.threads, default_threads());
  EXPECT_EQ(plan[0].entry.model.height, 0);
}

TEST(Plan, without_engines_takes_every_usable_one_that_computes) {
  RunSpec run = spec({"alexnet"});
  run.engines = {};
  std::vector<std::string> names;
  for (const PlannedEntry& planned : expand_one(run)) names.push_back(planned.entry.engine);
  EXPECT_EQ(names, (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_THROW(expand({run}, {engines_here()[2], engines_here()[3]}, MissingEngine::is_skipped), Error);
}

TEST(Plan, globs_name_networks_in_the_zoos_order_once) {
  std::vector<std::string> names;
  for (const PlannedEntry& planned : expand_one(spec({"squeezenet*", "squeezenet1_1", "alexnet", "squeezenet1_?"})))
    names.push_back(planned.entry.model.name);
  EXPECT_EQ(names, (std::vector<std::string>{"squeezenet1_0", "squeezenet1_1", "alexnet"}));
}

TEST(Plan, duplicates_are_merged) {
  RunSpec run = spec({"alexnet", "alexnet"});
  run.engines = {{"alpha", {}}, {"alpha", {}}, {"alpha", {{"spin", "1"}}}};
  run.batches = {1, 2, 1};
  run.threads = {1, 1};
  run.devices = {"gpu.0", "GPU.0"};
  EXPECT_EQ(expand_one(run).size(), 4u);  // two engines' settings, two batches
  // Over the parts of a study too; limits make no difference.
  RunSpec again = run;
  again.limits.load_timeout_s = 5;
  RunSpec other = run;
  other.protocol = Protocol::dd;
  EXPECT_EQ(expand({run, again}, engines_here(), MissingEngine::is_error).size(), 4u);
  EXPECT_EQ(expand({run, other}, engines_here(), MissingEngine::is_error).size(), 8u);
}

TEST(Plan, devices_are_compared_without_case_and_spelt_as_the_engine_does) {
  RunSpec run = spec({"alexnet"});
  run.devices = {"gpu.0"};
  EXPECT_EQ(expand_one(run).at(0).entry.device, "GPU.0");
}

TEST(Plan, an_engine_without_a_device_that_another_has_is_skipped) {
  RunSpec run = spec({"alexnet"});
  run.engines = {{"alpha", {}}, {"beta", {}}};
  run.devices = {"gpu.0"};
  const std::vector<PlannedEntry> plan = expand_one(run);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_FALSE(plan[0].settled);
  EXPECT_EQ(plan[1].settled, Status::skipped);
  EXPECT_EQ(plan[1].reason, "engine beta has no device gpu.0 here");
  EXPECT_EQ(plan[1].entry.device, "gpu.0");
}

TEST(Plan, a_device_that_none_of_the_engines_has_is_missing) {
  RunSpec run = spec({"alexnet"});
  run.engines = {{"alpha", {}}, {"beta", {}}};
  run.devices = {"cpu", "npu"};
  expect_refused(run, ErrorCode::missing_engine, "none of the engines named has a device 'npu'");
  const std::vector<PlannedEntry> plan = expand_one(run, MissingEngine::is_skipped);
  ASSERT_EQ(plan.size(), 4u);
  EXPECT_EQ(plan[1].settled, Status::skipped);
  EXPECT_EQ(plan[3].settled, Status::skipped);
}

TEST(Plan, a_missing_engine_is_an_error_or_skipped) {
  RunSpec run = spec({"alexnet"});
  run.engines = {{"alpha", {}}, {"gone", {}}};
  expect_refused(run, ErrorCode::missing_engine, "its library is not here");
  std::vector<PlannedEntry> plan = expand_one(run, MissingEngine::is_skipped);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_FALSE(plan[0].settled);
  EXPECT_EQ(plan[1].settled, Status::skipped);
  EXPECT_NE(plan[1].reason.find("its library is not here"), std::string::npos);

  run.engines = {{"alfa", {}}};
  expect_refused(run, ErrorCode::missing_engine, "there is no engine 'alfa' here");
  expect_refused(run, ErrorCode::missing_engine, "alpha");
  run.batches = {1, 2};
  plan = expand_one(run, MissingEngine::is_skipped);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[1].reason, "there is no engine 'alfa' here");
  EXPECT_EQ(plan[1].entry.batch, 2);
}

TEST(Plan, unknown_settings_are_mistakes) {
  RunSpec run = spec({"alexnet"});
  run.engines = {{"alpha", {{"grpah", "all"}}}};
  expect_refused(run, ErrorCode::usage, "alpha has no setting 'grpah'");
  expect_refused(run, ErrorCode::usage, "alpha knows: graph, spin", MissingEngine::is_skipped);
  run.engines = {{"beta", {{"spin", "1"}}}};
  expect_refused(run, ErrorCode::usage, "beta knows: none");
}

TEST(Plan, values_of_settings_are_those_that_the_engine_lists) {
  RunSpec run = spec({"alexnet"});
  run.engines = {{"beta", {}}, {"alpha", {{"graph", "nine"}}}};
  expect_refused(run, ErrorCode::usage, "alpha: setting graph='nine' cannot be used | give one of all, none; did you mean none?");
  run.engines = {{"alpha", {{"graph", "none"}, {"spin", "as it likes"}}}};
  EXPECT_EQ(expand_one(run).size(), 1u) << "spin lists no values: it is for the engine to judge";
}

TEST(Plan, processors_are_those_that_this_process_may_use) {
  const std::vector<int> usable = usable_cpus();
  ASSERT_FALSE(usable.empty());
  RunSpec run = spec({"alexnet"});
  run.cpus = usable;
  EXPECT_EQ(expand_one(run).size(), 1u);
  run.cpus = {usable.front(), 4094, 4095};
  expect_refused(run, ErrorCode::usage, "--cpus: this process may not use processor 4094 | it may use " + std::to_string(usable.front()));
  // Also one that is there, where this process is kept off it.
  cpu_set_t before, first;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  if (usable.size() < 2) GTEST_SKIP() << "one processor is all there is";
  CPU_ZERO(&first);
  CPU_SET(static_cast<std::size_t>(usable.front()), &first);
  ASSERT_EQ(sched_setaffinity(0, sizeof first, &first), 0);
  run.cpus = {usable.back()};
  expect_refused(run, ErrorCode::usage, "may not use processor " + std::to_string(usable.back()));
  sched_setaffinity(0, sizeof before, &before);
}

TEST(Plan, least_time_is_not_above_the_longest) {
  RunSpec run = spec({"alexnet"});
  run.min_time_s = 2;
  run.max_time_s = 0.5;
  expect_refused(run, ErrorCode::usage, "--min-time-s 2 is above --max-time-s 0.5");
  run.max_time_s = 2;
  EXPECT_EQ(expand_one(run)[0].entry.stop.max_time_s, 2);
  // Alone it is kept, and moves the usual longest time.
  run.max_time_s.reset();
  EXPECT_EQ(expand_one(run)[0].entry.stop.max_time_s, StopRule{}.max_time_s);
  run.min_time_s = 7;
  EXPECT_EQ(expand_one(run)[0].entry.stop.min_time_s, 7);
  EXPECT_EQ(expand_one(run)[0].entry.stop.max_time_s, 7);
}

TEST(Plan, streams_and_requests_multiply_a_plan_of_throughput) {
  RunSpec run = spec({"alexnet"});
  run.mode = Mode::throughput;
  run.streams = {1, 2};
  std::vector<std::pair<int, int>> got;
  const auto pairs = [&] {
    got.clear();
    for (const PlannedEntry& planned : expand_one(run)) got.emplace_back(planned.entry.streams, planned.entry.requests);
    return got;
  };
  EXPECT_EQ(pairs(), (std::vector<std::pair<int, int>>{{1, 1}, {2, 2}}));  // as many in flight as are computed
  run.requests = {2, 4};
  EXPECT_EQ(pairs(), (std::vector<std::pair<int, int>>{{1, 2}, {1, 4}, {2, 2}, {2, 4}}));
  const Entry entry = expand_one(run).front().entry;
  EXPECT_EQ(entry.mode, Mode::throughput);
  EXPECT_EQ(entry.stop.min_time_s, 1);
  EXPECT_EQ(entry.stop.max_time_s, 10);
  run.min_time_s = 0.3;  // latency's own default counts when it is asked for
  EXPECT_EQ(expand_one(run).front().entry.stop.min_time_s, 0.3);
  run.streams = {0};
  expect_refused(run, ErrorCode::usage, "streams is 0");
  run.streams = {1};
  run.requests = {4097};
  expect_refused(run, ErrorCode::usage, "requests is 4097");
  run.requests = {};
  run.protocol = Protocol::dd;
  expect_refused(run, ErrorCode::usage, "protocol dd");
}

TEST(Plan, unknown_networks_are_mistakes_with_the_nearest_names) {
  expect_refused(spec({"squeezenet1_2"}), ErrorCode::usage, "no network is called 'squeezenet1_2'");
  expect_refused(spec({"squeezenet1_2"}), ErrorCode::usage, "squeezenet1_1");
  expect_refused(spec({"alexnet", "nothing*"}), ErrorCode::usage, "no network is called 'nothing*'");
  expect_refused(spec({"zzzzzzzzzzzzzz"}), ErrorCode::usage, "inferometer models");
  expect_refused(spec({""}), ErrorCode::usage, "empty");
  expect_refused(spec({}), ErrorCode::usage, "no model");
}

TEST(Plan, values_out_of_range_are_mistakes) {
  struct Case {
    const char* part;
    std::function<void(RunSpec&)> make;
  };
  const Case cases[] = {
      {"batch is 0", [](RunSpec& r) { r.batches = {1, 0}; }},      {"batch is -1", [](RunSpec& r) { r.batches = {-1}; }},
      {"batch is 65537", [](RunSpec& r) { r.batches = {65537}; }}, {"no batch", [](RunSpec& r) { r.batches = {}; }},
      {"threads is 0", [](RunSpec& r) { r.threads = {0}; }},       {"threads is 4097", [](RunSpec& r) { r.threads = {4097}; }},
      {"input is 0", [](RunSpec& r) { r.inputs = {0}; }},          {"input is -224", [](RunSpec& r) { r.inputs = {-224}; }},
      {"input is 16385", [](RunSpec& r) { r.inputs = {16385}; }},  {"classes is -1", [](RunSpec& r) { r.classes = -1; }},
      {"starts is 0", [](RunSpec& r) { r.starts = 0; }},           {"streams 2", [](RunSpec& r) { r.streams = {2}; }},
      {"requests 2", [](RunSpec& r) { r.requests = {2}; }},        {"precision 'fp8'", [](RunSpec& r) { r.precisions = {"fp32", "fp8"}; }},
      {"no precision", [](RunSpec& r) { r.precisions = {}; }},
  };
  for (const Case& c : cases) {
    RunSpec run = spec({"alexnet"});
    c.make(run);
    expect_refused(run, ErrorCode::usage, c.part);
  }
  RunSpec most = spec({"alexnet"});
  most.batches = {65536};
  most.threads = {4096};
  most.precisions = {"fp32", "fp16", "bf16", "int8", "native"};
  EXPECT_EQ(expand_one(most).size(), 5u);
}

TEST(Plan, an_input_that_a_network_cannot_take_is_refused_before_anything_runs) {
  RunSpec run = spec({"alexnet"});
  run.inputs = {224, 16};
  expect_refused(run, ErrorCode::input, "");
}

}  // namespace
}  // namespace inferometer::measure

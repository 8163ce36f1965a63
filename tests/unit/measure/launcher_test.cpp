#include "measure/launcher.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <gtest/gtest.h>

#include <sys/wait.h>

#include "base/error.h"
#include "fake_engine.h"
#include "measure/agreement.h"
#include "measure/core_distance.h"
#include "measure/sensors.h"
#include "samples.h"

namespace inferometer::measure {
namespace {

WorkerTask measure_task(const std::map<std::string, std::string>& settings = {}) {
  WorkerTask task;
  task.kind = WorkerTask::Kind::measure;
  task.plugin = fake_plugin().string();
  task.entry = fake_entry(settings);
  task.computes = false;  // the fake engine computes nothing
  return task;
}

WorkerOutcome run(const WorkerTask& task) { return run_worker(task, limits_of(task.entry.limits)); }

StartRecord start_of(const WorkerOutcome& outcome) {
  EXPECT_EQ(outcome.status, Status::passed) << outcome.reason;
  return outcome.answer.at("start").get<StartRecord>();
}

void expect_no_child_is_left() {
  errno = 0;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Worker, tells_what_its_engine_can_do) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task;
  task.plugin = fake_plugin().string();
  const WorkerOutcome outcome = run_worker(task, {});
  ASSERT_EQ(outcome.status, Status::passed) << outcome.reason;
  const engine::EngineInfo info = info_from_json(outcome.answer.at("info"));
  EXPECT_EQ(info.name, "fake");
  EXPECT_TRUE(info.usable);
  EXPECT_FALSE(info.computes);
  expect_no_child_is_left();
}

TEST(Worker, measures_a_start) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task({{"delay_ms", "2"}});
  task.start_index = 4;
  const StartRecord start = start_of(run(task));
  EXPECT_EQ(start.index, 4);
  EXPECT_EQ(start.samples_ns.size(), 5u);
  for (const std::int64_t sample : start.samples_ns) EXPECT_GE(sample, 2'000'000);  // a sleep is never shorter
  EXPECT_EQ(start.dropped, 1);
  EXPECT_EQ(start.warmup_requests, 0);
  EXPECT_GE(start.first_inference_ms, 2);
  EXPECT_GT(start.load_ms, 0);
  EXPECT_GT(start.timer_overhead_ns, 0);
  EXPECT_EQ(start.obtained_device, "cpu");
  EXPECT_EQ(start.obtained_precision, "fp32");
  EXPECT_EQ(start.obtained_threads, 1);
  EXPECT_EQ(start.input_height, 8);
  EXPECT_FALSE(start.computes);
  EXPECT_FALSE(start.agreement);                              // not asked
  EXPECT_FALSE(start.surroundings.core_roundtrip_before_ns);  // one thread
  EXPECT_FALSE(start.surroundings.repeat_speedup);            // not asked
  EXPECT_EQ(start.started_at.size(), 20u);
  expect_no_child_is_left();
}

TEST(Worker, warms_up_and_follows_the_default_rule) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task({{"delay_ms", "20"}});
  task.entry.protocol = Protocol::standard;
  task.entry.stop.max_time_s = 0.5;
  const StartRecord start = start_of(run(task));
  EXPECT_GE(start.warmup_requests, 3);
  EXPECT_GE(start.samples_ns.size(), 5u);
  EXPECT_LE(start.samples_ns.size(), 25u);  // 0.5 s of at least 20 ms
  EXPECT_EQ(start.dropped, 0);
}

TEST(Worker, measures_memory_of_the_model) {
  REQUIRE_FAKE_ENGINE();
  const Memory memory = start_of(run(measure_task({{"memory_mb", "100"}}))).memory;
  EXPECT_GT(memory.baseline, 1'000'000);
  EXPECT_GE(memory.after_load - memory.baseline, 99'000'000);
  // The thread sanitizer keeps a record beside every byte.
  if (is_trusted_build()) {
    EXPECT_LT(memory.after_load - memory.baseline, 110'000'000);
  }
  EXPECT_GE(memory.after_first - memory.baseline, 99'000'000);
  EXPECT_GE(memory.peak, memory.after_load);
  const Memory plain = start_of(run(measure_task())).memory;
  EXPECT_LT(plain.after_first - plain.baseline, 20'000'000);
}

TEST(Worker, reads_the_distance_of_two_cores) {
  REQUIRE_FAKE_ENGINE();
  if (usable_cpus().size() < 2) GTEST_SKIP() << "one core is all there is";
  WorkerTask task = measure_task();
  task.entry.threads = 2;
  const Surroundings around = start_of(run(task)).surroundings;
  EXPECT_GT(around.core_roundtrip_before_ns.value_or(0), 1);
  EXPECT_GT(around.core_roundtrip_after_ns.value_or(0), 1);
}

TEST(Worker, agrees_with_outputs_that_another_worker_wrote) {
  REQUIRE_FAKE_ENGINE();
  const TemporaryFolder folder;
  WorkerTask outputs = measure_task();
  outputs.kind = WorkerTask::Kind::outputs;
  outputs.outputs_path = (folder.path() / "outputs.bin").string();
  const WorkerOutcome written = run(outputs);
  ASSERT_EQ(written.status, Status::passed) << written.reason;
  const ExpectedOutputs expected = read_expected(outputs.outputs_path);
  EXPECT_TRUE(expected.against.starts_with("fake "));
  ASSERT_EQ(expected.images.size(), kAgreementImages);
  EXPECT_NE(expected.images[0].outputs, expected.images[1].outputs);

  // Every batch position has a known answer: 8 images in batches of 1, 3 and 16.
  for (const std::int64_t batch : {1, 3, 16}) {
    WorkerTask task = measure_task();
    task.entry.batch = batch;
    task.check_agreement = true;
    task.expected_path = outputs.outputs_path;
    const StartRecord start = start_of(run(task));
    ASSERT_TRUE(start.agreement);
    EXPECT_EQ(start.agreement->max_error, 0.0) << "batch " << batch << " " << start.agreement->note;
    EXPECT_EQ(start.agreement->top1_ratio, 1.0);
    EXPECT_EQ(start.agreement->against, expected.against);
    EXPECT_FALSE(start.agreement->constant || start.agreement->not_finite || start.agreement->all_zero);
  }
  WorkerTask wrong = measure_task({{"fault", "wrong"}});
  wrong.entry.batch = 3;
  wrong.check_agreement = true;
  wrong.expected_path = outputs.outputs_path;
  EXPECT_GT(start_of(run(wrong)).agreement->max_error.value_or(0), 0.1);

  // Other images, other outputs.
  WorkerTask other_seed = measure_task();
  other_seed.entry.input_seed = 2;
  other_seed.check_agreement = true;
  other_seed.expected_path = outputs.outputs_path;
  EXPECT_GT(start_of(run(other_seed)).agreement->max_error.value_or(0), 0.01);
}

TEST(Worker, a_protocol_with_warm_up_checks_outputs_before_it_and_dd_after_its_loop) {
  REQUIRE_FAKE_ENGINE();
  // Nine requests go well. ten: a first inference and eight pictures, then the loop. dd: a first inference, one dropped and
  // five kept, so the third picture is the first to fail.
  for (const auto& [protocol, agreement_is_nan] : {std::pair{Protocol::dd, true}, std::pair{Protocol::ten, false}}) {
    WorkerTask task = measure_task({{"fault", "nan"}, {"after", "9"}});
    task.entry.protocol = protocol;
    task.check_agreement = true;
    task.agreement_note = "nothing to compare with";
    const StartRecord start = start_of(run(task));
    ASSERT_TRUE(start.agreement);
    EXPECT_EQ(start.agreement->not_finite, agreement_is_nan) << name_of(protocol);
    EXPECT_EQ(start.agreement->note, "nothing to compare with");
    EXPECT_EQ(start.agreement->max_error, std::nullopt);
  }
}

TEST(Worker, sees_an_engine_that_keeps_results) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task({{"delay_ms", "20"}, {"cache", "1"}});
  task.probe_caching = true;
  const Surroundings around = start_of(run(task)).surroundings;
  EXPECT_GT(around.repeat_speedup.value_or(0), 1.1);
  EXPECT_GT(around.repeat_speedup_low.value_or(0), 1.1);
}

struct FaultCase {
  const char* fault;
  Status status;
  const char* reason;  ///< a part of it
};

TEST(Worker, faults_become_values) {
  REQUIRE_FAKE_ENGINE();
  const FaultCase cases[] = {
      {"crash", Status::failed, "crashed with SIGSEGV while running"},
      {"abort", Status::failed, "crashed with SIGABRT while running"},
      {"exit", Status::failed, "exited with code 3 while running"},
      {"throw", Status::failed, "fake: run fails"},
      {"load_error", Status::failed, "fake: load fails"},
      {"load_crash", Status::failed, "crashed with SIGSEGV while loading the model"},
      {"load_hang", Status::timed_out, "loading the model took longer than 1 s"},
      {"hang", Status::timed_out, "one request took longer than 1 s"},
      {"oom", Status::out_of_memory, "above the limit of 256 MiB"},
  };
  for (const FaultCase& c : cases) {
    WorkerTask task = measure_task({{"fault", c.fault}});
    if (c.fault == std::string("load_hang")) task.entry.limits.load_timeout_s = 1;
    task.entry.limits.request_timeout_s = c.fault == std::string("hang") ? 1 : 60;
    if (c.fault == std::string("oom")) task.entry.limits.memory_limit_mib = 256;
    const WorkerOutcome outcome = run(task);
    EXPECT_EQ(outcome.status, c.status) << c.fault;
    EXPECT_NE(outcome.reason.find(c.reason), std::string::npos) << c.fault << ": " << outcome.reason;
    expect_no_child_is_left();
  }
}

TEST(Worker, a_hang_in_the_loop_is_noticed_too) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task({{"fault", "hang"}, {"after", "4"}});
  task.entry.limits.request_timeout_s = 1;
  EXPECT_EQ(run(task).status, Status::timed_out);
}

TEST(Worker, what_an_engine_cannot_do_is_unsupported) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task();
  task.entry.precision = "bf16";
  WorkerOutcome outcome = run(task);
  EXPECT_EQ(outcome.status, Status::unsupported);
  EXPECT_NE(outcome.reason.find("bf16"), std::string::npos);
  EXPECT_EQ(outcome.error, ErrorCode::unsupported);
  task = measure_task({{"delay_ms", "soon"}});
  outcome = run(task);
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_EQ(outcome.error, ErrorCode::usage);
}

TEST(Worker, a_file_that_is_no_plugin_fails) {
  const TemporaryFolder folder;
  WorkerTask task;
  for (const std::filesystem::path& path : {folder.path() / "absent.so", folder.write("text.so", "no shared object")}) {
    task.plugin = path.string();
    const WorkerOutcome outcome = run_worker(task, {});
    EXPECT_EQ(outcome.status, Status::failed);
    EXPECT_NE(outcome.reason.find(path.filename().string()), std::string::npos) << outcome.reason;
  }
}

TEST(Worker, keeps_the_last_of_what_a_failing_one_printed) {
  REQUIRE_FAKE_ENGINE();
  // The dynamic linker prints as much as one likes.
  setenv("LD_DEBUG", "symbols", 1);
  const WorkerOutcome outcome = run(measure_task({{"fault", "load_error"}}));
  const WorkerOutcome good = run(measure_task());
  unsetenv("LD_DEBUG");
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_GT(outcome.log_tail.size(), 10'000u);
  EXPECT_LE(outcome.log_tail.size(), 65'536u);
  EXPECT_NE(outcome.log_tail.find("symbol="), std::string::npos);
  EXPECT_EQ(good.status, Status::passed);
  EXPECT_EQ(good.log_tail, "");
}

TEST(Worker, processors_that_do_not_exist_are_an_error) {
  REQUIRE_FAKE_ENGINE();
  WorkerTask task = measure_task();
  task.entry.cpus = {1023};
  try {
    run(task);
    ADD_FAILURE() << "started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
  }
  expect_no_child_is_left();
}

TEST(WorkerTask, comes_back_from_json) {
  WorkerTask task;
  task.kind = WorkerTask::Kind::outputs;
  task.plugin = "engines/alpha.so";
  task.entry = full_entry();
  task.model_path = "net.onnx";
  task.start_index = 2;
  task.check_agreement = true;
  task.probe_caching = true;
  task.expected_path = "expected.bin";
  task.agreement_note = "a note";
  task.outputs_path = "outputs.bin";
  task.quantized = true;
  const WorkerTask back = nlohmann::json::parse(nlohmann::json(task).dump()).get<WorkerTask>();
  EXPECT_EQ(back.kind, task.kind);
  EXPECT_EQ(back.plugin, task.plugin);
  EXPECT_EQ(nlohmann::json(back.entry), nlohmann::json(task.entry));
  EXPECT_EQ(back.model_path, task.model_path);
  EXPECT_EQ(back.start_index, 2);
  EXPECT_TRUE(back.check_agreement && back.probe_caching && back.quantized);
  EXPECT_EQ(back.expected_path, task.expected_path);
  EXPECT_EQ(back.agreement_note, task.agreement_note);
  EXPECT_EQ(back.outputs_path, task.outputs_path);
  for (const WorkerTask::Kind kind : {WorkerTask::Kind::info, WorkerTask::Kind::measure}) {
    task.kind = kind;
    EXPECT_EQ(nlohmann::json(task).get<WorkerTask>().kind, kind);
  }
}

TEST(EngineInfo, comes_back_from_json) {
  engine::EngineInfo info;
  info.name = "alpha";
  info.version = "1.2";
  info.usable = true;
  info.reason = "a reason";
  info.devices = {{"cpu", "a processor", {"fp32", "bf16"}}, {"GPU.0", "", {}}};
  info.rank = 3;
  info.settings = {{"graph", {"all", "none"}}, {"delay_ms", {}}};
  info.executes_graphs = true;
  info.reads_caffe = true;
  info.computes = false;
  const engine::EngineInfo back = info_from_json(nlohmann::json::parse(info_json(info).dump()));
  EXPECT_EQ(back.name, info.name);
  EXPECT_EQ(back.version, info.version);
  EXPECT_EQ(back.usable, info.usable);
  EXPECT_EQ(back.reason, info.reason);
  ASSERT_EQ(back.devices.size(), 2u);
  EXPECT_EQ(back.devices[0].name, "cpu");
  EXPECT_EQ(back.devices[0].description, "a processor");
  EXPECT_EQ(back.devices[0].precisions, info.devices[0].precisions);
  EXPECT_EQ(back.rank, 3);
  ASSERT_EQ(back.settings.size(), 2u);
  EXPECT_EQ(back.settings[0].key, "graph");
  EXPECT_EQ(back.settings[0].values, info.settings[0].values);
  EXPECT_EQ(back.settings[1].key, "delay_ms");
  EXPECT_TRUE(back.settings[1].values.empty());
  EXPECT_TRUE(back.executes_graphs);
  EXPECT_TRUE(back.reads_caffe);
  EXPECT_FALSE(back.computes);
}

TEST(Limits, of_an_entry) {
  EXPECT_EQ(request_limit_s({}, 0), 60);
  EXPECT_EQ(request_limit_s({}, 3000), 60);
  EXPECT_EQ(request_limit_s({}, 3001), 60.02);
  EXPECT_EQ(request_limit_s({.request_timeout_s = 2}, 50), 2);
  const WorkerLimits own = limits_of({.load_timeout_s = 5, .memory_limit_mib = 100});
  EXPECT_EQ(own.load_timeout_s, 5);
  EXPECT_EQ(own.memory_bytes, 104'857'600);
  EXPECT_NEAR(static_cast<double>(limits_of({}).memory_bytes), 0.8 * static_cast<double>(memory_available_at_most()), 10);
}

}  // namespace
}  // namespace inferometer::measure

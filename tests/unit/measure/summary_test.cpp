#include "measure/summary.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

constexpr std::int64_t kMs = 1'000'000;

Entry resnet(std::int64_t batch = 1) {
  Entry entry;
  entry.model.name = "resnet18";
  entry.model.zoo = true;
  entry.model.sha256 = std::string(64, 'd');
  entry.engine = "alpha";
  entry.engine_version = "1.2";
  entry.engine_settings = {{"graph", "all"}, {"spin", "0"}};
  entry.device = "CPU";
  entry.batch = batch;
  return entry;
}

StartRecord start_of(int index, const std::vector<std::int64_t>& samples_ns) {
  StartRecord start = steady_start(index, 1);
  start.samples_ns = samples_ns;
  return start;
}

std::vector<std::int64_t> repeated(std::size_t count, std::int64_t value) { return std::vector<std::int64_t>(count, value); }

/// Starts of 7, 3 and 3 samples whose medians are 5, 6 and 10 ms.
std::vector<StartRecord> three_starts() {
  return {start_of(0, repeated(7, 5 * kMs)), start_of(1, repeated(3, 6 * kMs)), start_of(2, repeated(3, 10 * kMs))};
}

void set_roundtrips(StartRecord& start, double before, double after) {
  start.surroundings.core_roundtrip_before_ns = before;
  start.surroundings.core_roundtrip_after_ns = after;
}

bool has(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool has_part(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

Row row_of(const std::vector<StartRecord>& starts, const Entry& entry = resnet(), const std::vector<double>& known = {}) {
  return summarize(entry, starts, {}, known, "a machine");
}

TEST(Summary, figures_of_three_starts) {
  const Row row = row_of(three_starts(), resnet(4));
  EXPECT_EQ(row.status, "passed");
  EXPECT_EQ(row.starts, 3);
  EXPECT_EQ(row.runs, 13);
  EXPECT_DOUBLE_EQ(*row.latency_median_ms, 6);  // of the starts' medians; all samples together have 5
  EXPECT_DOUBLE_EQ(*row.latency_median_low_ms, 5);
  EXPECT_DOUBLE_EQ(*row.latency_median_high_ms, 10);
  EXPECT_NEAR(*row.latency_mean_ms, 83.0 / 13, 1e-12);
  EXPECT_NEAR(*row.latency_sample_stddev_ms, 2.103111, 1e-6);  // sqrt((583 - 83^2 / 13) / 12)
  EXPECT_DOUBLE_EQ(*row.latency_min_ms, 5);
  EXPECT_DOUBLE_EQ(*row.per_image_ms, 1.5);
  EXPECT_NEAR(*row.images_per_s, 666.666667, 1e-6);
  EXPECT_DOUBLE_EQ(*row.timer_overhead_ns, 40);
  EXPECT_NEAR(*row.harness_ratio, 40.0 / 6e6, 1e-15);
  EXPECT_EQ(row.agreement_max_error, 1e-6);
  EXPECT_EQ(row.agreement_top1_ratio, 1.0);
  EXPECT_EQ(row.started_at, "2026-01-31T12:00:00Z");
  EXPECT_EQ(row.verdict, verdict_here("unstable"));
  EXPECT_TRUE(has_part(row.reasons, "starts' medians 100.0 % apart"));
}

TEST(Summary, throughput_is_the_median_of_the_starts_windows) {
  Entry entry = resnet(4);
  entry.mode = Mode::throughput;
  entry.streams = 2;
  entry.requests = 3;
  std::vector<StartRecord> starts = three_starts();
  starts[0].window = ThroughputWindow{2, 250.5, 0.01, std::vector<double>(20, 125.25)};
  starts[1].window = ThroughputWindow{1, 123, 0.03, std::vector<double>(20, 123)};
  starts[2].window = ThroughputWindow{4, 480, 0.02, std::vector<double>(20, 120)};
  const Row row = row_of(starts, entry);
  EXPECT_DOUBLE_EQ(*row.images_per_s, 4 * 123);
  EXPECT_DOUBLE_EQ(*row.images_per_s_low, 4 * 120);
  EXPECT_DOUBLE_EQ(*row.images_per_s_high, 4 * 125.25);
  EXPECT_DOUBLE_EQ(*row.per_image_ms, 1000.0 / (4 * 123));  // not a request's time over its images
  EXPECT_DOUBLE_EQ(*row.below_full_flight_ratio, 0.02);
  EXPECT_DOUBLE_EQ(*row.latency_median_ms, 6);
  EXPECT_EQ(row.mode, "throughput");
  EXPECT_EQ(row.requests, 3);
}

TEST(Summary, single_requests_have_the_range_of_their_starts) {
  const Row row = row_of(three_starts(), resnet(4));
  EXPECT_DOUBLE_EQ(*row.images_per_s_low, 4 * 100);
  EXPECT_DOUBLE_EQ(*row.images_per_s_high, 4 * 200);
  EXPECT_EQ(row.below_full_flight_ratio, std::nullopt);
  Entry ten = resnet(1);
  ten.protocol = Protocol::ten;
  const Row mean = row_of({start_of(0, {4 * kMs, 4 * kMs, 7 * kMs})}, ten);
  EXPECT_DOUBLE_EQ(*mean.images_per_s_low, 200);
  EXPECT_DOUBLE_EQ(*mean.images_per_s_high, *mean.images_per_s);
}

TEST(Summary, calls_of_the_server_say_what_else_they_took) {
  std::vector<StartRecord> starts = three_starts();
  EXPECT_FALSE(has_part(row_of(starts).notes, "the client waited"));
  const double client[] = {9, 11, 10}, transform[] = {2, 4, 3};
  for (std::size_t i = 0; i < starts.size(); ++i) starts[i].served = ServedTimes{client[i], transform[i]};
  EXPECT_TRUE(
      has(row_of(starts).notes, "time of a call as the server tells it; 3 ms of it read and prepared pictures; the client waited 10 ms"));
}

TEST(Summary, an_even_number_of_starts_has_the_middle_of_two_medians) {
  EXPECT_DOUBLE_EQ(*row_of({start_of(0, repeated(7, 5 * kMs)), start_of(1, repeated(7, 6 * kMs))}).latency_median_ms, 5.5);
}

TEST(Summary, the_interval_encloses_every_starts_median) {
  // Of the pooled samples alone the interval is 5 to 5.
  std::vector<StartRecord> starts{start_of(0, repeated(20, 5 * kMs)), start_of(1, repeated(20, 5 * kMs)),
                                  start_of(2, repeated(3, 9 * kMs))};
  Row row = row_of(starts);
  EXPECT_DOUBLE_EQ(*row.latency_median_ms, 5);
  EXPECT_DOUBLE_EQ(*row.latency_median_low_ms, 5);
  EXPECT_DOUBLE_EQ(*row.latency_median_high_ms, 9);
  starts[2].samples_ns = repeated(3, 4 * kMs);
  row = row_of(starts);
  EXPECT_DOUBLE_EQ(*row.latency_median_low_ms, 4);
  EXPECT_DOUBLE_EQ(*row.latency_median_high_ms, 5);
  // And the other way: the starts' medians are equal, the samples scatter. Ranks 2 and 9 of ten.
  std::vector<std::int64_t> spread;
  for (std::int64_t i = 1; i <= 10; ++i) spread.push_back(i * kMs);
  row = row_of({start_of(0, spread)});
  EXPECT_DOUBLE_EQ(*row.latency_median_ms, 5.5);
  EXPECT_DOUBLE_EQ(*row.latency_median_low_ms, 2);
  EXPECT_DOUBLE_EQ(*row.latency_median_high_ms, 9);
}

TEST(Summary, one_start_says_so) {
  EXPECT_TRUE(has(row_of({start_of(0, repeated(30, 5 * kMs))}).notes, "interval within one start"));
  EXPECT_FALSE(has(row_of(three_starts()).notes, "interval within one start"));
}

TEST(Summary, below_six_samples_there_is_no_interval) {
  const Row row = row_of({start_of(0, repeated(5, 5 * kMs))});
  EXPECT_DOUBLE_EQ(*row.latency_median_ms, 5);
  EXPECT_EQ(row.latency_median_low_ms, std::nullopt);
  EXPECT_EQ(row.latency_median_high_ms, std::nullopt);
  EXPECT_TRUE(has(row.notes, "an interval of the median needs 6 samples, 1 are missing"));
  EXPECT_EQ(row_of({start_of(0, {5 * kMs})}).latency_sample_stddev_ms, std::nullopt);
}

TEST(Summary, central_figure_is_the_protocols) {
  struct Case {
    Protocol protocol;
    double per_image_ms;
  };
  const Case cases[] = {{Protocol::standard, 6.0 / 2}, {Protocol::dd, 83.0 / 26}, {Protocol::ten, 83.0 / 26}};
  for (const Case& c : cases) {
    Entry entry = resnet(2);
    entry.protocol = c.protocol;
    const Row row = row_of(three_starts(), entry);
    EXPECT_NEAR(*row.per_image_ms, c.per_image_ms, 1e-12) << name_of(c.protocol);
    EXPECT_NEAR(*row.images_per_s, 1000 / c.per_image_ms, 1e-9);
    EXPECT_EQ(row.protocol, name_of(c.protocol));
    EXPECT_DOUBLE_EQ(*row.latency_median_ms, 6);  // the columns keep their definitions
  }
}

/// Samples of 1, 2, ... `count` ms over three starts.
std::vector<StartRecord> ramp(std::int64_t count) {
  std::vector<StartRecord> starts{start_of(0, {}), start_of(1, {}), start_of(2, {})};
  for (std::int64_t i = 0; i < count; ++i) starts[static_cast<std::size_t>(i % 3)].samples_ns.push_back((i + 1) * kMs);
  return starts;
}

TEST(Summary, percentiles_need_their_number_of_samples) {
  Row row = row_of(ramp(459));
  EXPECT_NEAR(*row.latency_p99_ms, 454.42, 1e-9);   // type 7: at 458 x 0.99 counted from 0
  EXPECT_DOUBLE_EQ(*row.latency_p99_high_ms, 459);  // the largest of just enough
  EXPECT_NEAR(*row.latency_p90_ms, 413.2, 1e-9);
  EXPECT_FALSE(has_part(row.notes, "p99"));

  row = row_of(ramp(458));
  EXPECT_EQ(row.latency_p99_ms, std::nullopt);
  EXPECT_EQ(row.latency_p99_high_ms, std::nullopt);
  EXPECT_TRUE(has(row.notes, "p99 needs 459 samples, 1 are missing (--percentiles 99)"));
  EXPECT_TRUE(row.latency_p90_ms);

  EXPECT_NEAR(*row_of(ramp(44)).latency_p90_ms, 39.7, 1e-9);
  row = row_of(ramp(43));
  EXPECT_EQ(row.latency_p90_ms, std::nullopt);
  EXPECT_TRUE(has(row.notes, "p90 needs 44 samples, 1 are missing (--percentiles 90)"));
  EXPECT_TRUE(has(row.notes, "p99 needs 459 samples, 416 are missing (--percentiles 99)"));
}

TEST(Summary, other_percentiles_that_were_asked_are_noted) {
  Entry entry = resnet();
  entry.stop.percentiles = {95, 99, 99.9};
  const Row row = row_of(ramp(90), entry);
  EXPECT_TRUE(has(row.notes, "p95 85.55 ms, at most 90 ms")) << row.notes.back();
  EXPECT_TRUE(has(row.notes, "p99.9 needs 4603 samples, 4513 are missing (--percentiles 99.9)"));
  EXPECT_EQ(std::count_if(row.notes.begin(), row.notes.end(), [](const std::string& note) { return note.starts_with("p99 "); }), 1);
}

TEST(Summary, starts_of_different_core_states_are_never_pooled) {
  std::vector<StartRecord> starts{start_of(0, repeated(10, 5 * kMs)), start_of(1, repeated(10, 8 * kMs)),
                                  start_of(2, repeated(10, 5 * kMs))};
  set_roundtrips(starts[0], 195, 197);
  set_roundtrips(starts[1], 590, 600);
  set_roundtrips(starts[2], 199, 201);
  Row row = row_of(starts, resnet(), {195, 197, 590, 600, 199, 201});
  EXPECT_EQ(row.starts, 2);
  EXPECT_EQ(row.runs, 20);
  EXPECT_DOUBLE_EQ(*row.latency_median_high_ms, 5);
  EXPECT_EQ(row.core_state, "near");
  EXPECT_DOUBLE_EQ(*row.core_roundtrip_ns, 198);
  EXPECT_TRUE(has(row.notes, "1 of 3 starts left out: cores far apart"));

  // The state changed on the way: that start is in neither.
  set_roundtrips(starts[1], 195, 590);
  row = row_of(starts, resnet(), {195, 197, 590, 600, 199, 201});
  EXPECT_EQ(row.runs, 20);

  // All far: pooled, and marked.
  for (StartRecord& start : starts) set_roundtrips(start, 590, 600);
  row = row_of(starts, resnet(), {195, 197, 590, 600});
  EXPECT_EQ(row.runs, 30);
  EXPECT_EQ(row.core_state, "far");
  EXPECT_EQ(row.verdict, verdict_here("unstable"));
  EXPECT_TRUE(has_part(row.reasons, "cores far apart in 3 of 3 starts"));
}

TEST(Summary, without_two_known_states_the_state_is_unknown) {
  std::vector<StartRecord> starts = three_starts();
  EXPECT_EQ(row_of(starts).core_state, std::nullopt);
  EXPECT_EQ(row_of(starts).core_roundtrip_ns, std::nullopt);  // one thread
  for (StartRecord& start : starts) set_roundtrips(start, 200, 210);
  const Row row = row_of(starts, resnet(), {200, 210});
  EXPECT_EQ(row.core_state, std::nullopt);
  EXPECT_DOUBLE_EQ(*row.core_roundtrip_ns, 205);
  EXPECT_EQ(row.runs, 13);
}

TEST(StateOf, one_start) {
  struct Case {
    std::optional<double> before, after;
    CoreState state;
  };
  const std::vector<double> known{190, 200, 590, 600};
  const Case cases[] = {
      {195, 205, CoreState::near},
      {590, 610, CoreState::far},
      {195, 600, CoreState::changed},
      {600, 195, CoreState::changed},
      {std::nullopt, 195, CoreState::unknown},
      {195, std::nullopt, CoreState::unknown},
  };
  for (const Case& c : cases) {
    StartRecord start;
    start.surroundings.core_roundtrip_before_ns = c.before;
    start.surroundings.core_roundtrip_after_ns = c.after;
    EXPECT_EQ(state_of(start.surroundings, known), c.state);
  }
  StartRecord start;
  set_roundtrips(start, 200, 401);  // changed on the way, although no state is known
  EXPECT_EQ(state_of(start.surroundings, {}), CoreState::changed);
  set_roundtrips(start, 200, 399);
  EXPECT_EQ(state_of(start.surroundings, {}), CoreState::unknown);
}

TEST(Poolable, the_nearest_state_present_wins) {
  using enum CoreState;
  const auto of = [](const std::vector<CoreState>& states) { return poolable(states); };
  EXPECT_EQ(of({near, far, near}), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(of({far, far}), (std::vector<bool>{true, true}));
  EXPECT_EQ(of({unknown, far}), (std::vector<bool>{true, false}));
  EXPECT_EQ(of({unknown, unknown}), (std::vector<bool>{true, true}));
  EXPECT_EQ(of({far, changed, far}), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(of({changed, changed}), (std::vector<bool>{true, false}));
  EXPECT_EQ(of({changed, near}), (std::vector<bool>{false, true}));
  EXPECT_TRUE(of({}).empty());
}

TEST(Summary, memory_in_megabytes) {
  std::vector<StartRecord> starts = three_starts();
  starts[0].memory = {.baseline = 30'000'000, .after_load = 80'000'000, .after_first = 100'000'000, .peak = 120'000'000};
  starts[1].memory = {.baseline = 31'000'000, .after_load = 80'000'000, .after_first = 102'000'000, .peak = 150'000'000};
  starts[2].memory = {.baseline = 30'000'000, .after_load = 80'000'000, .after_first = 110'000'000, .peak = 130'000'000};
  Row row = row_of(starts);
  EXPECT_DOUBLE_EQ(*row.peak_memory_mb, 150);
  EXPECT_DOUBLE_EQ(*row.model_memory_mb, 71);  // the middle of 70, 71, 80
  for (StartRecord& start : starts) start.memory = {};
  row = row_of(starts);
  EXPECT_EQ(row.peak_memory_mb, std::nullopt);
  EXPECT_EQ(row.model_memory_mb, std::nullopt);
}

TEST(Summary, times_before_the_loop_are_medians_of_the_starts) {
  std::vector<StartRecord> starts = three_starts();
  for (std::size_t i = 0; i < 3; ++i) {
    starts[i].load_ms = std::vector<double>{100, 20, 30}[i];
    starts[i].first_inference_ms = std::vector<double>{9, 7, 50}[i];
    starts[i].timer_overhead_ns = std::vector<double>{41, 43, 90}[i];
  }
  const Row row = row_of(starts);
  EXPECT_DOUBLE_EQ(*row.load_ms, 30);
  EXPECT_DOUBLE_EQ(*row.first_inference_ms, 9);
  EXPECT_DOUBLE_EQ(*row.timer_overhead_ns, 43);
}

TEST(Summary, settings_asked_and_obtained) {
  Entry entry = resnet();
  entry.threads = 4;
  std::vector<StartRecord> starts = three_starts();
  for (StartRecord& start : starts) {
    start.obtained_device = "cpu";
    start.obtained_precision = "bf16";
    start.obtained_threads = 2;
    start.input_height = 224;
    start.input_width = 192;
  }
  const Row row = row_of(starts, entry);
  EXPECT_EQ(row.precision_requested, "fp32");
  EXPECT_EQ(row.precision, "bf16");
  EXPECT_EQ(row.device, "cpu");
  EXPECT_EQ(row.threads, 2);
  EXPECT_TRUE(has(row.notes, "4 threads were asked, the engine uses 2"));
  EXPECT_EQ(row.input_height, 224);
  EXPECT_EQ(row.input_width, 192);
  EXPECT_EQ(row.engine_settings, "graph=all:spin=0");
}

TEST(Summary, what_is_known_of_the_model_and_the_machine) {
  ModelFacts facts;
  facts.parameters = 11'689'512;
  facts.macs = 1'814'073'344;
  facts.top1 = 69.758;
  facts.top5 = 89.078;
  const Row row = summarize(resnet(), three_starts(), facts, {}, "a machine");
  EXPECT_EQ(row.model, "resnet18");
  EXPECT_EQ(row.model_sha256, std::string(64, 'd'));
  EXPECT_EQ(row.parameters, 11'689'512);
  EXPECT_EQ(row.macs, 1'814'073'344);
  EXPECT_NEAR(*row.gmacs, 1.814073344, 1e-12);
  EXPECT_EQ(row.top1, 69.758);
  EXPECT_EQ(row.top5, 89.078);
  EXPECT_EQ(row.platform, "a machine");
  EXPECT_EQ(row.source, "measured");
  EXPECT_EQ(row.repro, repro_command(resnet()));
  EXPECT_EQ(row.metric_version, kMetricVersion);
  EXPECT_EQ(row.mode, "latency");
}

TEST(Summary, a_start_that_did_not_pass_decides_the_row) {
  for (const Status status : {Status::unsupported, Status::failed, Status::out_of_memory, Status::timed_out}) {
    std::vector<StartRecord> starts = three_starts();
    starts[1] = StartRecord{};
    starts[1].index = 1;
    starts[1].status = status;
    starts[1].reason = "what went wrong";
    const Row row = row_of(starts);
    EXPECT_EQ(row.status, name_of(status));
    EXPECT_EQ(row.verdict, std::nullopt);
    EXPECT_EQ(row.reasons, std::vector<std::string>{"what went wrong"});
    EXPECT_FALSE(row.latency_median_ms || row.per_image_ms || row.images_per_s || row.load_ms || row.peak_memory_mb || row.runs);
    EXPECT_EQ(row.device, "CPU");
  }
}

TEST(Summary, repeated_starts_are_noted) {
  std::vector<StartRecord> starts = three_starts();
  starts[0].repeats = 1;
  starts[2].repeats = 2;
  EXPECT_TRUE(has(row_of(starts).notes, "starts repeated because cores were far apart: 3"));
}

TEST(SettledRow, has_no_figures) {
  const Row row = settled_row(resnet(8), Status::skipped, "batch 4 ran out of memory", {}, "a machine");
  EXPECT_EQ(row.status, "skipped");
  EXPECT_EQ(row.reasons, std::vector<std::string>{"batch 4 ran out of memory"});
  EXPECT_EQ(row.verdict, std::nullopt);
  EXPECT_EQ(row.batch, 8);
  EXPECT_EQ(row.platform, "a machine");
  EXPECT_FALSE(row.latency_median_ms || row.runs || row.starts);
  EXPECT_EQ(row.started_at.size(), 20u);
}

}  // namespace
}  // namespace inferometer::measure

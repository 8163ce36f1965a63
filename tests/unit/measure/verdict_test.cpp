#include "measure/verdict.h"

#include <functional>

#include <algorithm>

#include <gtest/gtest.h>

#include "samples.h"

namespace inferometer::measure {
namespace {

/// Three starts of 5 ms that nothing speaks against.
struct Judged {
  std::vector<StartRecord> starts{steady_start(0, 5'000'000), steady_start(1, 5'000'000), steady_start(2, 5'000'000)};
  std::vector<CoreState> states{CoreState::near, CoreState::near, CoreState::near};
  std::vector<bool> pooled{true, true, true};
  double harness_ratio = 1e-5;
  bool trusted_build = true;

  Verdict verdict() const {
    Evidence evidence;
    evidence.starts = starts;
    evidence.states = states;
    evidence.pooled = pooled;
    evidence.harness_ratio = harness_ratio;
    evidence.trusted_build = trusted_build;
    return judge(evidence);
  }
};

/// n samples around 5 ms whose median absolute deviation is `deviation_ns`.
std::vector<std::int64_t> scattered(std::int64_t deviation_ns, std::size_t n = 41) {
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t sign = i % 3 == 0 ? 0 : i % 3 == 1 ? -1 : 1;
    samples.push_back(5'000'000 + sign * deviation_ns);
  }
  return samples;
}

/// n samples whose second half is `ratio` times the first.
std::vector<std::int64_t> stepped(double ratio, std::size_t n) {
  std::vector<std::int64_t> samples(n, 5'000'000);
  for (std::size_t i = n / 2; i < n; ++i) samples[i] = static_cast<std::int64_t>(5e6 * ratio);
  return samples;
}

Drift drift(const std::vector<std::int64_t>& samples) { return drift_of(std::vector<double>(samples.begin(), samples.end())); }

/// Starts of throughput at these rates, every block at its start's rate.
Judged flying(const std::vector<double>& rates) {
  Judged judged;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    judged.starts[i].samples_ns = scattered(3'000'000);  // requests that wait for each other scatter by nature
    judged.starts[i].window = ThroughputWindow{2, 2 * rates[i], 0, std::vector<double>(20, rates[i])};
  }
  return judged;
}

TEST(Verdict, undisturbed_starts_are_valid) {
  const Verdict verdict = Judged{}.verdict();
  EXPECT_EQ(verdict.kind, VerdictKind::valid);
  EXPECT_TRUE(verdict.reasons.empty());
}

TEST(Verdict, one_start_can_be_valid) {
  Judged judged;
  judged.starts.resize(1);
  judged.states.resize(1);
  judged.pooled.resize(1);
  EXPECT_EQ(judged.verdict().kind, VerdictKind::valid);
}

TEST(Verdict, sensors_that_are_not_there_speak_against_nothing) {
  Judged judged;
  for (StartRecord& start : judged.starts) start.surroundings = {};
  judged.states.assign(3, CoreState::unknown);
  EXPECT_EQ(judged.verdict().kind, VerdictKind::valid);
}

struct ReasonCase {
  const char* what;
  VerdictKind kind;    ///< when it crosses
  std::string reason;  ///< what the reason says
  std::function<void(Judged&)> just_crosses, just_misses;
};

std::vector<ReasonCase> reason_cases() {
  const auto agreement = [](Judged& judged) -> Agreement& { return *judged.starts[0].agreement; };
  const auto nothing = [](Judged&) {};
  const auto around = [](auto change) { return [change](Judged& judged) { change(judged.starts[1].surroundings); }; };
  return {
      {"outputs disagree", VerdictKind::invalid, "outputs disagree with reference 0.1.0",
       [=](Judged& j) { agreement(j).max_error = 1.001e-3; }, [=](Judged& j) { agreement(j).max_error = 1e-3; }},
      {"the tolerance is the precision's", VerdictKind::invalid, "outputs disagree",
       [=](Judged& j) { agreement(j).tolerance = 2e-2, agreement(j).max_error = 0.0201; },
       [=](Judged& j) { agreement(j).tolerance = 2e-2, agreement(j).max_error = 0.0199; }},
      {"NaN", VerdictKind::invalid, "NaN", [=](Judged& j) { agreement(j).not_finite = true; }, nothing},
      {"zeros", VerdictKind::invalid, "all zero", [=](Judged& j) { agreement(j).all_zero = agreement(j).constant = true; }, nothing},
      {"constant", VerdictKind::invalid, "constant", [=](Judged& j) { agreement(j).constant = true; }, nothing},
      {"int8's best class", VerdictKind::invalid, "best class",
       [=](Judged& j) {
         for (StartRecord& start : j.starts) start.quantized = true;
         agreement(j).max_error = 0.5, agreement(j).top1_ratio = 0.89;
       },
       [=](Judged& j) {
         for (StartRecord& start : j.starts) start.quantized = true;
         agreement(j).max_error = 0.5, agreement(j).top1_ratio = 0.9;  // its error does not count
       }},
      {"harness", VerdictKind::invalid, "the timer costs", [](Judged& j) { j.harness_ratio = 0.0101; },
       [](Judged& j) { j.harness_ratio = 0.01; }},
      {"build", VerdictKind::invalid, "debug or sanitizer build", [](Judged& j) { j.trusted_build = false; }, nothing},

      {"agreement null", VerdictKind::unchecked, "no engine gave outputs",
       [=](Judged& j) { agreement(j).max_error.reset(), agreement(j).note = "no engine gave outputs"; }, nothing},
      {"int8 without images", VerdictKind::unchecked, "32 real images",
       [=](Judged& j) {
         j.starts[0].quantized = true;
         agreement(j).top1_ratio.reset(), agreement(j).note = "32 real images";
       },
       nothing},
      {"no agreement at all", VerdictKind::unchecked, "outputs were not compared", [](Judged& j) { j.starts[0].agreement.reset(); },
       nothing},

      {"starts apart", VerdictKind::unstable, "starts' medians 5.1 % apart", [](Judged& j) { j.starts[2] = steady_start(2, 5'255'000); },
       [](Judged& j) { j.starts[2] = steady_start(2, 5'245'000); }},
      {"starts apart, the first one slow", VerdictKind::unstable, "starts' medians 5.1 % apart",
       [](Judged& j) { j.starts[0].samples_ns.assign(30, 5'255'000); }, [](Judged& j) { j.starts[0].samples_ns.assign(30, 5'245'000); }},
      {"cores far apart", VerdictKind::unstable, "cores far apart in 3 of 3 starts", [](Judged& j) { j.states.assign(3, CoreState::far); },
       nothing},
      {"cores far apart in a start that was left out", VerdictKind::unstable, "cores far apart in 1 of 3 starts",
       [](Judged& j) { j.states[1] = CoreState::changed, j.pooled[1] = false; }, nothing},
      {"drift", VerdictKind::unstable, "drift within a start", [](Judged& j) { j.starts[0].samples_ns = stepped(1.051, 20); },
       [](Judged& j) { j.starts[0].samples_ns = stepped(1.049, 20); }},
      {"drift down", VerdictKind::unstable, "drift within a start", [](Judged& j) { j.starts[0].samples_ns = stepped(0.949, 20); },
       [](Judged& j) { j.starts[0].samples_ns = stepped(0.951, 20); }},
      {"drift needs 20 samples", VerdictKind::unstable, "drift within a start",
       [](Judged& j) { j.starts[0].samples_ns = stepped(1.08, 20); }, [](Judged& j) { j.starts[0].samples_ns = stepped(1.08, 18); }},
      {"scatter", VerdictKind::unstable, "samples scatter", [](Judged& j) { j.starts[1].samples_ns = scattered(505'000); },
       [](Judged& j) { j.starts[1].samples_ns = scattered(495'000); }},
      {"foreign load", VerdictKind::unstable, "other processes used", around([](Surroundings& s) { s.foreign_load_ratio = 0.101; }),
       around([](Surroundings& s) { s.foreign_load_ratio = 0.1; })},
      {"stolen time", VerdictKind::unstable, "the hypervisor took", around([](Surroundings& s) { s.stolen_ratio = 0.0201; }),
       around([](Surroundings& s) { s.stolen_ratio = 0.02; })},
      {"throttling", VerdictKind::unstable, "the processor throttled 1 times", around([](Surroundings& s) { s.throttle_events = 1; }),
       around([](Surroundings& s) { s.throttle_events = 0; })},
      {"clock", VerdictKind::unstable, "the clock fell to 2399 MHz, its mean was 3000",
       around([](Surroundings& s) { s.cpu_mhz_mean = 3000, s.cpu_mhz_min = 2399; }),
       around([](Surroundings& s) { s.cpu_mhz_mean = 3000, s.cpu_mhz_min = 2401; })},
      {"caching", VerdictKind::unstable, "a repeated input is at least",
       around([](Surroundings& s) { s.repeat_speedup = 2, s.repeat_speedup_low = 1.101; }),
       around([](Surroundings& s) { s.repeat_speedup = 2, s.repeat_speedup_low = 1.1; })},  // the whole interval must be above
  };
}

TEST(Verdict, each_reason_alone) {
  for (const ReasonCase& c : reason_cases()) {
    Judged crosses, misses;
    c.just_crosses(crosses);
    c.just_misses(misses);
    const Verdict verdict = crosses.verdict();
    EXPECT_EQ(verdict.kind, c.kind) << c.what;
    if (verdict.reasons.size() != 1) {
      // Medians that drift or scatter within a start may not move it away from the others.
      ADD_FAILURE() << c.what << ": " << verdict.reasons.size() << " reasons";
      for (const std::string& reason : verdict.reasons) ADD_FAILURE() << reason;
      continue;
    }
    EXPECT_NE(verdict.reasons[0].find(c.reason), std::string::npos) << c.what << ": " << verdict.reasons[0];
    const Verdict missed = misses.verdict();
    EXPECT_EQ(missed.kind, VerdictKind::valid) << c.what << ": " << (missed.reasons.empty() ? "" : missed.reasons[0]);
    EXPECT_TRUE(missed.reasons.empty()) << c.what;
  }
}

TEST(Verdict, every_reason_against_the_figures_names_a_remedy) {
  for (const ReasonCase& c : reason_cases()) {
    if (c.kind == VerdictKind::unchecked) continue;
    Judged crosses;
    c.just_crosses(crosses);
    for (const std::string& reason : crosses.verdict().reasons) {
      const std::size_t colon = reason.find_first_of(":;");
      ASSERT_NE(colon, std::string::npos) << c.what << ": " << reason;
      EXPECT_GT(reason.size(), colon + 10) << reason;
    }
  }
}

TEST(Verdict, the_first_that_fits_of_invalid_unstable_unchecked) {
  const auto unchecked = [](Judged& j) { j.starts[0].agreement->max_error.reset(), j.starts[0].agreement->note = "nothing proven"; };
  const auto unstable = [](Judged& j) { j.starts[1].surroundings.stolen_ratio = 0.5; };
  const auto invalid = [](Judged& j) { j.trusted_build = false; };

  Judged judged;
  unchecked(judged);
  EXPECT_EQ(judged.verdict().kind, VerdictKind::unchecked);
  unstable(judged);
  EXPECT_EQ(judged.verdict().kind, VerdictKind::unstable);
  invalid(judged);
  const Verdict verdict = judged.verdict();
  EXPECT_EQ(verdict.kind, VerdictKind::invalid);
  // All reasons are listed, the gravest first.
  ASSERT_EQ(verdict.reasons.size(), 3u);
  EXPECT_TRUE(verdict.reasons[0].starts_with("debug"));
  EXPECT_TRUE(verdict.reasons[1].starts_with("the hypervisor"));
  EXPECT_EQ(verdict.reasons[2], "nothing proven");
}

TEST(Verdict, several_reasons_of_one_kind_are_all_listed) {
  Judged judged;
  judged.starts[0].surroundings = {.foreign_load_ratio = 0.5, .stolen_ratio = 0.5, .throttle_events = 2, .repeat_speedup_low = 3.0};
  judged.starts[1] = steady_start(1, 9'000'000);
  EXPECT_EQ(judged.verdict().reasons.size(), 5u);
}

TEST(Verdict, an_engine_that_computes_nothing_may_be_fast) {
  Judged judged;
  judged.harness_ratio = 0.5;
  for (StartRecord& start : judged.starts) start.computes = false;
  judged.starts[0].agreement->max_error.reset();
  judged.starts[0].agreement->note = "the fake engine computes nothing";
  EXPECT_EQ(judged.verdict().kind, VerdictKind::unchecked);
  // but not wrong.
  judged.starts[0].agreement->not_finite = true;
  EXPECT_EQ(judged.verdict().kind, VerdictKind::invalid);
}

TEST(Verdict, outliers_of_a_start_left_out_do_not_count_as_apart) {
  Judged judged;
  judged.starts[1] = steady_start(1, 7'500'000);
  judged.states[1] = CoreState::far;
  const auto counts = [&] {
    const std::vector<std::string> reasons = judged.verdict().reasons;
    return std::any_of(reasons.begin(), reasons.end(), [](const std::string& r) { return r.starts_with("starts' medians"); });
  };
  judged.pooled[1] = false;
  EXPECT_FALSE(counts());
  judged.pooled[1] = true;
  EXPECT_TRUE(counts());
}

TEST(Verdict, of_throughput_judges_rates_not_requests) {
  EXPECT_EQ(flying({400, 404, 396}).verdict().kind, VerdictKind::valid);
  const Verdict apart = flying({400, 421, 400}).verdict();
  EXPECT_EQ(apart.kind, VerdictKind::unstable);
  EXPECT_NE(apart.reasons.at(0).find("starts' images a second 5.2 % apart"), std::string::npos) << apart.reasons.at(0);
  EXPECT_EQ(flying({400, 419, 400}).verdict().kind, VerdictKind::valid);

  Judged drifting = flying({400, 400, 400});
  auto& blocks = drifting.starts[1].window->block_requests_per_s;
  std::fill(blocks.begin(), blocks.begin() + 10, 430);
  const Verdict drifted = drifting.verdict();
  EXPECT_EQ(drifted.kind, VerdictKind::unstable);
  EXPECT_NE(drifted.reasons.at(0).find("its halves' images a second 7.0 % apart"), std::string::npos) << drifted.reasons.at(0);
  std::fill(blocks.begin(), blocks.begin() + 10, 418);
  EXPECT_EQ(drifting.verdict().kind, VerdictKind::valid);

  Judged restless = flying({400, 400, 400});
  for (std::size_t i = 0; i < 20; ++i) restless.starts[2].window->block_requests_per_s[i] = i % 2 == 0 ? 350 : 450;
  const Verdict scattering = restless.verdict();
  EXPECT_EQ(scattering.kind, VerdictKind::unstable);
  EXPECT_NE(scattering.reasons.at(0).find("samples scatter"), std::string::npos) << scattering.reasons.at(0);
}

TEST(Drift, is_the_halves_difference_with_disjoint_intervals) {
  const Drift step = drift(stepped(1.2, 40));
  EXPECT_NEAR(step.ratio, 0.2, 1e-9);
  EXPECT_TRUE(step.disjoint);
  const Drift none = drift(stepped(1, 40));
  EXPECT_EQ(none.ratio, 0);
  EXPECT_FALSE(none.disjoint);

  // Medians far apart, intervals that overlap: both halves hold both modes.
  std::vector<std::int64_t> mixed;
  for (int i = 0; i < 20; ++i) mixed.push_back(i < 11 ? 5'000'000 : 6'000'000);
  for (int i = 0; i < 20; ++i) mixed.push_back(i < 9 ? 5'000'000 : 6'000'000);
  const Drift overlapping = drift(mixed);
  EXPECT_NEAR(overlapping.ratio, 0.2, 1e-9);
  EXPECT_FALSE(overlapping.disjoint);
}

TEST(Drift, overlapping_intervals_are_no_reason) {
  Judged judged;
  std::vector<std::int64_t> mixed;
  for (int i = 0; i < 20; ++i) mixed.push_back(i < 11 ? 5'000'000 : 5'350'000);
  for (int i = 0; i < 20; ++i) mixed.push_back(i < 9 ? 5'000'000 : 5'350'000);
  ASSERT_GT(drift(mixed).ratio, 0.06);
  judged.starts[0].samples_ns = mixed;  // its median lies halfway: 3.5 % from the others
  EXPECT_EQ(judged.verdict().kind, VerdictKind::valid);
}

TEST(Drift, is_not_judged_below_20_samples) {
  for (const std::size_t n : {0u, 1u, 2u, 10u, 19u}) {
    EXPECT_EQ(drift(stepped(2, n)).ratio, 0) << n;
    EXPECT_FALSE(drift(stepped(2, n)).disjoint) << n;
  }
  EXPECT_TRUE(drift(stepped(2, 20)).disjoint);
  EXPECT_TRUE(drift(stepped(2, 21)).disjoint);
}

TEST(VerdictKind, names) {
  EXPECT_EQ(name_of(VerdictKind::invalid), "invalid");
  EXPECT_EQ(name_of(VerdictKind::unstable), "unstable");
  EXPECT_EQ(name_of(VerdictKind::unchecked), "unchecked");
  EXPECT_EQ(name_of(VerdictKind::valid), "valid");
}

}  // namespace
}  // namespace inferometer::measure

#include "predict/fit.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "stats/random.h"

namespace inferometer::predict {
namespace {

constexpr double kNetwork = 0.5, kWork = 12, kMoved = 0.3;

Observation observation(const std::string& name, const std::string& family, double work, double moved, double factor) {
  Observation row;
  row.name = name;
  row.family = family;
  row.batch = 1;
  Unit unit;
  unit.layer = unit.kind = "pointwise";
  unit.amounts = {{"network.count", 1}, {"pointwise.gmac", work}, {"pointwise.input_mb", moved}};
  unit.extents = {{"channels", 64}};
  row.network.units = {unit};
  row.network.weights_mb = 10 * work;
  row.network.linear_mb = std::fmod(997 * work, 1) * row.network.weights_mb;
  row.network.live_mb = moved;
  row.network.activations_mb = 20 * std::fmod(613 * moved, 1);
  row.amounts = total_amounts(row.network);
  row.ms = factor * (kNetwork + kWork * work + kMoved * moved);
  row.peak_mb = 20 + 1.5 * row.network.linear_mb + 2 * (row.network.weights_mb - row.network.linear_mb) + 3 * row.network.live_mb +
                0.25 * row.network.activations_mb;
  return row;
}

/// Probes follow the rule exactly; families of two networks each are off by a factor of their own.
std::vector<Observation> made_up(const std::vector<double>& factors) {
  stats::CounterRandom random(5);
  std::vector<Observation> rows;
  for (int i = 0; i < 40; ++i) rows.push_back(observation("probe-" + std::to_string(i), "", random.uniform(), 10 * random.uniform(), 1));
  for (std::size_t f = 0; f < factors.size(); ++f) {
    for (const char* which : {"a", "b"}) {
      rows.push_back(
          observation(std::to_string(f) + which, "family" + std::to_string(f), 1 + random.uniform(), 20 * random.uniform(), factors[f]));
    }
  }
  return rows;
}

TEST(Fit, FindsTheRuleThatMadeTheTimes) {
  // To a hundredth: the charge on columns keeps coefficients a little low, which the scale makes good.
  const Model model = fit_model(made_up(std::vector<double>(8, 1.25)), {1});
  ASSERT_EQ(model.batches.size(), 1U);
  const BatchModel& batch = model.batches[0];
  EXPECT_NEAR(batch.coefficients.at("network.count"), kNetwork, 0.01 * kNetwork);
  EXPECT_NEAR(batch.coefficients.at("pointwise.gmac"), kWork, 0.01 * kWork);
  EXPECT_NEAR(batch.coefficients.at("pointwise.input_mb"), kMoved, 0.01 * kMoved);
  EXPECT_NEAR(batch.scale, 1.25, 0.01);  // whole networks took a quarter longer than their sums
  EXPECT_NEAR(batch.probe_error_ratio, 0, 0.003);
  EXPECT_NEAR(*batch.log_bound, 0, 0.003);
  EXPECT_NEAR(model.memory->constant_mb, 20, 1e-6);
  EXPECT_NEAR(model.memory->per_linear_mb, 1.5, 1e-6);
  EXPECT_NEAR(model.memory->per_convolution_mb, 2, 1e-6);
  EXPECT_NEAR(model.memory->per_live_mb, 3, 1e-6);
  EXPECT_NEAR(model.memory->per_activation_mb, 0.25, 1e-6);
  EXPECT_NEAR(*scores_of(model.held_out)[0].memory_mape_percent, 0, 1e-6);
  for (const HeldOut& held : model.held_out) {
    EXPECT_NEAR(held.predicted_ms, held.measured_ms, 0.003 * held.measured_ms);
    EXPECT_NEAR(*held.predicted_mb, *held.measured_mb, 1e-5);
  }
}

/// Three probes of an odd case that are slow for another reason must not teach what the odd case costs; four may, and a kind that is rare
/// altogether.
TEST(Fit, AColumnNeedsProbes) {
  const auto learned = [](int odd, bool common, const std::string& column) {
    std::vector<Observation> rows = made_up({1, 1});
    for (std::size_t i = 0; i < 40; ++i) {
      if (common) rows[i].amounts["rare.count"] = 1;
      if (static_cast<int>(i) >= odd) continue;
      rows[i].amounts["rare.count"] = 1;
      rows[i].amounts["rare.unaligned_gmac"] = 1e-6;
      rows[i].ms *= 3;
    }
    return fit_model(rows, {1}).batches[0].coefficients.contains(column);
  };
  EXPECT_FALSE(learned(3, true, "rare.unaligned_gmac"));
  EXPECT_TRUE(learned(4, true, "rare.unaligned_gmac"));
  EXPECT_TRUE(learned(3, false, "rare.unaligned_gmac") || learned(3, false, "rare.count"));
}

/// A family that takes twice as long must be predicted as if it were not there: neither scale nor interval may know of it.
TEST(Fit, AHeldOutFamilyTakesNoPart) {
  std::vector<double> factors(8, 1);
  const auto prediction_of = [](const Model& model, const std::string& name) {
    const auto found =
        std::find_if(model.held_out.begin(), model.held_out.end(), [&](const HeldOut& held) { return held.network == name; });
    return *found;
  };
  const HeldOut plain = prediction_of(fit_model(made_up(factors), {1}), "3a");
  factors[3] = 2;
  const Model with = fit_model(made_up(factors), {1});
  const HeldOut odd = prediction_of(with, "3a");
  EXPECT_DOUBLE_EQ(odd.predicted_ms, plain.predicted_ms);
  EXPECT_DOUBLE_EQ(*odd.low_ms, *plain.low_ms);
  EXPECT_DOUBLE_EQ(*odd.high_ms, *plain.high_ms);
  EXPECT_NEAR(odd.measured_ms, 2 * plain.measured_ms, 1e-9);
  // The others do see it: their scale is the geometric mean over seven families of which one is 2.
  const HeldOut other = prediction_of(with, "0a");
  EXPECT_NEAR(other.predicted_ms / other.measured_ms, std::pow(2.0, 1.0 / 7), 0.003);
  // Their interval reaches to what the odd family is off by when it is itself predicted by six others: twice. Of 14 scores the largest
  // counts.
  EXPECT_NEAR(*other.high_ms / other.predicted_ms, 2, 0.01);
}

TEST(Fit, ScoresByHand) {
  HeldOut a, b, c;
  a.family = b.family = "f";
  c.family = "g";
  a.measured_ms = b.measured_ms = c.measured_ms = 10;
  a.predicted_ms = 10.9, b.predicted_ms = 8, c.predicted_ms = 10.5;
  a.low_ms = 9, a.high_ms = 13.2;  // holds 10
  b.low_ms = 7, b.high_ms = 9.6;   // does not
  a.noise_ratio = 0.03;
  a.measured_mb = b.measured_mb = 100;
  a.predicted_mb = 110, b.predicted_mb = 95;
  const std::vector<Score> scores = scores_of({a, b, c});
  ASSERT_EQ(scores.size(), 1U);
  EXPECT_EQ(scores[0].networks, 3U);
  EXPECT_EQ(scores[0].families, 2U);
  EXPECT_NEAR(scores[0].mape_percent, (9 + 20 + 5) / 3.0, 1e-9);
  EXPECT_NEAR(scores[0].within_tenth_ratio, 2.0 / 3, 1e-12);
  EXPECT_NEAR(*scores[0].interval_held_ratio, 0.5, 1e-12);
  EXPECT_NEAR(*scores[0].half_width_percent, 100 * ((13.2 / 10.9 + 9.6 / 8) / 2 - 1), 1e-9);
  EXPECT_NEAR(scores[0].noise_percent, 1, 1e-9);
  EXPECT_NEAR(*scores[0].memory_mape_percent, 7.5, 1e-9);
  EXPECT_EQ(scores_of({c})[0].memory_mape_percent, std::nullopt);
}

TEST(Fit, RefusesTooLittle) {
  const std::vector<Observation> rows = made_up({1, 1});
  EXPECT_THROW((void)fit_model({rows.begin(), rows.begin() + 40}, {1}), Error);
  EXPECT_THROW((void)fit_model(rows, {1, 8}), Error);
  EXPECT_EQ(fit_model(rows, {1}).batches[0].log_bound, std::nullopt);  // four networks bound nothing
}

TEST(Calibration, SummarizesPasses) {
  const auto timing = [](const std::string& name, int pass, double ms, std::optional<double> roundtrip = {}) {
    Timing result;
    result.name = name;
    result.pass = pass;
    result.block_medians_ms = {ms, ms, 9 * ms};
    result.core_roundtrip_ns = roundtrip;
    return result;
  };
  std::vector<Timing> timings{timing("steady", 0, 1.00), timing("steady", 1, 1.02), timing("odd", 0, 2),       timing("odd", 1, 1),
                              timing("thrice", 0, 2),    timing("thrice", 1, 1),    timing("thrice", 2, 1.01), timing("once", 0, 3),
                              timing("apart", 0, 1.1),   timing("apart", 1, 1),     timing("broken", 0, 1)};
  timings.back().failure = "no such operator";
  const std::vector<Measured> measured = summarize_timings(timings);
  ASSERT_EQ(measured.size(), 6U);
  EXPECT_NEAR(measured[0].ms, 1.01, 1e-12);
  EXPECT_TRUE(measured[0].steady);
  EXPECT_FALSE(measured[1].steady);
  EXPECT_FALSE(measured[1].usable);
  EXPECT_NEAR(measured[1].spread_ratio, 1, 1e-12);
  EXPECT_TRUE(measured[2].steady);  // the disturbed pass is left out
  EXPECT_NEAR(measured[2].ms, 1.005, 1e-12);
  EXPECT_FALSE(measured[3].usable);
  EXPECT_FALSE(measured[4].steady);
  EXPECT_TRUE(measured[4].usable);  // a tenth apart: worth another timing, but not worthless
  EXPECT_EQ(measured[5].failure, "no such operator");

  // With two threads: what was timed while the cores were far apart does not count.
  std::vector<Timing> threads;
  for (int i = 0; i < 6; ++i) threads.push_back(timing("x" + std::to_string(i), 0, 1, 190.0 + i));
  for (int i = 0; i < 6; ++i) threads.push_back(timing("x" + std::to_string(i), 1, 1.5, 590.0 + i));
  for (int i = 0; i < 3; ++i) threads.push_back(timing("x" + std::to_string(i), 2, 1.01, 195.0 + i));
  const std::vector<Measured> near = summarize_timings(threads);
  EXPECT_TRUE(near[0].steady);
  EXPECT_NEAR(near[0].ms, 1.005, 1e-12);
  EXPECT_FALSE(near[5].steady);  // one near timing alone proves nothing
  EXPECT_NEAR(near[5].ms, 1, 1e-12);
}

}  // namespace
}  // namespace inferometer::predict

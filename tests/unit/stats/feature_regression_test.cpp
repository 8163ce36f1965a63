#include "stats/feature_regression.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace inferometer::stats {
namespace {

using Values = std::vector<double>;
using Columns = std::vector<std::vector<double>>;

const Columns kFeatures{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {5, 1, 4, 2, 8, 3, 9, 6, 2, 7}};
const Values kY{3.1, 3.6, 6.4, 6.2, 12.9, 9.4, 16.2, 13.8, 12.1, 18.6};
const std::vector<std::size_t> kGroups{0, 0, 1, 1, 2, 2, 3, 3, 4, 4};

/// By numpy's lstsq and scipy's nnls, refitted for every group and pair of groups.
struct Reference {
  FeatureForm form;
  Values terms, held_out, low, high;
};
const Reference kReferences[] = {
    {FeatureForm::log_log,
     {0.6969995554648833, 0.7142275746056967, 0.29338206960280816},
     {3.171353620346, 3.002978529821, 6.70239842866, 6.762747458465, 11.384480892673, 9.988682478441, 15.435531658569, 15.104292159633,
      11.596966581439, 18.187574868166},
     {2.639707617547, 2.452393104778, 5.869595236577, 5.633241807945, 9.696276690628, 8.216829362413, 12.804182043651, 12.618153320847,
      8.242765713281, 14.721930527527},
     {4.448117770894, 3.741873760412, 8.361280504727, 8.024593350776, 13.629369432197, 11.549815100666, 20.139829958373, 19.249970276473,
      13.504757717355, 21.926557290383}},
    {FeatureForm::additive,
     {0.0, 1.4515107242378122, 0.40957369939197724},
     {5.362817532685, 3.147059201121, 5.991242912221, 6.667384611633, 10.344440958118, 9.911476469979, 13.652458133142, 13.90631667418,
      14.445952312366, 17.836330222648},
     {4.936803958565, 2.85178879681, 3.850280499973, 3.482277181774, 7.348076969417, 5.652828127898, 9.147586609935, 8.385305566839,
      6.691597289147, 9.791597289147},
     {6.18543959032, 3.474099216873, 12.76993979937, 11.549410484843, 20.543474537255, 15.80396220566, 26.498629736366, 24.290462273471,
      20.584452039872, 30.120561068295}},
    {FeatureForm::additive_absolute,
     {0.0, 1.2490149955895335, 0.7501029109085556},
     {5.58123303606, 3.192400155099, 6.774347922193, 6.51669613911, 11.967537550243, 9.790332134546, 15.320201720558, 14.472441412044,
      12.898889802632, 17.71328125},
     {5.133995113783, 2.821424884289, 3.864436868422, 3.505442148327, 7.173847614289, 5.376110916812, 8.949087302207, 8.12572954904,
      6.105781412512, 9.205781412512},
     {6.263455258847, 3.526361927572, 12.876387845813, 11.680209616505, 22.896212756348, 17.15851603927, 29.233760844286, 26.54411855647,
      21.244032543605, 32.029957626056}},
};

TEST(FeatureRegression, AgreesWithNumpyAndScipy) {
  for (const Reference& expected : kReferences) {
    const std::string form(name(expected.form));
    const FeatureModel model = fit_features(expected.form, kFeatures, kY);
    EXPECT_NEAR(model.intercept, expected.terms[0], 1e-12) << form;
    EXPECT_NEAR(model.coefficients[0], expected.terms[1], 1e-12) << form;
    EXPECT_NEAR(model.coefficients[1], expected.terms[2], 1e-12) << form;
    const std::vector<HeldOut> held = hold_out(expected.form, kFeatures, kY, kGroups, 0.8);
    ASSERT_EQ(held.size(), kY.size());
    for (std::size_t i = 0; i < held.size(); ++i) {
      ASSERT_TRUE(held[i].value && held[i].interval) << form << " " << i;
      EXPECT_NEAR(*held[i].value, expected.held_out[i], 1e-10) << form << " " << i;
      EXPECT_NEAR(held[i].interval->low, expected.low[i], 1e-10) << form << " " << i;
      EXPECT_NEAR(held[i].interval->high, expected.high[i], 1e-10) << form << " " << i;
    }
  }
}

TEST(FeatureRegression, AHeldOutRowTeachesNothing) {
  // A row that lies far off: its own prediction must not know of it, whatever it is.
  Values wrong = kY;
  wrong[4] = 1000;
  wrong[5] = 0.001;
  for (const FeatureForm form : feature_forms()) {
    const auto plain = hold_out(form, kFeatures, kY, kGroups, std::nullopt),
               spoilt = hold_out(form, kFeatures, wrong, kGroups, std::nullopt);
    EXPECT_EQ(*plain[4].value, *spoilt[4].value);
    EXPECT_EQ(*plain[5].value, *spoilt[5].value);
    EXPECT_NE(*plain[0].value, *spoilt[0].value);
    EXPECT_FALSE(plain[0].interval);
  }
}

TEST(FeatureRegression, AnExactLawIsFoundExactly) {
  Values y;
  for (std::size_t i = 0; i < kY.size(); ++i) y.push_back(0.5 * std::pow(kFeatures[0][i], 1.5) / kFeatures[1][i]);
  const FeatureModel model = fit_features(FeatureForm::log_log, kFeatures, y);
  EXPECT_NEAR(std::exp(model.intercept), 0.5, 1e-13);
  EXPECT_NEAR(model.coefficients[0], 1.5, 1e-13);
  EXPECT_NEAR(model.coefficients[1], -1, 1e-13);
  EXPECT_NEAR(model.predict(Values{4, 2}), 2, 1e-12);
  for (const HeldOut& held : hold_out(FeatureForm::log_log, kFeatures, y, kGroups, 0.8)) {
    ASSERT_TRUE(held.value && held.interval);
    EXPECT_NEAR(held.interval->high / held.interval->low, 1, 1e-9);
  }
}

TEST(FeatureRegression, IntervalsNeedGroups) {
  // Five groups allow 80 %, not 81 %.
  EXPECT_TRUE(hold_out(FeatureForm::log_log, kFeatures, kY, kGroups, 0.8)[0].interval);
  EXPECT_FALSE(hold_out(FeatureForm::log_log, kFeatures, kY, kGroups, 0.81)[0].interval);
}

TEST(FeatureRegression, AGroupThatIsNeededHasNoPrediction) {
  // Without the last group the second feature is constant: its exponent is not known.
  const Columns features{{1, 2, 3, 4, 5}, {2, 2, 2, 2, 3}};
  const std::vector<HeldOut> held =
      hold_out(FeatureForm::log_log, features, Values{1, 2.1, 2.9, 4.2, 8}, std::vector<std::size_t>{0, 1, 2, 3, 4}, 0.8);
  EXPECT_TRUE(held[0].value);
  EXPECT_FALSE(held[4].value);
  EXPECT_FALSE(held[4].interval);
}

TEST(FeatureRegression, Errors) {
  const auto message = [](FeatureForm form, const Columns& features, const Values& y) {
    try {
      fit_features(form, features, y);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message(FeatureForm::log_log, {{1, 2, 0}}, {1, 2, 3}), "feature 1 holds 0, which has no logarithm");
  EXPECT_EQ(message(FeatureForm::additive, {{1, 2, 3}, {1, -2, 0}}, {1, 2, 3}), "feature 2 holds -2: what adds up must not be negative");
  EXPECT_EQ(message(FeatureForm::additive, {{1, 2, 0}}, {1, 0, 3}), "0 is no positive figure to be predicted");
  EXPECT_NE(message(FeatureForm::log_log, {{1, 2}}, {1, 2}).find("more than 2 rows"), std::string::npos);
  EXPECT_NE(message(FeatureForm::log_log, {{1, 2, 3}, {1, 4, 9}}, {1, 2, 4}), "nothing was thrown");
  EXPECT_THROW(hold_out(FeatureForm::additive, Columns{{1, 2}}, Values{1, 2}, std::vector<std::size_t>{0, 0}, std::nullopt), Error);
  EXPECT_THROW(fit_features(FeatureForm::additive, Columns{{1}}, Values{1, 2}), Error);
  EXPECT_EQ(feature_form("log_log"), FeatureForm::log_log);
  EXPECT_EQ(feature_form("loglog"), std::nullopt);
}

TEST(RelativeErrors, ByHand) {
  const auto errors = relative_errors(Values{110, 80, 100, 350}, Values{100, 100, 100, 100});
  EXPECT_EQ(errors->n, 4u);
  EXPECT_NEAR(errors->median, 0.15, 1e-15);
  EXPECT_NEAR(errors->mean, 0.7, 1e-15);
  EXPECT_NEAR(errors->largest, 2.5, 1e-15);
  EXPECT_EQ(errors->within_10_percent, 0.5);
  EXPECT_EQ(errors->within_20_percent, 0.75);
  EXPECT_NEAR(errors->bias, 0.05, 1e-15);
  EXPECT_FALSE(relative_errors(Values{}, Values{}));
  EXPECT_THROW(relative_errors(Values{1}, Values{0}), Error);
}

}  // namespace
}  // namespace inferometer::stats

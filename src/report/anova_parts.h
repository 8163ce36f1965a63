/// What analyses of variance by one and by two factors share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "report/analysis.h"
#include "report/frame.h"
#include "report/table.h"
#include "stats/anova.h"
#include "stats/post_hoc.h"
#include "stats/shapiro_wilk.h"

namespace inferometer::report {

/// A column as groups.
struct Factor {
  std::string name;
  std::vector<std::string> labels;  ///< as levels() orders them; numbers that are equal ("8", "8.0") are one label
  std::vector<std::size_t> codes;   ///< one a row
};

/// Throws Error{input} naming the column when it has one value only, or more than 1000.
Factor factor_of(const Frame& frame, const std::string& column);

/// Values and where they come from.
struct AnovaData {
  Frame frame;  ///< complete rows only
  std::string source;
  std::string response;        ///< "ms", "ln ms"
  std::vector<double> values;  ///< of the response, as logarithms where asked
  std::vector<Factor> factors;
  bool log = false;

  stats::Grouped grouped(std::size_t factor) const { return {values, factors[factor].codes, factors[factor].labels.size()}; }
};

/// All that an analysis by one factor computes.
struct OneFactor {
  std::vector<stats::GroupSummary> groups;
  stats::OneWay anova;
  std::optional<stats::TestResult> levene_mean, levene_median, welch;
  std::optional<stats::ShapiroWilk> residuals;
  std::vector<stats::PairComparison> pairs;
  std::optional<double> lsd_standard_error;  ///< where all groups are of one size
};
OneFactor analyze_one_factor(const AnovaData& data, std::size_t factor, double confidence);

/// The keys of docs/statistics.md, from "n" to "pairs".
nlohmann::ordered_json one_factor_json(const OneFactor& found, const Factor& factor, bool log);
nlohmann::ordered_json pairs_json(const std::vector<stats::PairComparison>& pairs, const Factor& factor, bool log);

Table pairs_table(const std::vector<stats::PairComparison>& pairs, const Factor& factor, const AnovaData& data, const std::string& title,
                  double confidence);

/// How many pairs differ by each test, and which are closest. Empty where there is no p.
std::vector<std::string> pair_sentences(const std::vector<stats::PairComparison>& pairs, const Factor& factor, double confidence,
                                        const std::string& what);

/// A note where the residuals do not look normal.
void add_normality(const std::optional<stats::ShapiroWilk>& residuals, double confidence, std::vector<std::string>& sentences);

/// "F(6, 266) = 150.4, p < 1e-10".
std::string f_phrase(double f, double df_numerator, double df_denominator, double p);

AnalysisResult analyze_by_one(const AnalysisSpec& spec, const AnovaData& data);
AnalysisResult analyze_by_two(const AnalysisSpec& spec, const AnovaData& data);

}  // namespace inferometer::report

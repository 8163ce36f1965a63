#include "report/anova_parts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis_text.h"
#include "report/complete_cases.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::ordered_json;
using stats::PairComparison;

constexpr std::size_t kMostLevels = 1000;

}  // namespace

Factor factor_of(const Frame& frame, const std::string& column) {
  Factor factor;
  factor.name = column;
  const bool numeric = frame.is_numeric(column);
  std::map<std::string, std::size_t> code_of_text;
  std::map<double, std::size_t> code_of_number;
  for (const std::string& text : levels(frame, column)) {
    std::size_t code = factor.labels.size();
    if (numeric) code = code_of_number.try_emplace(*parse_number(text), code).first->second;
    if (code == factor.labels.size()) factor.labels.push_back(text);
    code_of_text[text] = code;
  }
  if (factor.labels.size() < 2) {
    throw Error(ErrorCode::input, fmt::format("{}: {} is '{}' in every row that can be used: there is nothing to compare", frame.name,
                                              column, one_line(factor.labels.front(), 60)));
  }
  if (factor.labels.size() > kMostLevels) {
    throw Error(ErrorCode::input, fmt::format("{}: {} has {} different values", frame.name, column, factor.labels.size()),
                "a factor has few, each in several rows; for a quantity see analyze fit and correlate");
  }
  for (const std::string& text : frame.texts(column)) factor.codes.push_back(code_of_text.at(text));
  return factor;
}

OneFactor analyze_one_factor(const AnovaData& data, std::size_t index, double confidence) {
  const stats::Grouped grouped = data.grouped(index);
  OneFactor found;
  found.groups = stats::summarize_groups(grouped, confidence);
  found.anova = stats::one_way(grouped);
  found.levene_mean = stats::levene(grouped, stats::Centre::mean);
  found.levene_median = stats::levene(grouped, stats::Centre::median);
  found.welch = stats::welch(grouped);
  if (found.anova.df_within > 0) found.residuals = stats::shapiro_wilk(stats::residuals(grouped));
  std::vector<stats::ComparedMean> means;
  for (const stats::GroupSummary& group : found.groups) means.push_back({group.mean, static_cast<double>(group.n)});
  found.pairs = stats::compare_pairs(means, found.anova.ms_within, found.anova.df_within, confidence);
  const bool equal_sizes = std::all_of(found.groups.begin(), found.groups.end(),
                                       [&](const stats::GroupSummary& group) { return group.n == found.groups.front().n; });
  if (equal_sizes) found.lsd_standard_error = found.pairs.front().standard_error;
  return found;
}

Json pairs_json(const std::vector<PairComparison>& pairs, const Factor& factor, bool log) {
  Json list = Json::array();
  for (const PairComparison& pair : pairs) {
    Json entry{{"a", to_utf8(factor.labels[pair.a])}, {"b", to_utf8(factor.labels[pair.b])},
               {"mean_difference", pair.difference},  {"standard_error", json_of(pair.standard_error)},
               {"p_lsd", json_of(pair.p_lsd)},        {"low", json_of(pair.low)},
               {"high", json_of(pair.high)},          {"p_bonferroni", json_of(pair.p_bonferroni)},
               {"p_holm", json_of(pair.p_holm)},      {"p_tukey", json_of(pair.p_tukey)}};
    if (log) entry["ratio"] = json_of(std::exp(pair.difference));
    list.push_back(std::move(entry));
  }
  return list;
}

Json one_factor_json(const OneFactor& found, const Factor& factor, bool log) {
  const stats::OneWay& anova = found.anova;
  const auto statistic = [](const std::optional<stats::TestResult>& test) { return test ? Json(test->statistic) : Json(nullptr); };
  const auto p = [](const std::optional<stats::TestResult>& test) { return test ? Json(test->p) : Json(nullptr); };
  Json groups = Json::array();
  for (std::size_t i = 0; i < found.groups.size(); ++i) {
    const stats::GroupSummary& group = found.groups[i];
    groups.push_back({{"group", to_utf8(factor.labels[i])},
                      {"n", group.n},
                      {"mean", group.mean},
                      {"sample_stddev", json_of(group.sample_stddev)},
                      {"standard_error", json_of(group.standard_error)},
                      {"low", group.interval ? Json(group.interval->low) : Json(nullptr)},
                      {"high", group.interval ? Json(group.interval->high) : Json(nullptr)},
                      {"minimum", group.minimum},
                      {"maximum", group.maximum}});
  }
  return Json{{"factor", to_utf8(factor.name)},
              {"n", anova.n},
              {"ss_between", anova.ss_between},
              {"df_between", anova.df_between},
              {"ms_between", anova.ms_between},
              {"ss_within", anova.ss_within},
              {"df_within", anova.df_within},
              {"ms_within", json_of(anova.ms_within)},
              {"f", json_of(anova.f)},
              {"p", json_of(anova.p)},
              {"eta_squared", json_of(anova.eta_squared)},
              {"omega_squared", json_of(anova.omega_squared)},
              {"levene_mean_w", statistic(found.levene_mean)},
              {"levene_mean_p", p(found.levene_mean)},
              {"levene_median_w", statistic(found.levene_median)},
              {"levene_median_p", p(found.levene_median)},
              {"welch_f", statistic(found.welch)},
              {"welch_df_denominator", found.welch ? Json(found.welch->df_denominator) : Json(nullptr)},
              {"welch_p", p(found.welch)},
              {"shapiro_w", found.residuals ? Json(found.residuals->w) : Json(nullptr)},
              {"shapiro_p", found.residuals ? Json(found.residuals->p) : Json(nullptr)},
              {"lsd_standard_error", json_of(found.lsd_standard_error)},
              {"groups", groups},
              {"pairs", pairs_json(found.pairs, factor, log)}};
}

Table pairs_table(const std::vector<PairComparison>& pairs, const Factor& factor, const AnovaData& data, const std::string& title,
                  double confidence) {
  Table table;
  table.title = title;
  table.columns = {"a", "b", "difference", "standard error", "low", "high", "p LSD", "p Bonferroni", "p Holm", "p Tukey"};
  if (data.log) table.columns.insert(table.columns.begin() + 3, "ratio");
  for (const PairComparison& pair : pairs) {
    std::vector<Cell> line{factor.labels[pair.a], factor.labels[pair.b], pair.difference};
    if (data.log) line.emplace_back(std::exp(pair.difference));
    for (const auto& value : {pair.standard_error, pair.low, pair.high, pair.p_lsd, pair.p_bonferroni, pair.p_holm, pair.p_tukey})
      line.push_back(to_cell(value));
    table.rows.push_back(std::move(line));
  }
  table.notes.push_back(fmt::format("Differences of {}, a less b, with {} % intervals of LSD (not corrected for {}).{}", data.response,
                                    percent_text(confidence), counted(pairs.size(), "comparison"),
                                    data.log ? " Ratio: of the geometric means, a over b." : ""));
  return table;
}

std::vector<std::string> pair_sentences(const std::vector<PairComparison>& pairs, const Factor& factor, double confidence,
                                        const std::string& what) {
  if (pairs.empty() || !pairs.front().p_lsd) return {};
  const auto significant = [&](std::optional<double> PairComparison::*p) {
    return std::count_if(pairs.begin(), pairs.end(), [&](const PairComparison& pair) { return pair.*p && *(pair.*p) < 1 - confidence; });
  };
  std::vector<std::string> sentences;
  sentences.push_back(fmt::format("Of {} of {}{}, {} differ by LSD, {} after Bonferroni, {} after Holm, {} by Tukey.",
                                  counted(pairs.size(), "pair"), factor.name, what, significant(&PairComparison::p_lsd),
                                  significant(&PairComparison::p_bonferroni), significant(&PairComparison::p_holm),
                                  significant(&PairComparison::p_tukey)));
  if (pairs.size() > 1) {
    const PairComparison& closest =
        *std::max_element(pairs.begin(), pairs.end(), [](const PairComparison& a, const PairComparison& b) { return *a.p_lsd < *b.p_lsd; });
    sentences.push_back(fmt::format("The closest pair is {} and {}: difference {}, {} by LSD and {} by Tukey.", factor.labels[closest.a],
                                    factor.labels[closest.b], rounded_text(closest.difference), p_phrase(*closest.p_lsd),
                                    p_phrase(*closest.p_tukey)));
  }
  return sentences;
}

void add_normality(const std::optional<stats::ShapiroWilk>& residuals, double confidence, std::vector<std::string>& sentences) {
  if (!residuals || residuals->p >= 1 - confidence) return;
  sentences.push_back(
      fmt::format("Note: the residuals do not look normal (Shapiro-Wilk W = {:.4f}, {}).", residuals->w, p_phrase(residuals->p)));
}

std::string f_phrase(double f, double df_numerator, double df_denominator, double p) {
  return fmt::format("F({:.4g}, {:.4g}) = {}, {}", df_numerator, df_denominator, rounded_text(f), p_phrase(p));
}

}  // namespace inferometer::report

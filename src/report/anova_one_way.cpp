#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis_text.h"
#include "report/anova_parts.h"
#include "stats/two_way.h"

namespace inferometer::report {
namespace {

/// A search for factors that were not tested must stay cheap.
constexpr std::size_t kMostLevels = 100, kMostRows = 5000, kMostColumns = 12;

Table group_table(const OneFactor& found, const AnovaData& data, double confidence) {
  Table table;
  table.title = fmt::format("{} by {}", data.response, data.factors[0].name);
  table.columns = {data.factors[0].name, "n", "mean", "sample sd", "standard error", "low", "high", "minimum", "maximum"};
  // A column of the data may bear one of these names, and names of a table are unique.
  if (std::find(table.columns.begin() + 1, table.columns.end(), table.columns[0]) != table.columns.end()) table.columns[0] = "group";
  for (std::size_t i = 0; i < found.groups.size(); ++i) {
    const stats::GroupSummary& group = found.groups[i];
    table.rows.push_back({data.factors[0].labels[i], static_cast<std::int64_t>(group.n), group.mean, to_cell(group.sample_stddev),
                          to_cell(group.standard_error), group.interval ? Cell(group.interval->low) : Cell(),
                          group.interval ? Cell(group.interval->high) : Cell(), group.minimum, group.maximum});
  }
  table.notes.push_back(fmt::format("Intervals of the mean at {} %, from each group's own deviation.", percent_text(confidence)));
  return table;
}

Table anova_table(const OneFactor& found, const AnovaData& data) {
  const stats::OneWay& anova = found.anova;
  Table table;
  table.title = fmt::format("Analysis of variance of {} by {}", data.response, data.factors[0].name);
  table.columns = {"source", "sum of squares", "df", "mean square", "F", "p", "eta squared", "omega squared"};
  table.rows.push_back({std::string("between groups"), anova.ss_between, static_cast<std::int64_t>(anova.df_between), anova.ms_between,
                        to_cell(anova.f), to_cell(anova.p), to_cell(anova.eta_squared), to_cell(anova.omega_squared)});
  table.rows.push_back({std::string("within groups"),
                        anova.ss_within,
                        static_cast<std::int64_t>(anova.df_within),
                        to_cell(anova.ms_within),
                        {},
                        {},
                        {},
                        {}});
  table.rows.push_back(
      {std::string("total"), anova.ss_between + anova.ss_within, static_cast<std::int64_t>(anova.n - 1), {}, {}, {}, {}, {}});
  return table;
}

Table tests_table(const OneFactor& found) {
  Table table;
  table.title = "Assumptions";
  table.columns = {"test", "asks", "statistic", "df 1", "df 2", "p"};
  const auto add = [&](const char* name, const char* asks, const std::optional<stats::TestResult>& test) {
    std::vector<Cell> line{std::string(name), std::string(asks)};
    if (test)
      line.insert(line.end(), {test->statistic, test->df_numerator, test->df_denominator, test->p});
    else
      line.insert(line.end(), 4, Cell());
    table.rows.push_back(std::move(line));
  };
  add("Levene, mean-centred", "equal variances", found.levene_mean);
  add("Levene, median-centred (Brown-Forsythe)", "equal variances", found.levene_median);
  add("Welch's F", "equal means, variances may differ", found.welch);
  std::vector<Cell> line{std::string("Shapiro-Wilk, residuals"), std::string("normal residuals"), {}, {}, {}, {}};
  if (found.residuals) {
    line[2] = found.residuals->w;
    line[5] = found.residuals->p;
  }
  table.rows.push_back(std::move(line));
  return table;
}

std::string verdict_sentence(const OneFactor& found, const AnovaData& data, double confidence) {
  const stats::OneWay& anova = found.anova;
  const std::string& factor = data.factors[0].name;
  if (anova.df_within == 0) return fmt::format("Note: each value of {} has one row only, so nothing can be tested.", factor);
  if (!anova.f) {
    return anova.ss_between > 0 ? fmt::format("Note: {} does not vary at all within any {}, so there is no F.", data.response, factor)
                                : fmt::format("Note: {} is the same in every row, so there is nothing to explain.", data.response);
  }
  const std::string phrase = f_phrase(*anova.f, static_cast<double>(anova.df_between), static_cast<double>(anova.df_within), *anova.p);
  if (*anova.p >= 1 - confidence) return fmt::format("No difference of {} by {} shown: {}.", data.response, factor, phrase);
  return fmt::format("{} differs by {}: {}; {} accounts for {:.1f} % of its variation (eta squared).", data.response, factor, phrase,
                     factor, *anova.eta_squared * 100);
}

void add_assumptions(const OneFactor& found, double confidence, std::vector<std::string>& sentences) {
  const double alpha = 1 - confidence;
  if (found.levene_median && found.levene_median->p < alpha) {
    std::string sentence = fmt::format("Note: the groups' variances differ (Brown-Forsythe, {})", p_phrase(found.levene_median->p));
    if (found.welch) {
      sentence += fmt::format("; Welch's test, which allows that, gives {}",
                              f_phrase(found.welch->statistic, found.welch->df_numerator, found.welch->df_denominator, found.welch->p));
    }
    sentences.push_back(sentence + ".");
  }
  add_normality(found.residuals, confidence, sentences);
}

/// Columns that could have been a factor: few values, each in several rows, text or whole numbers.
bool could_be_factor(const Frame& frame, const std::string& column, const AnalysisSpec& spec) {
  if (column == spec.response || column == spec.factors[0]) return false;
  const bool numeric = frame.is_numeric(column);
  std::set<std::string> distinct;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const std::string& text = frame.texts(column)[i];
    if (text.empty()) return false;
    if (numeric && *frame.numbers(column)[i] != std::floor(*frame.numbers(column)[i])) return false;
    distinct.insert(text);
    if (distinct.size() > kMostLevels) return false;
  }
  return distinct.size() >= 2 && distinct.size() * 2 <= frame.size();
}

/// What stands in the data, is not tested, and leaves least unexplained together with the factor that is.
std::string hidden_factor_sentence(const AnalysisSpec& spec, const AnovaData& data, const OneFactor& found) {
  if (!found.anova.f || data.frame.size() > kMostRows || data.factors[0].labels.size() > kMostLevels) return {};
  std::string best_name;
  std::optional<stats::TwoWay> best;
  std::size_t tried = 0;
  for (const std::string& column : data.frame.columns()) {
    if (!could_be_factor(data.frame, column, spec)) continue;
    if (++tried > kMostColumns) break;
    const Factor other = factor_of(data.frame, column);
    try {
      stats::TwoWay both = stats::two_way(
          {data.values, data.factors[0].codes, other.codes, data.factors[0].labels.size(), other.labels.size()}, false, spec.confidence);
      const stats::TermTest& beyond = both.type_2[1];
      if (!beyond.p || *beyond.p >= 1 - spec.confidence || !both.type_2[0].f) continue;
      if (best && both.residual_ss >= best->residual_ss) continue;
      best = std::move(both);
      best_name = column;
    } catch (const Error& error) {
      // A column that says the same as the factor hides nothing.
      if (error.code() != ErrorCode::input) throw;
    }
  }
  if (!best) return {};
  const stats::TermTest &own = best->type_2[0], &other = best->type_2[1];
  const double residual_df = static_cast<double>(best->residual_df);
  return fmt::format(
      "Note: {} varies in these rows too and is not tested. This test counts its effect as error and may hide one by the other: with both, "
      "{} has {}, and "
      "{} has {}.",
      best_name, data.factors[0].name, f_phrase(*own.f, static_cast<double>(own.df), residual_df, *own.p), best_name,
      f_phrase(*other.f, static_cast<double>(other.df), residual_df, *other.p));
}

}  // namespace

AnalysisResult analyze_by_one(const AnalysisSpec& spec, const AnovaData& data) {
  const Factor& factor = data.factors[0];
  const OneFactor found = analyze_one_factor(data, 0, spec.confidence);
  AnalysisResult result;
  result.title = fmt::format("Analysis of variance of {} by {}", data.response, factor.name);
  nlohmann::ordered_json json{{"type", "anova"}, {"response", to_utf8(spec.response)}, {"log", spec.log}, {"confidence", spec.confidence}};
  json.update(one_factor_json(found, factor, data.log));
  result.json = json.dump();
  result.tables = {anova_table(found, data), group_table(found, data, spec.confidence), tests_table(found)};
  if (found.pairs.front().p_lsd) {
    result.tables.push_back(pairs_table(found.pairs, factor, data, fmt::format("Pairs of {}", factor.name), spec.confidence));
  }
  result.sentences.push_back(verdict_sentence(found, data, spec.confidence));
  const std::string hidden = hidden_factor_sentence(spec, data, found);
  if (!hidden.empty()) result.sentences.push_back(hidden);
  for (std::string& sentence : pair_sentences(found.pairs, factor, spec.confidence, "")) result.sentences.push_back(std::move(sentence));
  add_assumptions(found, spec.confidence, result.sentences);
  return result;
}

}  // namespace inferometer::report

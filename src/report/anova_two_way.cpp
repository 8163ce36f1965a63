#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/analysis_text.h"
#include "report/anova_parts.h"
#include "stats/two_way.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::ordered_json;
using stats::TermTest;
using stats::TwoWay;

/// From which ratio of the two F on a reader is told that testing a factor alone hides it.
constexpr double kHiding = 2;

std::string term_name(const AnovaData& data, stats::Term term) {
  switch (term) {
    case stats::Term::a: return data.factors[0].name;
    case stats::Term::b: return data.factors[1].name;
    case stats::Term::interaction: return data.factors[0].name + " x " + data.factors[1].name;
  }
  return {};
}

Json terms_json(const std::vector<TermTest>& terms, const AnovaData& data) {
  Json list = Json::array();
  for (const TermTest& term : terms) {
    list.push_back({{"term", to_utf8(term_name(data, term.term))},
                    {"ss", term.ss},
                    {"df", term.df},
                    {"ms", json_of(term.ms)},
                    {"f", json_of(term.f)},
                    {"p", json_of(term.p)},
                    {"partial_eta_squared", json_of(term.partial_eta_squared)}});
  }
  return list;
}

Json adjusted_json(const std::vector<stats::AdjustedMean>& means, const Factor& factor) {
  Json list = Json::array();
  for (std::size_t i = 0; i < means.size(); ++i) {
    list.push_back({{"group", to_utf8(factor.labels[i])},
                    {"n", means[i].n},
                    {"mean", json_of(means[i].mean)},
                    {"standard_error", json_of(means[i].standard_error)},
                    {"low", means[i].interval ? Json(means[i].interval->low) : Json(nullptr)},
                    {"high", means[i].interval ? Json(means[i].interval->high) : Json(nullptr)}});
  }
  return list;
}

/// Where every combination has as many values, the three types are one.
bool is_balanced(const TwoWay& result) {
  const auto close = [](double a, double b) { return std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b)); };
  for (std::size_t i = 0; i < result.type_1.size(); ++i) {
    if (!close(result.type_1[i].ss, result.type_2[i].ss)) return false;
    if (result.type_3.empty() || !close(result.type_2[i].ss, result.type_3[i].ss)) return false;
  }
  return true;
}

void add_rows(Table& table, const std::string& type, const std::vector<TermTest>& terms, const AnovaData& data) {
  for (const TermTest& term : terms) {
    std::vector<Cell> line;
    if (!type.empty()) line.emplace_back(type);
    line.insert(line.end(), {term_name(data, term.term), term.ss, static_cast<std::int64_t>(term.df), to_cell(term.ms), to_cell(term.f),
                             to_cell(term.p), to_cell(term.partial_eta_squared)});
    table.rows.push_back(std::move(line));
  }
}

Table two_way_table(const TwoWay& result, const AnovaData& data) {
  const bool balanced = is_balanced(result);
  Table table;
  table.title = fmt::format("Analysis of variance of {} by {} and {}{}", data.response, data.factors[0].name, data.factors[1].name,
                            result.interaction ? ", with interaction" : ", additive");
  table.columns = {"source", "sum of squares", "df", "mean square", "F", "p", "partial eta squared"};
  if (!balanced) table.columns.insert(table.columns.begin(), "type");
  if (balanced) {
    add_rows(table, "", result.type_2, data);
    table.notes.emplace_back("Balanced: sums of squares of types I, II and III are the same.");
  } else {
    add_rows(table, "I", result.type_1, data);
    add_rows(table, "II", result.type_2, data);
    add_rows(table, "III", result.type_3, data);
    table.notes.push_back(fmt::format(
        "Type I: each source beyond those above it, {} first. Type II: each beyond the other. Type III: each beyond all others.",
        data.factors[0].name));
  }
  const auto add_total = [&](const char* name, double ss, std::size_t df, const std::optional<double>& ms) {
    std::vector<Cell> line;
    if (!balanced) line.emplace_back();
    line.insert(line.end(), {std::string(name), ss, static_cast<std::int64_t>(df), to_cell(ms), {}, {}, {}});
    table.rows.push_back(std::move(line));
  };
  add_total("residual", result.residual_ss, result.residual_df, result.residual_ms);
  add_total("total", result.total_ss, result.n - 1, {});
  if (result.r_squared) table.notes.push_back(fmt::format("R squared = {:.4f}, n = {}.", *result.r_squared, result.n));
  return table;
}

Table comparison_table(const TwoWay& result, const std::vector<OneFactor>& alone, const AnovaData& data) {
  Table table;
  table.title = "Each factor alone, and beyond the other";
  table.columns = {"factor", "F alone", "p alone", "F beyond the other", "p beyond the other"};
  for (std::size_t i = 0; i < 2; ++i) {
    table.rows.push_back({data.factors[i].name, to_cell(alone[i].anova.f), to_cell(alone[i].anova.p), to_cell(result.type_2[i].f),
                          to_cell(result.type_2[i].p)});
  }
  return table;
}

Table adjusted_table(const std::vector<stats::AdjustedMean>& means, const Factor& factor, const AnovaData& data, double confidence) {
  Table table;
  table.title = fmt::format("{} by {}, the other factor held equal", data.response, factor.name);
  table.columns = {factor.name == "n" ? "group" : factor.name, "n", "adjusted mean", "standard error", "low", "high"};
  if (data.log) table.columns.emplace_back("geometric mean");
  for (std::size_t i = 0; i < means.size(); ++i) {
    const stats::AdjustedMean& mean = means[i];
    table.rows.push_back({factor.labels[i], static_cast<std::int64_t>(mean.n), to_cell(mean.mean), to_cell(mean.standard_error),
                          mean.interval ? Cell(mean.interval->low) : Cell(), mean.interval ? Cell(mean.interval->high) : Cell()});
    if (data.log) table.rows.back().push_back(mean.mean ? Cell(std::exp(*mean.mean)) : Cell());
  }
  table.notes.push_back(fmt::format("Intervals at {} %, from the residual of the additive model.", percent_text(confidence)));
  return table;
}

std::string term_sentence(const TermTest& term, const TwoWay& result, const AnovaData& data, double confidence) {
  const std::string name = term_name(data, term.term);
  if (!term.f) return fmt::format("Note: {} cannot be tested: nothing is left that the model does not fit.", name);
  const std::string phrase = f_phrase(*term.f, static_cast<double>(term.df), static_cast<double>(result.residual_df), *term.p);
  const bool shown = *term.p < 1 - confidence;
  if (term.term == stats::Term::interaction) {
    return shown
               ? fmt::format("The effect of {} on {} depends on {}: {}.", data.factors[0].name, data.response, data.factors[1].name, phrase)
               : fmt::format("No interaction of {} and {} shown: {}.", data.factors[0].name, data.factors[1].name, phrase);
  }
  const std::string& other = data.factors[term.term == stats::Term::a ? 1 : 0].name;
  return shown ? fmt::format("{} differs by {} beyond {}: {}.", data.response, name, other, phrase)
               : fmt::format("No difference of {} by {} beyond {} shown: {}.", data.response, name, other, phrase);
}

/// What a test of the factor alone would have said, where that is something else.
std::string alone_sentence(const TermTest& beyond, const OneFactor& alone, const AnovaData& data, std::size_t factor, double confidence) {
  if (!beyond.f || !alone.anova.f) return {};
  const std::string &name = data.factors[factor].name, &other = data.factors[1 - factor].name;
  const std::string before =
      f_phrase(*alone.anova.f, static_cast<double>(alone.anova.df_between), static_cast<double>(alone.anova.df_within), *alone.anova.p);
  const double alpha = 1 - confidence;
  if (*beyond.p<alpha&& * beyond.f> kHiding * *alone.anova.f) {
    return fmt::format(
        "Tested alone, {} has {}: that test counts the effect of {} as error and so hides much of that of {}, whose F is {:.3g} times as "
        "large "
        "here.",
        name, before, other, name, *beyond.f / *alone.anova.f);
  }
  if (*beyond.p >= alpha && *alone.anova.p < alpha) {
    return fmt::format("Note: tested alone, {} has {}; beyond {} no difference is shown, so what it seemed to show may be {}'s.", name,
                       before, other, other);
  }
  return {};
}

void add_design(const TwoWay& result, const AnovaData& data, std::vector<std::string>& sentences) {
  if (result.empty_cells > 0) {
    sentences.push_back(fmt::format("{} of {} combinations of {} and {} have no value; the others are all used.", result.empty_cells,
                                    result.cells + result.empty_cells, data.factors[0].name, data.factors[1].name));
  }
  if (!result.type_3_refused.empty()) sentences.push_back("Note: no type III sums of squares. " + result.type_3_refused + ".");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t all = data.factors[i].labels.size() - 1;
    if (result.type_2[i].df == all) continue;
    sentences.push_back(fmt::format("Note: of {}'s {} degrees of freedom {} can be told from {}: some of their values never meet.",
                                    data.factors[i].name, all, result.type_2[i].df, data.factors[1 - i].name));
  }
  if (result.interaction) return;
  sentences.push_back(result.n == result.cells
                          ? "Each combination has one value, so an interaction of the two cannot be told from the residual."
                          : "The model is additive; --interaction tests whether the effect of one factor depends on the other.");
}

}  // namespace

AnalysisResult analyze_by_two(const AnalysisSpec& spec, const AnovaData& data) {
  const Factor &a = data.factors[0], &b = data.factors[1];
  const TwoWay both = stats::two_way({data.values, a.codes, b.codes, a.labels.size(), b.labels.size()}, spec.interaction, spec.confidence);
  const std::vector<OneFactor> alone{analyze_one_factor(data, 0, spec.confidence), analyze_one_factor(data, 1, spec.confidence)};
  AnalysisResult result;
  result.title = fmt::format("Analysis of variance of {} by {} and {}", data.response, a.name, b.name);

  std::optional<stats::ShapiroWilk> shapiro;
  if (both.residual_ss > 0) shapiro = stats::shapiro_wilk(both.residuals);
  Json json{{"type", "anova"},
            {"response", to_utf8(spec.response)},
            {"log", spec.log},
            {"confidence", spec.confidence},
            {"factors", {to_utf8(a.name), to_utf8(b.name)}},
            {"interaction", spec.interaction},
            {"n", both.n},
            {"empty_cells", both.empty_cells},
            {"terms", terms_json(both.type_2, data)},
            {"terms_type", "II"},
            {"residual_ss", both.residual_ss},
            {"residual_df", both.residual_df},
            {"residual_ms", json_of(both.residual_ms)},
            {"total_ss", both.total_ss},
            {"r_squared", json_of(both.r_squared)},
            {"shapiro_w", shapiro ? Json(shapiro->w) : Json(nullptr)},
            {"shapiro_p", shapiro ? Json(shapiro->p) : Json(nullptr)},
            {"sums_of_squares",
             {{"I", terms_json(both.type_1, data)},
              {"II", terms_json(both.type_2, data)},
              {"III", both.type_3.empty() ? Json(nullptr) : terms_json(both.type_3, data)}}},
            {"type_3_refused", both.type_3_refused.empty() ? Json(nullptr) : Json(both.type_3_refused)},
            {"one_way", {one_factor_json(alone[0], a, data.log), one_factor_json(alone[1], b, data.log)}},
            {"adjusted", Json::array()}};
  result.tables = {two_way_table(both, data), comparison_table(both, alone, data)};

  for (const TermTest& term : both.type_2) result.sentences.push_back(term_sentence(term, both, data, spec.confidence));
  if (both.r_squared) {
    result.sentences.push_back(fmt::format("Together {} and {}{} account for {:.2f} % of the variation.", a.name, b.name,
                                           both.interaction ? ", with their interaction," : "", *both.r_squared * 100));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string sentence = alone_sentence(both.type_2[i], alone[i], data, i, spec.confidence);
    if (!sentence.empty()) result.sentences.push_back(sentence);
  }
  const auto add_adjusted = [&](const Factor& factor, const auto& means, const auto& pairs) {
    if (means.empty()) return;
    json["adjusted"].push_back(
        {{"factor", to_utf8(factor.name)}, {"groups", adjusted_json(means, factor)}, {"pairs", pairs_json(pairs, factor, data.log)}});
    result.tables.push_back(adjusted_table(means, factor, data, spec.confidence));
    result.tables.push_back(
        pairs_table(pairs, factor, data, fmt::format("Pairs of {}, the other factor held equal", factor.name), spec.confidence));
    for (std::string& sentence : pair_sentences(pairs, factor, spec.confidence, ", the other factor held equal"))
      result.sentences.push_back(std::move(sentence));
  };
  add_adjusted(a, both.adjusted_a, both.pairs_a);
  add_adjusted(b, both.adjusted_b, both.pairs_b);
  add_design(both, data, result.sentences);
  add_normality(shapiro, spec.confidence, result.sentences);
  result.json = json.dump();
  return result;
}

}  // namespace inferometer::report

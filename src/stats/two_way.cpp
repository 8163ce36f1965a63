#include "stats/two_way.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>
#include <utility>

#include "base/error.h"
#include "stats/anova.h"
#include "stats/distributions.h"
#include "stats/linear_model.h"

namespace inferometer::stats {
namespace {

using Columns = std::vector<std::vector<double>>;

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("two-way analysis: ") + what);
}

struct Cell {
  std::size_t a = 0, b = 0;
  double n = 0;
  double mean = 0;  ///< less the first value of all
};

/// The combinations that have values.
struct Cells {
  std::vector<Cell> cells;
  std::vector<std::size_t> cell_of;  ///< of each value
  double first = 0;
  double pure_ss = 0;  ///< within cells
  std::size_t pure_df = 0;
};

Cells gather(const CrossedData& data) {
  require(data.a.size() == data.values.size() && data.b.size() == data.values.size(), "values and levels of unequal lengths");
  Cells gathered;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> numbers;
  for (std::size_t i = 0; i < data.values.size(); ++i) {
    require(data.a[i] < data.levels_a && data.b[i] < data.levels_b, "a level is out of range");
    const auto [found, is_new] = numbers.try_emplace({data.a[i], data.b[i]}, numbers.size());
    if (is_new) gathered.cells.push_back({data.a[i], data.b[i], 0, 0});
    gathered.cell_of.push_back(found->second);
  }
  require(!gathered.cells.empty(), "no value");
  gathered.first = data.values.front();
  std::vector<double> shifted(data.values.begin(), data.values.end());
  for (double& value : shifted) value -= gathered.first;
  const auto groups = summarize_groups({shifted, gathered.cell_of, gathered.cells.size()});
  for (std::size_t i = 0; i < groups.size(); ++i) {
    gathered.cells[i].n = static_cast<double>(groups[i].n);
    gathered.cells[i].mean = groups[i].mean;
  }
  gathered.pure_df = data.values.size() - gathered.cells.size();
  if (gathered.cells.size() > 1) gathered.pure_ss = one_way({shifted, gathered.cell_of, gathered.cells.size()}).ss_within;
  return gathered;
}

/// Sum-to-zero contrasts of a factor: column j is 1 at level j, -1 at the last, else 0. They span the same as any other coding.
template <class Level>
Columns contrasts(const Cells& cells, std::size_t levels, Level&& level) {
  Columns columns(levels - 1, std::vector<double>(cells.cells.size(), 0.0));
  for (std::size_t i = 0; i < cells.cells.size(); ++i) {
    const std::size_t at = level(cells.cells[i]);
    for (std::size_t j = 0; j + 1 < levels; ++j) columns[j][i] = at == j ? 1 : at + 1 == levels ? -1 : 0;
  }
  return columns;
}

struct Design {
  Columns constant, a, b, interaction;
  std::vector<double> y;
  double pure_ss = 0;

  const Columns& columns(Term term) const { return term == Term::a ? a : term == Term::b ? b : interaction; }
};

/// Cells weighted by the square root of their counts: least squares on them is least squares on the values.
Design make_design(const CrossedData& data, const Cells& cells, bool interaction) {
  Design design;
  design.constant.emplace_back(cells.cells.size(), 1.0);
  design.a = contrasts(cells, data.levels_a, [](const Cell& cell) { return cell.a; });
  design.b = contrasts(cells, data.levels_b, [](const Cell& cell) { return cell.b; });
  if (interaction) {
    for (const auto& first : design.a) {
      for (const auto& second : design.b) {
        design.interaction.emplace_back(first);
        for (std::size_t i = 0; i < second.size(); ++i) design.interaction.back()[i] *= second[i];
      }
    }
  }
  for (const Cell& cell : cells.cells) design.y.push_back(cell.mean * std::sqrt(cell.n));
  for (Columns* part : {&design.constant, &design.a, &design.b, &design.interaction}) {
    for (auto& column : *part) {
      for (std::size_t i = 0; i < column.size(); ++i) column[i] *= std::sqrt(cells.cells[i].n);
    }
  }
  design.pure_ss = cells.pure_ss;
  return design;
}

struct Increment {
  double ss = 0;
  std::size_t df = 0;
};

/// What the last of these terms adds to the constant and the terms before it.
Increment increment(const Design& design, std::initializer_list<Term> terms) {
  Columns columns = design.constant;
  for (const Term term : terms) columns.insert(columns.end(), design.columns(term).begin(), design.columns(term).end());
  const SequentialFit fit = fit_sequentially(columns, design.y);
  Increment added;
  const std::size_t last = design.columns(*std::rbegin(terms)).size();
  for (std::size_t i = columns.size() - last; i < columns.size(); ++i) {
    if (!fit.squares[i]) continue;
    added.ss += *fit.squares[i];
    ++added.df;
  }
  return added;
}

struct Residual {
  double ss = 0;
  std::size_t df = 0;
  std::vector<double> of_cells;  ///< each cell's mean less the model, times the root of its count
};

Residual residual_of(const Design& design, std::size_t values) {
  Columns columns = design.constant;
  for (const Term term : {Term::a, Term::b, Term::interaction})
    columns.insert(columns.end(), design.columns(term).begin(), design.columns(term).end());
  const SequentialFit fit = fit_sequentially(columns, design.y);
  const auto rank = static_cast<std::size_t>(
      std::count_if(fit.squares.begin(), fit.squares.end(), [](const std::optional<double>& each) { return each.has_value(); }));
  double largest = 0;
  for (const double value : design.y) largest = std::max(largest, std::fabs(value));
  // Where the model fits all cells, what is left is rounding, and an F from it would be noise.
  const double rounding = 64 * std::numeric_limits<double>::epsilon() * largest;
  const bool exact = rank == design.y.size() || fit.residual_ss <= static_cast<double>(design.y.size()) * rounding * rounding;
  return {design.pure_ss + (exact ? 0 : fit.residual_ss), values - rank, fit.residuals};
}

TermTest test(Term term, const Increment& added, const Residual& residual) {
  TermTest result;
  result.term = term;
  result.ss = added.ss;
  result.df = added.df;
  if (result.ss + residual.ss > 0) result.partial_eta_squared = result.ss / (result.ss + residual.ss);
  if (result.df == 0) return result;
  result.ms = result.ss / static_cast<double>(result.df);
  if (residual.df == 0 || !(residual.ss > 0)) return result;
  result.f = *result.ms / (residual.ss / static_cast<double>(residual.df));
  result.p = f_upper_p(*result.f, static_cast<double>(result.df), static_cast<double>(residual.df));
  return result;
}

// ---- adjusted means of the additive model ----

/// Means of one factor's levels, from the additive fit in sum-to-zero contrasts: constant + effect, whose covariances follow from the
/// coefficients'.
struct Adjusted {
  std::vector<AdjustedMean> means;
  std::vector<PairComparison> pairs;
};

/// @param first  the place of the factor's first contrast among the coefficients; the constant is at 0
Adjusted adjusted_of(const LinearModel& model, std::size_t first, std::size_t levels, double offset, std::span<const std::size_t> codes,
                     double confidence) {
  const std::size_t p = model.coefficients.size();
  // Each level's combination of coefficients: the last level's effect is minus the sum of the others.
  const auto weight = [&](std::size_t level, std::size_t j) -> double {
    if (j < first || j >= first + levels - 1) return 0;
    if (level + 1 == levels) return -1;
    return j == first + level ? 1 : 0;
  };
  const auto variance = [&](const std::vector<double>& combination) {
    double sum = 0;
    for (std::size_t i = 0; i < p; ++i) {
      if (combination[i] == 0) continue;
      for (std::size_t j = 0; j < p; ++j) sum += combination[i] * combination[j] * model.covariance[i * p + j];
    }
    return sum;
  };
  Adjusted adjusted;
  adjusted.means.resize(levels);
  for (const std::size_t code : codes) ++adjusted.means[code].n;
  std::vector<std::vector<double>> combinations(levels, std::vector<double>(p, 0.0));
  std::vector<double> means;
  const double factor = t_two_sided_quantile(confidence, static_cast<double>(model.degrees_of_freedom));
  for (std::size_t level = 0; level < levels; ++level) {
    double value = offset;
    for (std::size_t j = 0; j < p; ++j) {
      combinations[level][j] = j == 0 ? 1 : weight(level, j);
      value += combinations[level][j] * model.coefficients[j];
    }
    AdjustedMean& mean = adjusted.means[level];
    mean.mean = value;
    mean.standard_error = std::sqrt(variance(combinations[level]));
    mean.interval = Interval{value - factor * *mean.standard_error, value + factor * *mean.standard_error};
    means.push_back(value);
  }
  std::vector<double> standard_errors;
  for (std::size_t a = 0; a < levels; ++a) {
    for (std::size_t b = a + 1; b < levels; ++b) {
      std::vector<double> difference(p);
      for (std::size_t j = 0; j < p; ++j) difference[j] = combinations[a][j] - combinations[b][j];
      standard_errors.push_back(std::sqrt(variance(difference)));
    }
  }
  adjusted.pairs = compare_pairs(means, standard_errors, model.degrees_of_freedom, confidence);
  return adjusted;
}

void add_adjusted(TwoWay& result, const CrossedData& data, const Cells& cells, const Design& design, double confidence) {
  // The fit on cells has the right coefficients; its residual must be that of all values.
  if (design.y.size() <= 1 + design.a.size() + design.b.size()) return;
  Columns columns = design.constant;
  columns.insert(columns.end(), design.a.begin(), design.a.end());
  columns.insert(columns.end(), design.b.begin(), design.b.end());
  LinearModel model = fit_linear(columns, design.y);
  const double cell_variance = model.residual_ss / static_cast<double>(model.degrees_of_freedom);
  if (!(cell_variance > 0) || !(result.residual_ss > 0)) return;
  const double ratio = *result.residual_ms / cell_variance;
  for (double& value : model.covariance) value *= ratio;
  model.degrees_of_freedom = result.residual_df;
  Adjusted a = adjusted_of(model, 1, data.levels_a, cells.first, data.a, confidence);
  Adjusted b = adjusted_of(model, data.levels_a, data.levels_b, cells.first, data.b, confidence);
  result.adjusted_a = std::move(a.means);
  result.pairs_a = std::move(a.pairs);
  result.adjusted_b = std::move(b.means);
  result.pairs_b = std::move(b.pairs);
}

}  // namespace

TwoWay two_way(const CrossedData& data, bool interaction, double confidence) {
  require(data.levels_a >= 2 && data.levels_b >= 2, "a factor with fewer than two levels");
  const Cells cells = gather(data);
  TwoWay result;
  result.n = data.values.size();
  result.cells = cells.cells.size();
  result.empty_cells = data.levels_a * data.levels_b - result.cells;
  result.interaction = interaction;
  if (interaction && cells.pure_df == 0) {
    throw Error(ErrorCode::input, "no combination of the two factors has two values, so an interaction cannot be told from chance",
                "leave the interaction out, or measure again");
  }
  const Design design = make_design(data, cells, interaction);
  const Residual residual = residual_of(design, result.n);
  if (residual.df == 0) {
    throw Error(ErrorCode::input, "the two factors leave no degree of freedom for the residual",
                "more rows are needed, or one factor alone");
  }
  result.residual_ss = residual.ss;
  result.residual_df = residual.df;
  result.residual_ms = residual.ss / static_cast<double>(residual.df);

  for (std::size_t i = 0; i < data.values.size(); ++i) {
    const std::size_t cell = cells.cell_of[i];
    result.residuals.push_back(data.values[i] - cells.first - cells.cells[cell].mean +
                               residual.of_cells[cell] / std::sqrt(cells.cells[cell].n));
  }

  const Increment a_first = increment(design, {Term::a}), b_beyond_a = increment(design, {Term::a, Term::b});
  const Increment a_beyond_b = increment(design, {Term::b, Term::a});
  result.type_1 = {test(Term::a, a_first, residual), test(Term::b, b_beyond_a, residual)};
  result.type_2 = {test(Term::a, a_beyond_b, residual), test(Term::b, b_beyond_a, residual)};
  if (a_beyond_b.df == 0 || b_beyond_a.df == 0) {
    throw Error(ErrorCode::input,
                "one of the two factors says nothing beyond the other: each level of one meets a single level of the other",
                "test them one at a time");
  }
  result.total_ss = a_first.ss + b_beyond_a.ss + residual.ss;
  if (interaction) {
    const Increment both = increment(design, {Term::a, Term::b, Term::interaction});
    result.total_ss += both.ss;
    result.type_1.push_back(test(Term::interaction, both, residual));
    result.type_2.push_back(test(Term::interaction, both, residual));
    if (result.empty_cells > 0) {
      result.type_3_refused =
          "Type III asks for the mean of every combination, and " + std::to_string(result.empty_cells) + " of them have no value";
    } else {
      result.type_3 = {test(Term::a, increment(design, {Term::b, Term::interaction, Term::a}), residual),
                       test(Term::b, increment(design, {Term::a, Term::interaction, Term::b}), residual),
                       test(Term::interaction, both, residual)};
    }
  } else {
    // Without interaction each term stands beyond all others in type II already.
    result.type_3 = result.type_2;
  }
  if (result.total_ss > 0) result.r_squared = 1 - residual.ss / result.total_ss;
  const bool connected = a_beyond_b.df + 1 == data.levels_a && b_beyond_a.df + 1 == data.levels_b;
  if (!interaction && connected) add_adjusted(result, data, cells, design, confidence);
  return result;
}

}  // namespace inferometer::stats

/// Analyse variance by two factors, balanced or not, with or without interaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stats/post_hoc.h"
#include "stats/sample.h"

namespace inferometer::stats {

/// Values with their levels of two factors. A view. Every level of each factor has a value; combinations may have none.
struct CrossedData {
  std::span<const double> values;
  std::span<const std::size_t> a, b;  ///< levels, as long as values
  std::size_t levels_a = 0, levels_b = 0;
};

enum class Term : std::uint8_t { a, b, interaction };

struct TermTest {
  Term term = Term::a;
  double ss = 0;
  std::size_t df = 0;                         ///< what the data can tell of the term; 0: nothing that another does not say as well
  std::optional<double> ms, f, p;             ///< nullopt: df is 0, or nothing varies beyond the model
  std::optional<double> partial_eta_squared;  ///< SS / (SS + residual SS)
};

/// A level's mean with the other factor held equal: the average of the model's predictions over the other factor's levels, all weighted
/// alike.
struct AdjustedMean {
  std::size_t n = 0;
  std::optional<double> mean, standard_error;  ///< nullopt: the level cannot be compared with the others
  std::optional<Interval> interval;
};

struct TwoWay {
  std::size_t n = 0, cells = 0, empty_cells = 0;
  bool interaction = false;
  std::vector<TermTest> type_1;  ///< in order: a, then b beyond a, then the interaction
  std::vector<TermTest> type_2;  ///< a beyond b, b beyond a, then the interaction
  std::vector<TermTest> type_3;  ///< each beyond all others, sum-to-zero contrasts; empty where refused
  std::string type_3_refused;    ///< the reason, when it was
  double residual_ss = 0;
  std::size_t residual_df = 0;
  std::optional<double> residual_ms;
  std::optional<double> r_squared;  ///< nullopt: all values equal
  double total_ss = 0;
  std::vector<double> residuals;  ///< in the order of the values
  /// Of the additive model, and only where every level can be compared with every other; else empty.
  std::vector<AdjustedMean> adjusted_a, adjusted_b;
  std::vector<PairComparison> pairs_a, pairs_b;
};

/// Values are first gathered in cells: weighted means and the squares within, which carry everything that these models ask. So the cost
/// depends on the number of cells, not of values. Type I, II, III as SAS and SPSS name them.
/// Throws Error{input} with the reason: no degree of freedom left for the residual (with interaction: no cell with two values), or a
/// factor that says nothing beyond the other. Throws Error{internal} for codes out of range and values that are not finite. Pure; any
/// thread.
TwoWay two_way(const CrossedData& data, bool interaction, double confidence = 0.95);

}  // namespace inferometer::stats

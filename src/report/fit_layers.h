/// Draw fitted curves into a panel.
#pragma once

#include <string>
#include <vector>

#include "report/chart_names.h"
#include "report/figure.h"
#include "stats/curve_fit.h"

namespace inferometer::report {

/// What a fit added: said in the caption, or why there is no curve.
struct FitOutcome {
  std::string sentence;
};

/// Add the curve of `spec` through the points to the panel: a line, its bands behind, a note with formula and R squared.
/// @param name   of the series that is fitted; empty: of the whole panel
/// Data that allow no fit (too few points, no convergence) leave the panel without a curve, and the sentence says why. Throws
/// Error{usage} for an unknown model.
FitOutcome add_fit(Panel& panel, const FitSpec& spec, const std::vector<double>& x, const std::vector<double>& y, const std::string& name,
                   ColorIndex color);

/// Add a curve that is fitted already, from the least to the largest x, with bands at its own confidence; no sentence.
/// @param x, y  what it was fitted to
void add_fitted_curve(Panel& panel, const stats::CurveFit& fit, bool bands, const std::vector<double>& x, const std::vector<double>& y,
                      const std::string& name, ColorIndex color);

/// Throws Error{usage} with the nearest name for a model that add_fit() does not know.
void check_fit_model(const FitSpec& spec);

}  // namespace inferometer::report

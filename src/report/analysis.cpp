#include "report/analysis.h"

#include <utility>

#include "base/error.h"
#include "report/analysis_fields.h"

namespace inferometer::report {
namespace {

using Analysis = AnalysisResult (*)(const AnalysisSpec&, const Frame&);

constexpr std::pair<std::string_view, Analysis> kAnalyses[] = {
    {"anova", analyze_anova},         {"fit", analyze_fit},         {"cluster", analyze_cluster},
    {"correlate", analyze_correlate}, {"predict", analyze_predict},
};

}  // namespace

AnalysisResult analyze(const AnalysisSpec& spec, const Frame& frame) {
  check_spec(spec);
  for (const auto& [name, function] : kAnalyses) {
    if (name == spec.type) return function(spec, frame);
  }
  throw Error(ErrorCode::internal, "no function for the analysis " + spec.type);
}

}  // namespace inferometer::report

#include "report/analysis_text.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace inferometer::report {
namespace {

constexpr double kSmallest = 1e-10;

}  // namespace

std::string p_text(std::optional<double> p) {
  if (!p) return "-";
  if (*p < kSmallest) return "< 1e-10";
  return *p < 1e-4 ? fmt::format("{:.1e}", *p) : fmt::format("{:.4f}", *p);
}

std::string p_phrase(double p) { return p < kSmallest ? "p < 1e-10" : "p = " + p_text(p); }

std::string percent_text(double confidence) { return fmt::format("{:.6g}", confidence * 100); }

nlohmann::ordered_json json_of(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

}  // namespace inferometer::report

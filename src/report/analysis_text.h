/// Write figures of tests as JSON and for people.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace inferometer::report {

/// A p for people: "0.0092", "p < 1e-10" style below: "< 1e-10"; "-" for none.
std::string p_text(std::optional<double> p);
/// "p = 0.0092", "p < 1e-10".
std::string p_phrase(double p);
/// 95 for 0.95, with the digits that it needs.
std::string percent_text(double confidence);

/// null for none and for what is no finite number.
nlohmann::ordered_json json_of(std::optional<double> value);

}  // namespace inferometer::report

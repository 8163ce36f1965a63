/// List the members of an AnalysisSpec once, for the command line, for study files and for the check of what a type uses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "report/analysis.h"

namespace inferometer::report {

/// Which member a field sets; its type says what a study file may give for it.
using AnalysisMember = std::variant<std::string AnalysisSpec::*,                  // text
                                    bool AnalysisSpec::*,                         // flag
                                    std::vector<std::string> AnalysisSpec::*,     // one text or a list
                                    std::optional<std::int64_t> AnalysisSpec::*,  // whole number
                                    std::uint64_t AnalysisSpec::*,                // whole number
                                    double AnalysisSpec::*>;                      // number

/// The types of analysis, as bits.
enum AnalysisTypes : unsigned { kAnova = 1, kFit = 2, kCluster = 4, kCorrelate = 8, kPredict = 16 };

struct AnalysisField {
  std::string_view key;     ///< of a study's [[analysis]]: "factors"
  std::string_view option;  ///< "--factor"; a flag that turns off what is on begins with "--no-"
  AnalysisMember member;
  unsigned used_by;      ///< AnalysisTypes
  unsigned required_by;  ///< AnalysisTypes
  bool is_column;        ///< holds names of columns
  std::string_view value_name;
  std::string_view description;  ///< one line, for --help
};

/// All of them but `type`, in the order of --help.
std::span<const AnalysisField> analysis_fields();

/// The bit of a type's name; 0 for an unknown one.
unsigned analysis_type(std::string_view name);
const std::vector<std::string>& analysis_type_names();

/// The fields that a type uses (`type` and `where` apart): the keys that a study file may hold in it.
std::vector<const AnalysisField*> analysis_fields_of(std::string_view type);

/// The columns that a type's fields name, without empty ones; an unknown type has none.
std::vector<std::string> analysis_columns(const AnalysisSpec& spec);

/// Throws Error{usage} for an unknown type, for a member that the type needs and that is empty, for one that it does not use and
/// that is not as AnalysisSpec leaves it, and for a confidence outside (0, 1). `called` says how a field is called there: its key or its
/// option.
void check_spec(const AnalysisSpec& spec, std::string_view AnalysisField::*called = &AnalysisField::key);

/// A spec from a study's [[analysis]] as JSON ("where" is the caller's and passed over). Throws Error{usage} as check_spec() does, and
/// for an unknown key or a value of the wrong type.
AnalysisSpec analysis_spec(std::string_view json);

}  // namespace inferometer::report

#include "cli/run_options.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/run_fields.h"

namespace inferometer::cli {

void add_run_options(CLI::App& app, RunOptions& options, const std::vector<std::string_view>& names) {
  for (const RunField& field : run_fields()) {
    if (!names.empty() && std::find(names.begin(), names.end(), field.option) == names.end()) continue;
    const bool repeatable = field.kind == FieldKind::texts || field.kind == FieldKind::integers || field.kind == FieldKind::numbers ||
                            field.kind == FieldKind::shapes;
    const std::string name(field.option);
    CLI::Option* option = app.add_option_function<std::vector<std::string>>(
        name, [&options, name](const std::vector<std::string>& texts) { options.given[name] = texts; }, std::string(field.description));
    option->type_name(std::string(field.value_name))->expected(1)->allow_extra_args(false)->group("What to measure");
    option->multi_option_policy(repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  }
}

void apply_run_options(const RunOptions& options, measure::RunSpec& spec) {
  for (const RunField& field : run_fields()) {
    const auto found = options.given.find(std::string(field.option));
    if (found == options.given.end()) continue;
    if (field.kind == FieldKind::shapes) spec.shapes.clear();
    field.set(spec, join(found->second, ","), field.option);
  }
}

measure::RunSpec run_spec(const RunOptions& options) {
  measure::RunSpec spec;
  apply_run_options(options, spec);
  return spec;
}

}  // namespace inferometer::cli

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/open_store.h"
#include "cli/print_analysis.h"
#include "cli/subcommands.h"
#include "report/analysis.h"
#include "report/analysis_fields.h"
#include "report/frame.h"
#include "report/frame_where.h"
#include "report/network_columns.h"

namespace inferometer::cli {
namespace {

using report::AnalysisField;
using report::AnalysisSpec;

struct Analysis {
  const char* type;
  const char* description;
  const char* example;
};

constexpr Analysis kAnalyses[] = {
    {"anova", "Whether means differ: analysis of variance by one or two factors, with every pair",
     "inferometer analyze anova --csv published/modeltest_colab_latency.csv --response ms_per_image --log --factor batch,model"},
    {"fit", "What curve describes a cloud of points: six models with confidence and prediction bands, envelopes, two lines",
     "inferometer analyze fit --x gmacs --y top1 --model logarithmic --where 'batch=1'"},
    {"cluster", "Which rows lie near each other: k-means, Ward's hierarchy, centroids of groups",
     "inferometer analyze cluster --csv published/modelscomparison_colab_latency.csv --columns ms_per_image --group batch"},
    {"correlate", "How columns go together: Pearson, Spearman, Kendall",
     "inferometer analyze correlate --columns gmacs,parameters,per_image_ms --method spearman --where 'batch=1'"},
    {"predict", "How well cost predicts time: a regression on features, with each net and each family held out in turn",
     "inferometer analyze predict --response per_image_ms --features weight_layers,macs,activations --where 'batch=1 and engine=openvino'"},
};

struct AnalyzeOptions {
  std::string csv, join, where, source;
  AnalysisSpec spec;
};

// ---- options: one for each member that the type uses ----

CLI::Option* add_member(CLI::App& command, const AnalysisField& field, std::string& member) {
  return command.add_option(std::string(field.option), member, std::string(field.description));
}
CLI::Option* add_member(CLI::App& command, const AnalysisField& field, bool& member) {
  const bool turned_off = field.option.starts_with("--no-");
  return command.add_flag_callback(
      std::string(field.option), [&member, turned_off] { member = !turned_off; }, std::string(field.description));
}
CLI::Option* add_member(CLI::App& command, const AnalysisField& field, std::vector<std::string>& member) {
  const std::string option(field.option);
  const auto set = [&member, option](const std::vector<std::string>& texts) { member = parse_words(join(texts, ","), option); };
  return command.add_option_function<std::vector<std::string>>(option, set, std::string(field.description))
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}
CLI::Option* add_member(CLI::App& command, const AnalysisField& field, std::optional<std::int64_t>& member) {
  const std::string option(field.option);
  const auto set = [&member, option](const std::string& text) { member = parse_limited_integer(text, {1, 1'000'000}, option); };
  return command.add_option_function<std::string>(option, set, std::string(field.description));
}
CLI::Option* add_member(CLI::App& command, const AnalysisField& field, std::uint64_t& member) {
  const std::string option(field.option);
  const auto set = [&member, option](const std::string& text) {
    member = static_cast<std::uint64_t>(parse_limited_integer(text, {0, std::int64_t{1} << 53}, option));
  };
  return command.add_option_function<std::string>(option, set, std::string(field.description));
}
CLI::Option* add_member(CLI::App& command, const AnalysisField& field, double& member) {
  const std::string option(field.option);
  const auto set = [&member, option](const std::string& text) { member = parse_limited_number(text, 0, 1, option); };
  return command.add_option_function<std::string>(option, set, std::string(field.description));
}

// ---- what is analysed, and what is printed ----

/// Of a prediction, what the zoo knows of the rows' networks and the table does not say.
void add_features(report::Frame& frame, const AnalysisSpec& spec) {
  if (spec.type != "predict") return;
  std::set<std::string> wanted(spec.features.begin(), spec.features.end());
  wanted.insert(spec.family);
  report::add_network_columns(frame, spec.net, wanted);
}

report::Frame read_frame(const AnalyzeOptions& options, const Context& context) {
  if (!options.csv.empty()) {
    report::Frame frame = report::frame_of(read_csv(options.csv));
    if (!options.join.empty()) frame = report::joined(frame, report::frame_of(read_csv(options.join)));
    add_features(frame, options.spec);
    return options.where.empty() ? frame : frame.filtered(report::rows_where(frame, options.where));
  }
  store::Query query;
  if (!options.where.empty()) query.where = store::parse_where(options.where);
  if (!options.source.empty()) query.source = options.source;
  std::vector<measure::Row> rows;
  for (store::StoredRow& stored : open_existing(context.database).rows(query)) rows.push_back(std::move(stored.row));
  report::Frame frame = report::frame_of(rows);
  frame.name = context.database;
  add_features(frame, options.spec);
  return frame;
}

void run_analysis(const AnalyzeOptions& options, const Context& context) {
  report::check_spec(options.spec, &AnalysisField::option);
  print(report::analyze(options.spec, read_frame(options, context)), context);
}

void add_analysis(CLI::App& parent, const Analysis& analysis, const Context& context) {
  CLI::App* command = parent.add_subcommand(analysis.type, analysis.description);
  const auto options = std::make_shared<AnalyzeOptions>();
  options->spec.type = analysis.type;
  CLI::Option* csv = command->add_option("--csv", options->csv, "Analyse this file, in place of the store")->type_name("FILE");
  command->add_option("--join", options->join, "With --csv: also the columns of this file, by the columns that both have")
      ->type_name("FILE")
      ->needs(csv);
  command->add_option("--where", options->where, "Only these rows: 'engine=torch and batch>=8'")->type_name("CONDITIONS");
  command->add_option("--source", options->source, "Only rows of this source: measured, or an import's name")
      ->type_name("NAME")
      ->excludes(csv);
  for (const AnalysisField* field : report::analysis_fields_of(analysis.type)) {
    CLI::Option* option = std::visit([&](auto member) { return add_member(*command, *field, options->spec.*member); }, field->member);
    if (!field->value_name.empty()) option->type_name(std::string(field->value_name));
  }
  command->footer(example_footer(analysis.example));
  command->callback([options, &context] { run_analysis(*options, context); });
}

}  // namespace

void add_analyze(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("analyze", "Statistics on the store or on any CSV file");
  command->require_subcommand(1);
  command->fallthrough();
  for (const Analysis& analysis : kAnalyses) add_analysis(*command, analysis, context);
  command->footer(example_footer(kAnalyses[0].example));
}

}  // namespace inferometer::cli

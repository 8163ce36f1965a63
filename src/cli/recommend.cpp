#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "charts/drawing.h"
#include "cli/context.h"
#include "cli/lists.h"
#include "cli/open_store.h"
#include "cli/print_analysis.h"
#include "cli/subcommands.h"
#include "report/choice_rows.h"
#include "report/frame_where.h"
#include "report/recommend.h"
#include "store/import.h"

namespace inferometer::cli {
namespace {

/// A column whose values an option lists.
struct Filter {
  const char* option;
  const char* column;
  const char* description;
};
constexpr Filter kFilters[] = {
    {"--model", "model", "Only these networks; patterns as in 'resnet*'"},
    {"--engine", "engine", "Only rows of these engines"},
    {"--device", "device", "Only rows of these devices"},
    {"--precision", "precision", "Only rows of these precisions"},
    {"--batch", "batch", "Only these batch sizes: 1,2 or 1-64*2"},
    {"--platform", "platform", "Only rows of these machines; patterns as in 'Jetson*'"},
};

struct RecommendOptions {
  std::vector<std::string> csv;
  std::string where, source, predicted, figure;
  std::array<std::string, std::size(kFilters)> filters;
  report::RecommendSpec spec;
};

std::vector<measure::Row> stored_rows(const RecommendOptions& options, const Context& context) {
  store::Query query;
  if (!options.source.empty()) query.source = options.source;
  std::vector<measure::Row> rows;
  for (store::StoredRow& stored : open_existing(context.database).rows(query)) rows.push_back(std::move(stored.row));
  return rows;
}

void add_file(std::vector<measure::Row>& rows, const std::string& file, const store::ImportOptions& import = {}) {
  for (measure::Row& row : store::read_import(file, import).rows) rows.push_back(std::move(row));
}

/// What `predict --format csv` calls a row's figures, where the file is of that kind.
store::ImportOptions import_of_predictions(const std::string& file) {
  static constexpr std::pair<const char*, const char*> kNames[] = {{"latency_median_ms", "predicted_latency_ms"},
                                                                   {"latency_median_low_ms", "predicted_latency_low_ms"},
                                                                   {"latency_median_high_ms", "predicted_latency_high_ms"},
                                                                   {"per_image_ms", "predicted_per_image_ms"},
                                                                   {"images_per_s", "predicted_images_per_s"},
                                                                   {"peak_memory_mb", "predicted_peak_memory_mb"}};
  store::ImportOptions import{.columns = {}, .source = std::string(report::kPredicted)};
  const CsvTable table = read_csv(file);
  for (const auto& [column, predicted] : kNames) {
    if (std::find(table.header.begin(), table.header.end(), predicted) != table.header.end()) import.columns[column] = predicted;
  }
  return import;
}

report::Frame rows_of(const RecommendOptions& options, const Context& context) {
  std::vector<measure::Row> rows;
  std::vector<std::string> names = options.csv;
  std::error_code ignored;
  if (names.empty() && !options.predicted.empty() && context.database == kDefaultDatabase &&
      !std::filesystem::exists(context.database, ignored)) {
    context.say(fmt::format("{}: there is no store here, so predictions are all there is", context.database));
  } else if (names.empty()) {
    rows = stored_rows(options, context);
    names.push_back(context.database);
  }
  for (const std::string& file : options.csv) add_file(rows, file);
  if (!options.predicted.empty()) {
    add_file(rows, options.predicted, import_of_predictions(options.predicted));
    names.push_back(options.predicted + " (predicted)");
  }
  report::Frame frame = report::choice_rows(std::move(rows));
  frame.name = join(names, ", ");
  return frame;
}

/// Whether a cell is one of the words: patterns, without case; for batch sizes whole numbers and ranges.
std::vector<bool> matching(const report::Frame& frame, const Filter& filter, const std::string& list) {
  const std::vector<std::string>& texts = frame.texts(filter.column);
  std::vector<bool> keep;
  if (std::string_view(filter.column) == "batch") {
    const std::vector<std::int64_t> batches = parse_integers(list, kBatchLimits, filter.option);
    const std::set<std::string> wanted = [&] {
      std::set<std::string> all;
      for (const std::int64_t batch : batches) all.insert(std::to_string(batch));
      return all;
    }();
    for (const std::string& text : texts) keep.push_back(wanted.contains(text));
    return keep;
  }
  const std::vector<std::string> words = parse_words(list, filter.option);
  for (const std::string& text : texts) {
    keep.push_back(std::any_of(words.begin(), words.end(), [&](const std::string& word) { return glob_match(lower(word), lower(text)); }));
  }
  return keep;
}

report::Frame chosen_rows(const RecommendOptions& options, report::Frame frame) {
  for (std::size_t i = 0; i < std::size(kFilters); ++i) {
    if (options.filters[i].empty()) continue;
    const std::string name = frame.name;
    const bool had_rows = frame.size() > 0;
    const std::vector<std::string> known = report::levels(frame, kFilters[i].column);
    frame = frame.filtered(matching(frame, kFilters[i], options.filters[i]));
    if (had_rows && frame.size() == 0) {
      throw Error(
          ErrorCode::input,
          fmt::format("{}: no row has the {} {}", kFilters[i].option, kFilters[i].column, one_line(options.filters[i], 60)),
          known.empty() ? fmt::format("{} says no {}", name, kFilters[i].column) : "there are: " + one_line(join(known, ", "), 300));
    }
  }
  return options.where.empty() ? frame : frame.filtered(report::rows_where(frame, options.where));
}

/// Draw the chart as the file's ending says.
void write_figure(const report::AnalysisResult& result, const std::string& file, const Context& context) {
  if (result.charts.empty()) {
    context.say(fmt::format("{} is not written: no rows tell both accuracy and what it costs", file));
    return;
  }
  const std::string svg = charts::Painter().svg(result.charts.front());
  const std::string ending = lower(std::filesystem::path(file).extension().string());
  write_file_atomically(file, ending == ".svg" ? svg : ending == ".png" ? charts::png_of_svg(svg) : charts::pdf_of_svg(svg));
}

void check_figure_name(const std::string& file) {
  const std::string ending = lower(std::filesystem::path(file).extension().string());
  if (file.empty() || ending == ".svg" || ending == ".png" || ending == ".pdf") return;
  throw Error(ErrorCode::usage, fmt::format("--figure: {} ends in none of .svg, .png and .pdf", one_line(file, 200)), "--figure front.png");
}

void run_recommend(const RecommendOptions& options, Context& context) {
  check_figure_name(options.figure);
  const report::Recommendation found = report::recommend(options.spec, chosen_rows(options, rows_of(options, context)));
  if (!options.figure.empty()) write_figure(found.result, options.figure, context);
  print(found.result, context);
  if (!found.found) context.exit_code = 1;
}

}  // namespace

void add_recommend(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("recommend", "The best choice among measured rows under constraints, and what nothing beats");
  const auto options = std::make_shared<RecommendOptions>();
  for (const report::ConstraintField& field : report::constraint_fields()) {
    std::string option = "--" + std::string(field.key);
    std::replace(option.begin(), option.end(), '_', '-');
    const auto set = [options, &field, option](const std::string& text) {
      options->spec.*field.limit = parse_positive_number(text, field.most, option);
    };
    command->add_option_function<std::string>(option, set, std::string(field.description))->type_name("N");
  }
  command->add_option("--prefer", options->spec.prefer, "What the choice has most or least of (default: accuracy)")
      ->check(CLI::IsMember(report::preferences()))
      ->type_name(join(report::preferences(), "|"));
  command->add_option("--accuracy", options->spec.accuracy, "The column that is the accuracy (default: top1, as published)")
      ->check(CLI::IsMember({"top1", "measured_top1"}))
      ->type_name("top1|measured_top1");
  for (std::size_t i = 0; i < std::size(kFilters); ++i) {
    command->add_option(kFilters[i].option, options->filters[i], kFilters[i].description)->type_name("LIST");
  }
  command->add_option("--where", options->where, "Only these rows: 'threads=1 and precision=fp32'")->type_name("CONDITIONS");
  CLI::Option* csv = command->add_option("--csv", options->csv, "Rows of these files, in place of the store: as `import` reads them")
                         ->allow_extra_args(false)
                         ->type_name("FILE");
  command->add_option("--source", options->source, "Only rows of this source: measured, or an import's name")
      ->type_name("NAME")
      ->excludes(csv);
  command
      ->add_option("--predicted", options->predicted,
                   "Also the rows of this CSV file, marked as predictions: what `predict --format csv` prints, or columns as a row's")
      ->type_name("FILE");
  command->add_option("--figure", options->figure, "Also draw accuracy against what it costs: FILE.svg, .png or .pdf")->type_name("FILE");
  command->footer(
      example_footer("inferometer recommend --min-images-per-s 25 --max-memory-mb 512 --min-top1 60\n"
                     "  inferometer recommend --csv published/dd_performances_latency.csv --platform JetsonTX1 --min-images-per-s 25"));
  command->callback([options, &context] { run_recommend(*options, context); });
}

}  // namespace inferometer::cli

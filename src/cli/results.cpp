#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/evaluation_tables.h"
#include "cli/lists.h"
#include "cli/load_tables.h"
#include "cli/open_store.h"
#include "report/layer_tables.h"
#include "report/pivot.h"
#include "report/rows.h"
#include "report/training_tables.h"
#include "cli/subcommands.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

struct ResultsOptions {
  std::string where, pivot, source, limit;
  std::string value;  ///< of --pivot; empty: per_image_ms, of layers time_us
  bool all = false;
  bool samples = false;
  bool evaluations = false;
  bool loads = false;
  bool layers = false;
  bool trainings = false;
};

store::Query query_of(const ResultsOptions& options) {
  store::Query query;
  if (!options.where.empty()) query.where = store::parse_where(options.where);
  query.newest_only = !options.all;
  if (!options.source.empty()) query.source = options.source;
  return query;
}

/// --limit: the newest stand last.
template <typename Rows>
void keep_last(Rows& rows, const std::string& limit_text) {
  if (limit_text.empty()) return;
  const auto limit = static_cast<std::size_t>(parse_limited_integer(limit_text, {1, 1000000000}, "--limit"));
  if (rows.size() > limit) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
}

/// A bare heading does not say whether the store is empty or a filter is wrong. Called when nothing can fail any more.
/// @param what  a line of the table: "row"
void say_if_empty(bool is_empty, const char* what, const ResultsOptions& options, const Context& context) {
  if (!is_empty) return;
  std::vector<std::string> filters;
  if (!options.where.empty()) filters.push_back("--where " + shell_quote(one_line(options.where, 100)));
  if (!options.source.empty()) filters.push_back("--source " + shell_quote(one_line(options.source, 100)));
  context.say(filters.empty() ? fmt::format("{} holds no {}", context.database, what)
                              : fmt::format("no {} of {} matches {}", what, context.database, join(filters, " and ")));
}

/// One line for each request that was kept.
Table samples_table(const store::Store& store, const std::vector<store::StoredRow>& rows) {
  Table table;
  table.columns = {"model", "engine", "engine_settings", "device", "precision", "threads", "batch", "start", "sample", "latency_ns"};
  for (const store::StoredRow& stored : rows) {
    for (const measure::StartRecord& start : store.starts(stored.identity, store.newest_generation(stored.identity))) {
      std::int64_t index = 0;
      for (const std::int64_t sample : start.samples_ns) {
        std::vector<Cell> line;
        for (std::size_t i = 0; i < 7; ++i) line.push_back(report::cell(stored.row, table.columns[i]));
        line.insert(line.end(), {std::int64_t{start.index}, index++, sample});
        table.rows.push_back(std::move(line));
      }
    }
  }
  return table;
}

/// What is not of a row of `run`.
void require_plain(const ResultsOptions& options, const char* option) {
  if (!options.samples && options.pivot.empty() && options.source.empty() && !(options.evaluations && options.loads)) return;
  throw Error(ErrorCode::usage, fmt::format("{}: goes with none of --samples, --pivot, --source and --{}", option,
                                            options.evaluations ? "loads" : "evaluations"));
}

void print_evaluations(const ResultsOptions& options, const Context& context) {
  require_plain(options, "--evaluations");
  store::EvaluationQuery query;
  if (!options.where.empty()) query.where = store::parse_evaluation_where(options.where);
  query.newest_only = !options.all;
  std::vector<measure::EvaluationRow> rows = open_existing(context.database).evaluations(query);
  say_if_empty(rows.empty(), "evaluation", options, context);
  keep_last(rows, options.limit);
  context.write(evaluations_table(rows, context.format()));
}

void print_loads(const ResultsOptions& options, const Context& context) {
  require_plain(options, "--loads");
  store::LoadQuery query;
  if (!options.where.empty()) query.where = store::parse_load_where(options.where);
  query.newest_only = !options.all;
  std::vector<store::LoadRow> rows = open_existing(context.database).loads(query);
  say_if_empty(rows.empty(), "load", options, context);
  keep_last(rows, options.limit);
  context.write(loads_table(rows, context.format()));
}

/// "a,b,c": what goes down, and what goes across.
std::pair<std::string, std::vector<std::string>> pivot_columns(const std::string& text) {
  std::vector<std::string> columns = parse_words(text, "--pivot");
  if (columns.size() < 2) {
    throw Error(ErrorCode::usage, "--pivot: needs a column to go down and one or more to go across", "for example --pivot model,batch");
  }
  const std::string down = columns.front();
  columns.erase(columns.begin());
  return {down, columns};
}

void print_layers(const ResultsOptions& options, const Context& context) {
  if (options.samples || options.evaluations || options.loads || !options.source.empty()) {
    throw Error(ErrorCode::usage, "--layers: goes with none of --samples, --source, --evaluations and --loads");
  }
  store::LayerQuery query;
  if (!options.where.empty()) query.where = store::parse_layer_where(options.where);
  query.newest_only = !options.all;
  std::vector<measure::LayerRow> rows = open_existing(context.database).layers(query);
  const bool is_empty = rows.empty();
  keep_last(rows, options.limit);
  Table table;
  if (options.pivot.empty()) {
    table = report::layers_table(rows, context.format());
  } else {
    const auto columns = pivot_columns(options.pivot);
    table = report::layers_pivot(rows, columns.first, columns.second, options.value.empty() ? "time_us" : options.value);
  }
  say_if_empty(is_empty, "layer", options, context);
  context.write(table);
}

void print_trainings(const ResultsOptions& options, const Context& context) {
  if (options.samples || options.all || options.evaluations || options.loads || options.layers || !options.source.empty() ||
      !options.pivot.empty()) {
    throw Error(ErrorCode::usage,
                "--trainings: goes with none of --all, --samples, --source, --pivot, --evaluations, --loads and --layers");
  }
  store::TrainingQuery query;
  if (!options.where.empty()) query.where = store::parse_training_where(options.where);
  std::vector<train::TrainingRow> rows = open_existing(context.database).epochs(query);
  say_if_empty(rows.empty(), "epoch", options, context);
  keep_last(rows, options.limit);
  context.write(report::epochs_table(rows, context.format()));
}

Table rows_or_pivot(std::vector<store::StoredRow> stored, const ResultsOptions& options, const Context& context) {
  std::vector<measure::Row> rows;
  for (store::StoredRow& each : stored) rows.push_back(std::move(each.row));
  if (options.pivot.empty()) return report::rows_table(rows, context.format());
  report::PivotRequest request;
  const auto columns = pivot_columns(options.pivot);
  request.down = {columns.first};
  request.across = columns.second;
  if (!options.value.empty()) request.value = options.value;
  return report::pivot(rows, request, context.format());
}

void print_results(const ResultsOptions& options, const Context& context) {
  if (options.trainings) return print_trainings(options, context);
  if (options.layers) return print_layers(options, context);
  if (options.evaluations) return print_evaluations(options, context);
  if (options.loads) return print_loads(options, context);
  if (options.samples && (options.all || !options.pivot.empty())) {
    throw Error(ErrorCode::usage, "--samples: goes with neither --all nor --pivot", "samples are those of the newest rows");
  }
  const store::Query query = query_of(options);
  const store::Store store = open_existing(context.database);
  std::vector<store::StoredRow> stored = store.rows(query);
  const bool is_empty = stored.empty();
  keep_last(stored, options.limit);
  const Table table = options.samples ? samples_table(store, stored) : rows_or_pivot(std::move(stored), options, context);
  say_if_empty(is_empty, "row", options, context);
  context.write(table);
}

}  // namespace

void add_results(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("results", "Show rows of the store");
  const auto options = std::make_shared<ResultsOptions>();
  command->add_option("--where", options->where, "Comparisons joined by and: 'model=resnet18 and batch>=8'")->type_name("CONDITIONS");
  CLI::Option* pivot =
      command->add_option("--pivot", options->pivot, "The first column goes down, the others across")->type_name("A,B[,C]");
  command->add_option("--value", options->value, "The figure of --pivot (default: per_image_ms; with --layers time_us)")
      ->type_name("COLUMN")
      ->needs(pivot);
  command->add_option("--source", options->source, "Only rows of this source: measured, or an import's name")->type_name("NAME");
  command->add_option("--limit", options->limit, "Only the last N rows")->type_name("N");
  command->add_flag("--all", options->all, "Also rows that a newer one of the same entry replaces");
  command->add_flag("--evaluations", options->evaluations, "What `evaluate` counted, in place of measured rows");
  command->add_flag("--loads", options->loads, "What `load` measured of servers, in place of measured rows");
  command->add_flag("--layers", options->layers, "What `run --layers` timed, in place of measured rows");
  command->add_flag("--trainings", options->trainings, "The epochs of what `train` trained, in place of measured rows");
  command->add_flag("--samples", options->samples, "Every kept request, in place of rows");
  command->footer(
      example_footer("inferometer results --where 'model=resnet18 and batch>=8' --pivot engine,batch --value per_image_ms\n"
                     "  inferometer results --layers --where model=resnet18 --pivot layer,engine"));
  command->callback([options, &context] { print_results(*options, context); });
}

}  // namespace inferometer::cli

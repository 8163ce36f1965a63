#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/open_store.h"
#include "cli/stopped.h"
#include "cli/study.h"
#include "cli/study_selection.h"
#include "cli/subcommands.h"
#include "report/page.h"
#include "report/store_plan.h"
#include "report/study_report.h"
#include "store/store.h"

namespace inferometer::cli {
namespace {

struct ReportCommand {
  std::string study_path, folder, where;
  bool published = false;
  std::vector<std::string> only;
  std::int64_t threads = 0;  ///< 0: one for each core
};

void check(const ReportCommand& command) {
  if (!command.published) return;
  if (command.study_path.empty()) {
    throw Error(ErrorCode::usage, "--published: draws what a study published, and no study is named",
                "inferometer report studies/model_test.toml --published -o DIR");
  }
  if (!command.where.empty()) throw Error(ErrorCode::usage, "--where: chooses measured rows, and --published draws none");
}

std::vector<measure::Row> stored_rows(const ReportCommand& command, const Context& context) {
  store::Query query;
  if (!command.where.empty()) query.where = store::parse_where(command.where);
  std::vector<measure::Row> rows;
  for (store::StoredRow& stored : open_existing(context.database).rows(query)) rows.push_back(std::move(stored.row));
  return in_reading_order(std::move(rows));
}

/// Layers of the entries that these rows are of.
std::vector<measure::LayerRow> layers_of(const std::vector<measure::Row>& rows, const Context& context) {
  const auto key = [](const auto& row) {
    return std::tuple(row.model, row.model_sha256, row.engine, row.engine_settings, row.precision_requested, row.threads, row.batch,
                      row.platform);
  };
  std::set<decltype(key(measure::Row{}))> wanted;
  for (const measure::Row& row : rows) wanted.insert(key(row));
  std::vector<measure::LayerRow> layers = open_existing(context.database).layers({});
  std::erase_if(layers, [&](const measure::LayerRow& layer) { return !wanted.contains(key(layer)); });
  return layers;
}

/// Epochs of the latest trainings: more are not told apart in one figure.
std::vector<train::TrainingRow> latest_trainings(const Context& context) {
  constexpr std::size_t kMost = 12;
  std::vector<train::TrainingRow> rows = open_existing(context.database).epochs({});
  std::size_t trainings = 0;
  for (std::size_t i = rows.size(); i-- > 0;) {
    if (i + 1 < rows.size() && rows[i].training == rows[i + 1].training) continue;
    if (++trainings > kMost) {
      rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i + 1));
      break;
    }
  }
  return rows;
}

report::Report study_report(const ReportCommand& command, const Context& context) {
  const Study study = read_study(command.study_path);
  std::vector<measure::Row> rows;
  if (!command.published) {
    rows = stored_rows(command, context);
    // A study that runs nothing is about what there is.
    if (!study.runs.empty()) rows = rows_of(select_runs(study, {}), std::move(rows));
    if (rows.empty()) {
      context.say(fmt::format("{} holds no row of this study{}; `inferometer run {}` measures them", context.database,
                              command.where.empty() ? "" : " that fulfils --where", shell_quote(command.study_path)));
    }
  }
  std::vector<measure::AnsweredPictures> pictures;
  if (!command.published) {
    std::vector<EvaluationRequest> requests;
    for (const StudyEvaluation& evaluation : study.evaluations) requests.push_back(evaluation.request);
    pictures = pictures_of(requests, open_existing(context.database).answered_pictures());
  }
  return report::study_report(study.report, rows, rows.empty() ? std::vector<measure::LayerRow>() : layers_of(rows, context), pictures,
                              command.published ? std::vector<train::TrainingRow>() : open_existing(context.database).epochs({}));
}

report::Report store_report(const ReportCommand& command, const Context& context) {
  const std::vector<measure::Row> rows = stored_rows(command, context);
  // --where speaks of measured rows.
  std::vector<train::TrainingRow> trainings;
  if (command.where.empty()) trainings = latest_trainings(context);
  if (rows.empty() && trainings.empty()) {
    throw Error(ErrorCode::input, fmt::format("{}: holds no row{}", context.database, command.where.empty() ? "" : " that fulfils --where"),
                "`inferometer run` measures some");
  }
  const std::vector<measure::LayerRow> layers = layers_of(rows, context);
  return report::study_report(report::store_plan(rows, layers, trainings), rows, layers, {}, trainings);
}

report::WriteOptions write_options(const ReportCommand& command) {
  const auto wanted = [&](const char* part) {
    return command.only.empty() || std::find(command.only.begin(), command.only.end(), part) != command.only.end();
  };
  const auto threads = command.threads > 0 ? static_cast<std::size_t>(command.threads) : std::max(1u, std::thread::hardware_concurrency());
  return {threads, wanted("page"), wanted("figures"), wanted("tables"), interrupt_requested};
}

void make_report(const ReportCommand& command, const Context& context) {
  install_interrupt_handler();
  check(command);
  report::require_report_folder(command.folder);
  const auto write = [&] {
    const report::Report made = command.study_path.empty() ? store_report(command, context) : study_report(command, context);
    return report::write_report(made, command.folder, write_options(command));
  };
  const report::ReportFiles files = told_when_stopped(write, [] { return "nothing of the report was written"; });
  Table table;
  table.columns = {"page", "page_kb", "figures", "tables", "folder"};
  table.rows.push_back({files.page.empty() ? Cell() : Cell(files.page.string()),
                        files.page.empty() ? Cell() : Cell(static_cast<double>(files.page_bytes) / 1000),
                        static_cast<std::int64_t>(files.figures), static_cast<std::int64_t>(files.tables), command.folder});
  context.write(table);
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("report", "Write tables and figures, and one page that shows them all and opens offline");
  const auto state = std::make_shared<ReportCommand>();
  command->add_option("STUDY", state->study_path, "A study file; without it, what the store has")->type_name("STUDY.toml");
  command->add_option("-o,--output", state->folder, "The folder to write: index.html, figures/, tables/; other files there stay")
      ->required()
      ->type_name("DIR");
  command->add_flag("--published", state->published, "Draw the study's published figures alone; needs no store");
  command->add_option("--where", state->where, "Only rows that fulfil this: 'engine=openvino and batch<=8'")->type_name("CONDITIONS");
  command->add_option("--only", state->only, "Write these parts only")
      ->delimiter(',')
      ->check(CLI::IsMember({"page", "figures", "tables"}))
      ->type_name("page|figures|tables");
  command->add_option("--threads", state->threads, "Threads that draw (default: one for each core)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command->footer(
      example_footer("inferometer report studies/quick.toml -o report\n"
                     "  inferometer report studies/model_test.toml --published -o page"));
  command->callback([state, &context] { make_report(*state, context); });
}

}  // namespace inferometer::cli

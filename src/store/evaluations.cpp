#include "store/evaluations.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "store/row_table.h"

namespace inferometer::store {
namespace {

using measure::EvaluationRow;
using measure::Row;

constexpr auto kFields = [](auto&& visit) { measure::for_each_evaluation_field(visit); };

/// What an evaluation and a row must have in common. Imported rows have no model_sha256, so none is theirs.
constexpr const char* kSameSubject =
    "model_sha256 = ? AND engine = ? AND precision = ? AND engine_version = ? AND engine_settings = ? AND device = ? COLLATE NOCASE";

template <typename Subject>
void bind_subject(Statement& statement, int parameter, const Subject& subject) {
  for (const std::string* text :
       {&subject.model_sha256, &subject.engine, &subject.precision, &subject.engine_version, &subject.engine_settings, &subject.device}) {
    statement.bind(parameter++, std::string_view(*text));
  }
}

/// The evaluation that speaks for a subject: of those that passed the one with the most images, then the newest.
template <typename Subject>
bool find_best(const Database& database, const Subject& subject, Row& accuracy) {
  Statement statement = database.prepare(fmt::format(
      "SELECT data, images, top1, top1_low, top1_high, top5, top5_low, top5_high, accuracy_density, accuracy_density_low, "
      "accuracy_density_high FROM evaluations WHERE {} AND status = 'passed' AND images > 0 ORDER BY images DESC, id DESC LIMIT 1",
      kSameSubject));
  bind_subject(statement, 1, subject);
  if (!statement.step()) return false;
  int column = 0;
  const auto read = [&](auto& member) { read_field(statement, column++, database.name(), member); };
  read(accuracy.measured_data);
  read(accuracy.measured_images);
  read(accuracy.measured_top1);
  read(accuracy.measured_top1_low);
  read(accuracy.measured_top1_high);
  read(accuracy.measured_top5);
  read(accuracy.measured_top5_low);
  read(accuracy.measured_top5_high);
  read(accuracy.accuracy_density);
  read(accuracy.accuracy_density_low);
  read(accuracy.accuracy_density_high);
  return true;
}

/// Those of the evaluation that was inserted last.
void insert_pictures(Database& database, const std::vector<measure::PictureAnswer>& pictures) {
  if (pictures.empty()) return;
  const std::int64_t evaluation = database.last_insert_id();
  std::int64_t position = 0;
  for (const measure::PictureAnswer& each : pictures) {
    Statement insert = database.prepare(
        "INSERT INTO evaluation_pictures(evaluation_id, position, picture, label, predicted, right_probability) VALUES (?, ?, ?, ?, ?, ?)");
    insert.with(evaluation, position++, std::string_view(each.picture), each.label, each.predicted, each.right_probability).run();
  }
}

}  // namespace

const std::vector<std::string>& accuracy_columns() {
  static const std::vector<std::string> columns{"measured_data",      "measured_images",      "measured_top1",        "measured_top1_low",
                                                "measured_top1_high", "measured_top5",        "measured_top5_low",    "measured_top5_high",
                                                "accuracy_density",   "accuracy_density_low", "accuracy_density_high"};
  return columns;
}

void insert_evaluation(Database& database, const std::string& identity, std::int64_t platform_id, const EvaluationRow& row,
                       const std::vector<measure::PictureAnswer>& pictures) {
  Statement insert = prepare_insert(database, "evaluations", {"identity", "platform_id", "created_at"}, measure::evaluation_columns());
  insert.with(std::string_view(identity), platform_id, std::string_view(utc_timestamp()));
  bind_columns(insert, 4, row, kFields);
  insert.run();
  insert_pictures(database, pictures);

  Row accuracy;
  if (row.model_sha256.empty() || !find_best(database, row, accuracy)) return;
  std::string assignments;
  for (const std::string& column : accuracy_columns()) assignments += (assignments.empty() ? "" : ", ") + column + " = ?";
  Statement update = database.prepare(fmt::format("UPDATE rows SET {} WHERE import_id IS NULL AND {}", assignments, kSameSubject));
  int parameter = 1;
  measure::for_each_row_field([&](const auto& field) {
    for (const std::string& column : accuracy_columns()) {
      if (field.name == column) bind_field(update, parameter++, accuracy.*field.member);
    }
  });
  bind_subject(update, parameter, row);
  update.run();
}

std::vector<EvaluationRow> read_evaluations(const Database& database, const EvaluationQuery& query) {
  Selection selection{"evaluations WHERE 1", {}};
  if (query.newest_only) selection.sql += " AND id IN (SELECT max(id) FROM evaluations GROUP BY identity)";
  append_identities(selection, query.identities);
  for (const Condition& condition : query.where) append(selection, condition, evaluation_column_set());
  selection.sql += " ORDER BY id";
  return read_rows<EvaluationRow>(database, selection, measure::evaluation_columns(), kFields);
}

std::vector<measure::AnsweredPictures> read_answered_pictures(const Database& database) {
  const Selection newest{
      "evaluations WHERE id IN (SELECT max(id) FROM evaluations WHERE id IN (SELECT evaluation_id FROM evaluation_pictures) GROUP BY "
      "identity) ORDER BY id",
      {}};
  Statement statement = prepare(database, "id, " + join(measure::evaluation_columns(), ", "), newest);
  Statement pictures = database.prepare(
      "SELECT picture, label, predicted, right_probability FROM evaluation_pictures WHERE evaluation_id = ? ORDER BY position");
  std::vector<measure::AnsweredPictures> all;
  while (statement.step()) {
    measure::AnsweredPictures& each = all.emplace_back();
    int column = 1;
    measure::for_each_evaluation_field(
        [&](const auto& field) { read_field(statement, column++, database.name(), each.evaluation.*field.member); });
    pictures.reset();
    pictures.bind(1, statement.integer(0));
    while (pictures.step()) {
      each.answers.push_back({std::string(pictures.text(0)), pictures.integer(1), pictures.integer(2),
                              pictures.is_null(3) ? std::nullopt : std::optional(pictures.number(3))});
    }
  }
  return all;
}

void add_accuracy(const Database& database, Row& row) {
  if (!row.model_sha256.empty()) find_best(database, row, row);
}

}  // namespace inferometer::store

#include "store/evaluations.h"

#include <functional>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "samples.h"
#include "store/schema.h"

namespace inferometer::store {
namespace {

measure::EvaluationRow sample_evaluation(std::int64_t images, std::int64_t right) {
  measure::EvaluationRow row;
  row.model = "alexnet";
  row.model_sha256 = "aaaa";
  row.engine = "fake";
  row.engine_version = "1";
  row.device = "CPU";
  row.precision = row.precision_requested = "fp32";
  row.status = "passed";
  row.images = images;
  row.correct_top1 = right;
  row.top1 = 100.0 * static_cast<double>(right) / static_cast<double>(images);
  row.top1_low = *row.top1 - 1;
  row.top5 = 99.5;
  row.accuracy_density = 1.25;
  row.data = "some";
  row.notes = {"a note", "another"};
  return row;
}

measure::Row measured_row() {
  measure::Row row = sample_row("alexnet", 1, 5);
  row.model_sha256 = "aaaa";
  return row;
}

TEST(Evaluations, come_back_as_they_were) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  const measure::EvaluationRow row = sample_evaluation(200, 150);
  store.save_evaluation("x", platform, row);
  const auto found = store.evaluations({});
  ASSERT_EQ(found.size(), 1u);
  measure::for_each_evaluation_field([&](const auto& field) { EXPECT_EQ(found[0].*field.member, row.*field.member) << field.name; });
}

TEST(Evaluations, pictures_of_the_newest_that_kept_some) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_evaluation("x", platform, sample_evaluation(2, 1), {{"old.png", 3, 4, 0.1}});
  store.save_evaluation("x", platform, sample_evaluation(2, 2), {{"b.png", 7, 8, 0.25}, {"a.png", 1, 1, std::nullopt}});
  store.save_evaluation("x", platform, sample_evaluation(2, 0));  // without pictures
  store.save_evaluation("y", platform, sample_evaluation(3, 3), {{"c.png", 2, 2, 1.0}});
  store.save_evaluation("z", platform, sample_evaluation(3, 3));
  const auto found = store.answered_pictures();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].evaluation.correct_top1, 2);
  ASSERT_EQ(found[0].answers.size(), 2u);
  EXPECT_EQ(found[0].answers[0].picture, "b.png");
  EXPECT_EQ(found[0].answers[0].label, 7);
  EXPECT_EQ(found[0].answers[0].predicted, 8);
  EXPECT_EQ(found[0].answers[0].right_probability, 0.25);
  EXPECT_EQ(found[0].answers[1].picture, "a.png");
  EXPECT_EQ(found[0].answers[1].right_probability, std::nullopt);
  EXPECT_EQ(found[1].evaluation.correct_top1, 3);
  ASSERT_EQ(found[1].answers.size(), 1u);
  EXPECT_EQ(found[1].answers[0].right_probability, 1.0);
}

TEST(Evaluations, are_chosen_by_conditions_and_the_newest_counts) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_evaluation("x", platform, sample_evaluation(200, 150));
  store.save_evaluation("x", platform, sample_evaluation(200, 151));
  store.save_evaluation("y", platform, sample_evaluation(20, 10));
  EXPECT_EQ(store.evaluations({}).size(), 2u);
  EXPECT_EQ(store.evaluations({{}, false}).size(), 3u);
  const auto many = store.evaluations({parse_evaluation_where("images>=100 and data=some and notes='another'"), true});
  ASSERT_EQ(many.size(), 1u);
  EXPECT_EQ(many[0].correct_top1, 151);
  expect_error(ErrorCode::usage, "batches", [] { parse_evaluation_where("batches=1"); });
  expect_error(ErrorCode::usage, "per_image_ms", [] { parse_evaluation_where("per_image_ms>1"); });
}

TEST(Accuracy, joins_rows_that_are_there_and_rows_that_come) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_row("before", platform, 1, measured_row());
  store.save_evaluation("x", platform, sample_evaluation(200, 150));
  store.save_row("after", platform, 1, measured_row());
  for (const char* identity : {"before", "after"}) {
    const auto row = store.newest_row(identity);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->row.measured_top1, 75);
    EXPECT_EQ(row->row.measured_top1_low, 74);
    EXPECT_EQ(row->row.measured_images, 200);
    EXPECT_EQ(row->row.measured_data, "some");
    EXPECT_EQ(row->row.accuracy_density, 1.25);
    EXPECT_FALSE(row->row.top1);  // the published one
  }
  EXPECT_EQ(store.rows({parse_where("measured_top1>70"), true, std::nullopt, {}}).size(), 2u);
}

TEST(Accuracy, is_of_the_same_model_engine_and_precision_only) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_evaluation("x", platform, sample_evaluation(200, 150));
  const auto accuracy_of = [&](const std::function<void(measure::Row&)>& change) {
    measure::Row row = measured_row();
    change(row);
    store.add_accuracy(row);
    return row.measured_top1;
  };
  EXPECT_EQ(accuracy_of([](measure::Row&) {}), 75);
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.model_sha256 = "bbbb"; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.model_sha256 = ""; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.engine = "other"; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.engine_version = "2"; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.engine_settings = "a=b"; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.precision = "int8"; }));
  EXPECT_FALSE(accuracy_of([](measure::Row& row) { row.device = "gpu"; }));
}

TEST(Accuracy, is_that_of_the_most_images_then_of_the_newest) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::int64_t platform = store.save_platform("m", "machine", "{}");
  store.save_row("r", platform, 1, measured_row());
  store.save_evaluation("x", platform, sample_evaluation(100, 50));
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 50);
  store.save_evaluation("y", platform, sample_evaluation(200, 150));
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 75);
  store.save_evaluation("z", platform, sample_evaluation(10, 1));
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 75);
  store.save_evaluation("w", platform, sample_evaluation(200, 100));
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 50);
  measure::EvaluationRow failed = sample_evaluation(500, 400);
  failed.status = "failed";
  store.save_evaluation("v", platform, failed);
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 50);
}

TEST(Accuracy, comes_to_a_store_of_version_1) {
  const TemporaryFolder folder;
  {
    Database old(folder / "a.db", Database::Access::read_write);
    bring_up_to_date(old, schema_steps().first(1));
    old.execute(
        "INSERT INTO rows(identity, generation, created_at, model, model_sha256, engine, engine_version, engine_settings, device, "
        "precision, "
        "precision_requested, mode, protocol, status, reasons, notes, platform, started_at, source, repro, inferometer_version) VALUES "
        "('r', 1, '', 'alexnet', 'aaaa', 'fake', '1', '', 'cpu', 'fp32', 'fp32', 'latency', 'default', 'passed', '[]', '[]', '', '', "
        "'measured', '', '')");
  }
  Store store(folder / "a.db");
  EXPECT_FALSE(store.newest_row("r")->row.measured_top1);
  store.save_evaluation("x", store.save_platform("m", "machine", "{}"), sample_evaluation(200, 150));
  EXPECT_EQ(store.newest_row("r")->row.measured_top1, 75);
}

TEST(Accuracy, leaves_the_identity_of_imported_rows_as_it_was) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const measure::Row row = sample_row("alexnet", 1, 5);
  ASSERT_EQ(store.import_rows({row}, "elsewhere", "{}"), 1u);
  Database database(folder / "a.db", Database::Access::read_write);
  // What version 1 made of this row: its JSON without the columns that came later.
  measure::Row marked = row;
  marked.source = "elsewhere";
  nlohmann::json content = marked;
  for (const char* later :
       {"measured_data", "measured_images", "measured_top1", "measured_top1_low", "measured_top1_high", "measured_top5",
        "measured_top5_low", "measured_top5_high", "accuracy_density", "accuracy_density_low", "accuracy_density_high"}) {
    ASSERT_EQ(content.erase(later), 1u) << later;
  }
  EXPECT_EQ(database.text("SELECT identity FROM rows"), sha256_hex("import\n0\n" + content.dump()));
}

}  // namespace
}  // namespace inferometer::store

#include "measure/evaluation_summary.h"

#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace inferometer::measure {
namespace {

dataset::DataSet labelled(const std::vector<std::int64_t>& labels) {
  dataset::DataSet data;
  data.name = "d";
  for (const std::int64_t label : labels) data.images.push_back({fmt::format("i{}", data.images.size()), label});
  return data;
}

/// Every image answered with its own list of classes, best first.
EvaluationRecord answered(const std::vector<std::vector<std::int64_t>>& answers, std::int64_t classes) {
  EvaluationRecord record;
  record.classes = classes;
  record.images = answers.size();
  record.seconds = 2;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ImageAnswer answer{i, {}};
    float score = 1;
    for (const std::int64_t index : answers[i]) answer.best.push_back({index, score -= 0.1f});
    record.answers.push_back(answer);
  }
  return record;
}

std::string error_of(const EvaluationRecord& record, const dataset::DataSet& data, std::int64_t offset = 0) {
  try {
    judge_images(record, data, offset);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    return error.what();
  }
  return "";
}

TEST(Judging, counts_the_best_and_the_best_five) {
  const auto images = judge_images(answered({{3, 1, 2, 4, 5}, {1, 3, 0, 2, 4}, {0, 1, 2, 4, 5}}, 6), labelled({3, 3, 3}), 0);
  ASSERT_EQ(images.size(), 3u);
  EXPECT_TRUE(images[0].right_top1 && images[0].right_top5);
  EXPECT_TRUE(!images[1].right_top1 && images[1].right_top5);
  EXPECT_TRUE(!images[2].right_top1 && !images[2].right_top5);
  EXPECT_EQ(images[1].predicted, 1);
}

TEST(Judging, takes_an_offset_off_the_answer) {
  const auto images = judge_images(answered({{4}, {3}}, 1001), labelled({3, 3}), 1);
  EXPECT_TRUE(images[0].right_top1);
  EXPECT_EQ(images[0].predicted, 3);
  EXPECT_FALSE(images[1].right_top1);
}

TEST(Judging, finds_the_offset_of_a_background_class) {
  EvaluationRecord record = answered({{0}}, 1001);
  dataset::DataSet data = labelled({0});
  EXPECT_EQ(class_offset(record, data, std::nullopt), 1);
  EXPECT_EQ(class_offset(record, data, 0), 0);
  data.classes = 1001;
  EXPECT_EQ(class_offset(record, data, std::nullopt), 0);
  record.classes = 1000;
  EXPECT_EQ(class_offset(record, data, std::nullopt), 0);
}

TEST(Judging, refuses_labels_and_data_sets_that_do_not_fit) {
  EXPECT_EQ(error_of(answered({{0}}, 10), labelled({9})), "");
  EXPECT_EQ(error_of(answered({{0}}, 10), labelled({10})), "i0 has the label 10, the network 10 outputs");
  EXPECT_EQ(error_of(answered({{0}}, 1001), labelled({1000}), 1), "i0 has the label 1000, the network 1001 outputs (class offset 1)");
  dataset::DataSet data = labelled({0});
  data.classes = 10;
  EXPECT_EQ(error_of(answered({{0}}, 1000), data), "the data set d has 10 classes, the network 1000 outputs");
  EXPECT_EQ(error_of(answered({{1}}, 11), data, 1), "");
  data = labelled({0, 1});
  EXPECT_EQ(error_of(answered({{0}}, 10), data), "the data set d changed while it was evaluated: 2 images, then 1");
  data = labelled({0});
  data.images[0].label.reset();
  EXPECT_EQ(error_of(answered({{0}}, 10), data), "i0 has no label");
}

TEST(Figures, are_counts_percent_and_limits) {
  EvaluationRow row;
  row.parameters = 2'000'000;
  const EvaluationRecord record = answered({{0, 1}, {1, 0}, {1, 0}, {1}}, 2);
  fill_figures(row, judge_images(record, labelled({0, 1, 1, 0}), 0), record);
  EXPECT_EQ(row.images, 4);
  EXPECT_EQ(row.skipped_images, 0);
  EXPECT_EQ(row.correct_top1, 3);
  EXPECT_EQ(row.correct_top5, 3);
  EXPECT_DOUBLE_EQ(*row.top1, 75);
  EXPECT_NEAR(*row.top1_low, 30.0642, 1e-3);  // Wilson, 3 of 4
  EXPECT_NEAR(*row.top1_high, 95.4413, 1e-3);
  EXPECT_DOUBLE_EQ(*row.accuracy_density, 37.5);
  EXPECT_DOUBLE_EQ(*row.images_per_s, 2);
}

TEST(Figures, stay_null_without_answers) {
  EvaluationRow row;
  EvaluationRecord record;
  record.damaged.push_back({0, "broken"});
  fill_figures(row, {}, record);
  EXPECT_EQ(row.images, 0);
  EXPECT_EQ(row.skipped_images, 1);
  EXPECT_FALSE(row.top1 || row.correct_top1 || row.images_per_s || row.accuracy_density);
}

TEST(Classes, have_their_counts) {
  const auto images = judge_images(answered({{0}, {1}, {1}, {0}, {2}}, 3), labelled({0, 0, 1, 1, 1}), 0);
  const auto counts = count_by_class(images);
  ASSERT_EQ(counts.size(), 2u);  // class 2 was only ever a wrong answer
  EXPECT_EQ(counts[0].images, 2);
  EXPECT_EQ(counts[0].correct_top1, 1);
  EXPECT_EQ(counts[0].wrongly_predicted, 1);
  EXPECT_EQ(counts[1].label, 1);
  EXPECT_EQ(counts[1].images, 3);
  EXPECT_EQ(counts[1].wrongly_predicted, 1);
}

TEST(Confusions, stand_by_frequency_then_by_class) {
  const auto images = judge_images(answered({{1}, {2}, {2}, {0}, {2}}, 3), labelled({0, 1, 1, 2, 2}), 0);
  const auto pairs = confusions(images, 2);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].label, 1);
  EXPECT_EQ(pairs[0].predicted, 2);
  EXPECT_EQ(pairs[0].images, 2);
  EXPECT_EQ(pairs[1].label, 0);
  EXPECT_EQ(confusions(images, 9).size(), 3u);
}

TEST(Pairs, count_only_images_that_both_answered) {
  const std::vector<JudgedImage> first{{0, 0, 0, true, true}, {1, 0, 1, false, true}, {2, 0, 0, true, true}, {4, 0, 0, true, true}};
  const std::vector<JudgedImage> second{{0, 0, 0, true, true}, {2, 0, 1, false, true}, {3, 0, 0, true, true}, {4, 0, 1, false, false}};
  const PairedCounts counts = compare_judged(first, second);
  EXPECT_EQ(counts.images, 3);
  EXPECT_EQ(counts.both, 1);
  EXPECT_EQ(counts.only_first, 2);
  EXPECT_EQ(counts.only_second, 0);
  EXPECT_EQ(counts.neither, 0);
  EXPECT_DOUBLE_EQ(counts.p_value, 0.5);
}

TEST(EvaluationJson, carries_everything) {
  EvaluationTask task;
  task.data = {"/a/b", "/c", 7};
  task.own = zoo::Preprocessing{.resize = zoo::ResizeRule::warp,
                                .resize_to = 9,
                                .resize_height = 10,
                                .interpolation = zoo::Interpolation::lanczos4,
                                .crop = 8,
                                .crop_height = 7,
                                .channels = zoo::ChannelOrder::bgr,
                                .scale = 0.1};
  task.own_input = 8;
  task.changes.mean = {{1, 2, 3}};
  task.changes.crop = 6;
  task.changes.crop_height = 5;
  task.changes.resize = zoo::ResizeRule::warp;
  task.changes.resize_to = 4;
  task.changes.resize_height = 3;
  task.strict = true;
  const auto back = nlohmann::json::parse(nlohmann::json(task).dump()).get<EvaluationTask>();
  EXPECT_EQ(back.data.images, task.data.images);
  EXPECT_EQ(back.data.labels, task.data.labels);
  EXPECT_EQ(back.data.limit, 7);
  EXPECT_EQ(dataset::to_options(*back.own), dataset::to_options(*task.own));
  EXPECT_EQ(back.own_input, 8);
  EXPECT_EQ(dataset::to_options(dataset::changed({}, back.changes)), dataset::to_options(dataset::changed({}, task.changes)));
  EXPECT_TRUE(back.strict);

  EvaluationRecord record = answered({{4, 2}}, 6);
  record.answers[0].best[1].score = -std::numeric_limits<float>::infinity();
  record.damaged.push_back({3, "bad \xff"});
  record.preprocessing = "--resize none";
  record.obtained_streams = 2;
  const auto read = nlohmann::json::parse(nlohmann::json(record).dump()).get<EvaluationRecord>();
  ASSERT_EQ(read.answers.size(), 1u);
  EXPECT_EQ(read.answers[0].best[0].index, 4);
  EXPECT_EQ(read.answers[0].best[0].score, record.answers[0].best[0].score);
  EXPECT_EQ(read.answers[0].best[1].score, record.answers[0].best[1].score);
  EXPECT_EQ(read.damaged[0].image, 3u);
  EXPECT_EQ(read.preprocessing, "--resize none");
  EXPECT_EQ(read.obtained_streams, 2);
}

}  // namespace
}  // namespace inferometer::measure

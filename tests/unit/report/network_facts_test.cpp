#include "report/network_facts.h"

#include <gtest/gtest.h>

namespace inferometer::report {
namespace {

measure::Row row_of(const std::string& model, std::optional<std::int64_t> input) {
  measure::Row row;
  row.model = model;
  row.input_height = row.input_width = input;
  return row;
}

TEST(NetworkCatalog, CostIsThatOfTheRowsInput) {
  NetworkCatalog catalog;
  measure::Row row = row_of("resnet18", 224);
  catalog.complete(row, "", Accuracies::of_same_network);
  EXPECT_EQ(row.parameters, 11689512);
  EXPECT_EQ(row.macs, 1814073344);
  EXPECT_EQ(row.gmacs, 1.814073344);
  EXPECT_EQ(row.top1, 69.758);
  measure::Row small = row_of("resnet18", 32);
  catalog.complete(small, "", Accuracies::of_same_network);
  EXPECT_EQ(small.parameters, 11689512);
  EXPECT_LT(*small.macs, *row.macs / 40);
  // What the row has already stays.
  row.macs = 5;
  catalog.complete(row, "", Accuracies::of_same_network);
  EXPECT_EQ(row.macs, 5);
}

TEST(NetworkCatalog, AnAccuracyIsOfThePublishedNetworkAlone) {
  NetworkCatalog catalog;
  measure::Row small = row_of("squeezenet1_1", 96);
  catalog.complete(small, "", Accuracies::of_same_network);
  EXPECT_EQ(small.top1, std::nullopt);
  measure::Row in_a_study = row_of("squeezenet1_1", 96);
  catalog.complete(in_a_study, "", Accuracies::of_any);
  EXPECT_EQ(in_a_study.top1, 58.178);
  EXPECT_EQ(small.top5, std::nullopt);
  EXPECT_EQ(small.parameters, 1235496);
  measure::Row of_ten_classes = row_of("squeezenet1_1", 224);
  of_ten_classes.parameters = 727626;
  catalog.complete(of_ten_classes, "", Accuracies::of_same_network);
  EXPECT_EQ(of_ten_classes.top1, std::nullopt);
  measure::Row untold = row_of("squeezenet1_1", std::nullopt);
  catalog.complete(untold, "", Accuracies::of_same_network);
  EXPECT_EQ(untold.top1, 58.178);
  EXPECT_EQ(untold.top5, 80.624);
}

TEST(NetworkCatalog, AnUnknownInputLeavesOperationsUnknown) {
  NetworkCatalog catalog;
  measure::Row row = row_of("resnet18", std::nullopt);
  catalog.complete(row, "unknown", Accuracies::of_same_network);
  EXPECT_EQ(row.parameters, 11689512);
  EXPECT_EQ(row.macs, std::nullopt);
  EXPECT_EQ(row.gmacs, std::nullopt);
  catalog.complete(row, "224 or 227", Accuracies::of_same_network);
  EXPECT_EQ(row.macs, 1814073344);
}

TEST(NetworkCatalog, StrangersAndInputsThatAreTooSmall) {
  NetworkCatalog catalog;
  EXPECT_EQ(catalog.find("model_test:AlexNet", 32), nullptr);
  EXPECT_EQ(catalog.find("alexnet", 32), nullptr);
  ASSERT_NE(catalog.find("alexnet", 0), nullptr);
  EXPECT_EQ(catalog.find("alexnet", 0)->input, 224);
  measure::Row row = row_of("model_test:AlexNet", 32);
  catalog.complete(row, "32", Accuracies::of_same_network);
  EXPECT_EQ(row.parameters, std::nullopt);
}

}  // namespace
}  // namespace inferometer::report

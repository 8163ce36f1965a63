#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/csv.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/study.h"
#include "report/study_report.h"

namespace inferometer::cli {
namespace {

using report::Report;
using report::ReportFigure;
using report::ReportMissing;
using report::ReportTable;

Report published_report(const std::string& name) {
  return report::study_report(read_study(std::string(INFEROMETER_SOURCE_DIR) + "/studies/" + name + ".toml").report, {});
}

/// A report and its items by title, which point into it. Not copied: they would point into the other.
struct Content {
  explicit Content(Report made);
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  Report report;
  std::map<std::string, const report::Chart*> figures;
  std::map<std::string, const report::Table*> tables;
  std::set<std::string> missing;
};

Content::Content(Report made) : report(std::move(made)) {
  for (const report::ReportSection& section : report.sections) {
    for (const report::ReportItem& item : section.items) {
      if (const auto* figure = std::get_if<ReportFigure>(&item)) figures[figure->chart.title] = &figure->chart;
      if (const auto* table = std::get_if<ReportTable>(&item)) tables[table->table.title] = &table->table;
      if (const auto* absent = std::get_if<ReportMissing>(&item)) {
        missing.insert(absent->title);
        EXPECT_FALSE(absent->reason.empty()) << absent->title;
      }
    }
  }
}

using Names = std::set<std::string>;

Names titles(const auto& items) {
  Names names;
  for (const auto& [title, item] : items) names.insert(title);
  return names;
}

std::size_t points_of(const report::Panel& panel) {
  std::size_t points = 0;
  for (const report::Series& series : panel.series) {
    if (series.kind != report::SeriesKind::line || series.marker) points += series.points.size();
  }
  return points;
}

TEST(PublishedStudies, ModelTest) {
  const Report made = published_report("model_test");
  const Content content(made);
  EXPECT_EQ(titles(content.figures),
            (Names{"Top-1 accuracy against operations, area: parameters", "Top-1 accuracy against operations, logarithmic fit",
                   "Top-1 accuracy against accuracy density", "Time per image by batch size",
                   "Top-1 accuracy against images per second at batch 1", "per_image_ms by batch", "per_image_ms by model",
                   "Predicted against measured: Time per image, ms"}));
  EXPECT_EQ(content.missing, (Names{"Peak memory against the size of the parameters", "Loss by epoch", "Top-1 accuracy by epoch"}));
  // Every network of the zoo; the study's own AlexNet has no graph here.
  const report::Chart& predicted = *content.figures.at("Predicted against measured: Time per image, ms");
  ASSERT_EQ(predicted.panels.size(), 2u);
  for (const report::Panel& panel : predicted.panels) {
    EXPECT_EQ(points_of(panel), 38u);
    EXPECT_TRUE(panel.series.at(1).published);
  }
  const report::Chart& bubble = *content.figures.at("Top-1 accuracy against operations, area: parameters");
  EXPECT_TRUE(bubble.animated);
  EXPECT_EQ(points_of(bubble.panels.at(0)), 39u);
  EXPECT_EQ(bubble.size_legend->entries.at(3).second, "150 M");

  // The study's own AlexNet has no published ImageNet accuracy, and 38 others do.
  const report::Chart& speed = *content.figures.at("Top-1 accuracy against images per second at batch 1");
  ASSERT_EQ(speed.panels.size(), 1u);
  EXPECT_TRUE(speed.panels[0].series[0].published);
  EXPECT_EQ(points_of(speed.panels[0]), 38u);
  EXPECT_NE(speed.caption.find("1 without Top-1 accuracy"), std::string::npos) << speed.caption;
  EXPECT_NE(speed.caption.find("CIFAR-100; input 32 px"), std::string::npos) << speed.caption;

  const report::Table& times = *content.tables.at("Milliseconds per image (torch, input 32 px, published)");
  EXPECT_EQ(times.rows.size(), 39u);
  EXPECT_EQ(times.columns, (std::vector<std::string>{"model", "1", "2", "4", "8", "16", "32", "64"}));
  EXPECT_EQ(std::get<double>(times.rows[0][1]), 8.19);
  EXPECT_EQ(content.tables.at("Parameters and operations of each network")->rows.size(), 39u);
}

TEST(PublishedStudies, ModelsComparison) {
  const Content content(published_report("models_comparison"));
  EXPECT_EQ(titles(content.figures),
            (Names{"Top-1 accuracy against operations, area: parameters", "Top-5 accuracy against operations, area: parameters",
                   "Accuracy density", "Time per image against batch size", "Top-1 accuracy against images per second at batch 1",
                   "Published memory against the size of the parameters", "All published memory points", "per_image_ms by batch",
                   "per_image_ms by model"}));
  EXPECT_EQ(content.missing, (Names{"Measured memory against the size of the parameters"}));
  const report::Panel& density = content.figures.at("Accuracy density")->panels.at(0);
  EXPECT_EQ(points_of(density), 33u);
  const report::Point& best = density.series[0].points[0];
  EXPECT_LT(*best.low, best.x);
  EXPECT_GT(*best.high, best.x);
  // The study's two groups, found without being told which point belongs to which line (tests/unit/stats/two_lines_test.cpp).
  const report::Panel& memory = content.figures.at("Published memory against the size of the parameters")->panels.at(0);
  EXPECT_EQ(points_of(memory), 16u);
  ASSERT_EQ(memory.call_outs.size(), 2u);
  EXPECT_EQ(memory.call_outs[0].text, "slope 1.73");
  EXPECT_EQ(memory.call_outs[1].text, "slope 0.991");
}

/// Every bar of the figure is a number of the paper's table and every number has its bar, read here straight from the file.
void expect_bars_of(const report::Chart& chart, const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(INFEROMETER_SOURCE_DIR) / "published";
  std::map<std::string, std::string> networks;
  for (const auto& line : read_csv(folder / "names.csv").rows) {
    if (line[0] == "icassp23") networks[line[1]] = line[2];
  }
  std::map<std::pair<std::string, std::string>, std::string> published, drawn;
  for (const auto& line : read_csv(folder / file).rows) {
    const std::string precision = line[2] == "FP32" ? "fp32" : "fp16";
    const auto number = parse_number(line[3]);
    published[{networks.at(line[0]), line[1] + ", " + precision}] = number ? exact_text(*number) : line[3];
  }
  ASSERT_EQ(published.size(), 90u);
  for (const report::Panel& panel : chart.panels) {
    const auto category = [&](double at) { return panel.x.categories.at(static_cast<std::size_t>(at)); };
    for (const report::Series& series : panel.series) {
      EXPECT_TRUE(series.vertical_values && series.published) << series.name;
      for (const report::Point& bar : series.points) drawn[{category(bar.x), series.name}] = exact_text(bar.y);
    }
    for (const report::MissingBar& bar : panel.missing_bars) drawn[{category(bar.category), panel.series.at(bar.series).name}] = bar.text;
  }
  EXPECT_EQ(drawn, published) << file;
}

TEST(PublishedStudies, Icassp23) {
  const Report made = published_report("icassp23");
  const Content content(made);
  EXPECT_EQ(titles(content.figures), (Names{"Inferences per second", "Inferences per second and watt"}));
  expect_bars_of(*content.figures.at("Inferences per second"), "icassp23_throughput.csv");
  expect_bars_of(*content.figures.at("Inferences per second and watt"), "icassp23_efficiency.csv");
  // Nothing was measured or evaluated, and no published row has both precisions of bf16.
  EXPECT_EQ(content.missing,
            (Names{"What could not be measured, and why", "Probability given to the right class", "ratio of images_per_s"}));
  const auto best = [&](const char* figure) {
    std::vector<std::string> texts;
    for (const report::Panel& panel : content.figures.at(figure)->panels) {
      for (const report::CallOut& call_out : panel.call_outs) texts.push_back(call_out.text);
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(best("Inferences per second"), (Texts{"best DLA: 411", "best GPU: 864", "best vision processor: 24.3"}));
  EXPECT_EQ(best("Inferences per second and watt"), (Texts{"best DLA: 37.3", "best GPU: 52.6", "best vision processor: 15.8"}));
  const auto& takeaways = made.takeaways;
  const auto said = [&](const std::string& words) {
    const bool found =
        std::any_of(takeaways.begin(), takeaways.end(), [&](const std::string& text) { return text.find(words) != std::string::npos; });
    return found ? "" : words + "\n  is not in:\n" + join(takeaways, "\n");
  };
  // Computed from the files by a few lines of Python: two networks ran out of memory in fp32 on the Nano.
  for (const char* words : {
           "NCS, published: fp16 over fp32, Images per second, 1/s: 0.961 times (geometric mean of 9 pairs; 0.909 to 1.1).",
           "Nano, published: fp16 over fp32, Images per second, 1/s: 1.73 times (geometric mean of 7 pairs; 1.43 to 1.88).",
           "XavierGPU, published: fp16 over fp32, Images per second, 1/s: 2.3 times (geometric mean of 9 pairs; 1.76 to 2.68).",
           "XavierGPU, published: fp16 over fp32, Images per second and watt, 1/(s W): 2.8 times (geometric mean of 9 pairs; 1.85 to "
           "3.42).",
           "TX2, fp16, published: Spearman's rank correlation with Images per second, 1/s: parameters ",
           "GPU, published: highest Images per second, 1/s: 864.0 with squeezenet1_0, XavierGPU, fp16",
           "vision processor, published: highest Images per second and watt, 1/(s W): 15.82 with squeezenet1_0, NCS, fp16",
       }) {
    EXPECT_EQ(said(words), "");
  }
}

TEST(PublishedStudies, DdPerformances) {
  const Report made = published_report("dd_performances");
  const Content content(made);
  EXPECT_EQ(titles(content.figures),
            (Names{"Operations and parameters", "Operations and parameters of the small networks", "Time per image against batch size",
                   "Time per image against platform", "A direct depthwise convolution against one matrix product a group",
                   "Accuracy against time per image", "At least 25 images per second (GTX1080Ti, published)",
                   "At least 25 images per second (JetsonTX1, published)", "At least 25 images per second (JetsonTK1, published)",
                   "At least 25 images per second (RaspberryPi3, published)"}));
  EXPECT_EQ(content.missing,
            (Names{"In process and through the server, milliseconds per image", "What the server adds", "The same in the reference engine",
                   "Speed-up in the reference engine", "5. Other Caffe models", "At least 25 images per second and 60 % top-1 in 512 MB"}));
  EXPECT_EQ(points_of(content.figures.at("Operations and parameters")->panels.at(0)), 26u);
  const report::Chart& times = *content.figures.at("Time per image against batch size");
  std::size_t points = 0;
  for (const report::Panel& panel : times.panels) points += points_of(panel);
  // 222 cells of the tables and 13 of the Nano's figure, each with a linear and a logarithmic axis.
  EXPECT_EQ(points, 2u * (222 + 13));
  EXPECT_EQ(times.panels.size(), 10u);
  EXPECT_EQ(times.panels[0].lines.size(), 2u);
  EXPECT_EQ(content.figures.at("A direct depthwise convolution against one matrix product a group")->panels.size(), 4u);
  EXPECT_EQ(content.figures.at("Time per image against platform")->panels.size(), 14u);
  const auto said = [&](const std::string& words) {
    return std::any_of(made.takeaways.begin(), made.takeaways.end(),
                       [&](const std::string& text) { return text.find(words) != std::string::npos; });
  };
  EXPECT_TRUE(said("At least 25 images per second (JetsonTX1, published): Choice: mobilenet_v1_depthwise (batch 1) (published)"));
  EXPECT_TRUE(said("At least 25 images per second (RaspberryPi3, published): No row satisfies every constraint."));
}

TEST(PublishedStudies, QuickHasNothingPublished) {
  const Content content(published_report("quick"));
  EXPECT_FALSE(content.missing.empty());
  const Report made = published_report("quick");
  for (const report::ReportSection& section : made.sections) {
    for (const report::ReportItem& item : section.items) {
      const auto* missing = std::get_if<ReportMissing>(&item);
      if (missing != nullptr) {
        EXPECT_NE(missing->reason.find("inferometer run"), std::string::npos) << missing->title << ": " << missing->reason;
      }
    }
  }
}

/// The study of a user's own in docs/studies.md.
std::string documented_study() {
  const std::string page = read_file(std::string(INFEROMETER_SOURCE_DIR) + "/docs/studies.md");
  const std::size_t begin = page.find("```toml\n") + 8;
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(DocumentedStudy, IsTwentyLinesAndMakesAReport) {
  const std::string text = documented_study();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 21);
  const Study study = parse_study(text, "own.toml");
  std::vector<measure::Row> rows;
  for (const std::string& model : study.runs.at(0).spec.models) {
    for (const std::int64_t batch : study.runs.at(0).spec.batches) {
      measure::Row row;
      row.model = model;
      row.engine = "onnxruntime";
      row.batch = batch;
      row.per_image_ms = static_cast<double>(model.size()) / static_cast<double>(batch);
      row.images_per_s = 1000 / *row.per_image_ms;
      row.status = "passed";
      row.verdict = "valid";
      row.source = "measured";
      rows.push_back(row);
    }
  }
  ASSERT_EQ(rows.size(), 9u);
  const Report made = report::study_report(study.report, rows);
  const Content content(made);
  EXPECT_TRUE(content.missing.empty());
  EXPECT_EQ(content.tables.at("Milliseconds per image")->rows.size(), 3u);
  EXPECT_EQ(points_of(content.figures.at("Time and batch size")->panels.at(0)), 9u);
  EXPECT_EQ(made.takeaways, (std::vector<std::string>{"highest Images per second, 1/s: 307.7 with squeezenet1_1 (9 rows)."}));
}

}  // namespace
}  // namespace inferometer::cli

#include "store/import.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "samples.h"
#include "store/published.h"

namespace inferometer::store {
namespace {

namespace fs = std::filesystem;

const fs::path kPublished = fs::path(INFEROMETER_SOURCE_DIR) / "published";

bool has_note(const measure::Row& row, const std::string& note) {
  return std::find(row.notes.begin(), row.notes.end(), note) != row.notes.end();
}

const measure::Row& row_of(const ImportedFile& file, const std::string& model, std::optional<std::int64_t> batch,
                           const std::string& platform = "", const std::string& precision = "") {
  for (const measure::Row& row : file.rows) {
    if (row.model == model && row.batch == batch && (platform.empty() || row.platform == platform) &&
        (precision.empty() || row.precision == precision)) {
      return row;
    }
  }
  throw std::runtime_error("no row of " + model);
}

TEST(Import, takes_columns_by_name_and_by_map_and_notes_the_rest) {
  const TemporaryFolder folder;
  put_file(folder / "board.csv",
           "\xef\xbb\xbfnet,batch,ms_per_image,weather,verdict,source\r\n"
           "resnet18,1,\"12.5\",sunny,valid,lab\r\n"
           "resnet18,2,x,,,\r\n"
           "resnet18,4,,rain,,\r\n"
           "vgg16,1,80,,,\r\n");
  const ImportedFile file = read_import(folder / "board.csv", {.columns = {{"model", "net"}, {"per_image_ms", "ms_per_image"}}});
  EXPECT_EQ(file.source, "board.csv");
  EXPECT_EQ(file.left_out, 1u);
  EXPECT_EQ(file.noted_columns, (std::vector<std::string>{"weather", "source"}));
  ASSERT_EQ(file.rows.size(), 3u);
  EXPECT_EQ(file.rows[0].model, "resnet18");
  EXPECT_EQ(file.rows[0].per_image_ms, 12.5);
  EXPECT_EQ(file.rows[0].batch, 1);
  EXPECT_EQ(file.rows[0].status, "passed");
  EXPECT_EQ(file.rows[0].verdict, "valid");
  EXPECT_EQ(file.rows[0].source, "board.csv");
  EXPECT_EQ(file.rows[0].notes, (std::vector<std::string>{"weather=sunny", "source=lab"}));
  EXPECT_EQ(file.rows[1].status, "out_of_memory");
  EXPECT_FALSE(file.rows[1].per_image_ms.has_value());
  EXPECT_FALSE(file.rows[2].verdict.has_value());
  EXPECT_EQ(read_import(folder / "board.csv", {.columns = {{"model", "net"}, {"per_image_ms", "ms_per_image"}}, .source = "my board"})
                .rows[0]
                .source,
            "my board");
}

TEST(Import, the_same_file_twice_brings_nothing_new_and_equal_lines_stay_apart) {
  const TemporaryFolder folder;
  put_file(folder / "a.csv", "model,per_image_ms\nalexnet,1\nalexnet,1\n");
  Store store(folder / "a.db");
  EXPECT_EQ(import_file(store, folder / "a.csv").inserted, 2u);
  EXPECT_EQ(import_file(store, folder / "a.csv").inserted, 0u);
  EXPECT_EQ(store.rows({}).size(), 2u);
  put_file(folder / "a.csv", "model,per_image_ms\nalexnet,1\nalexnet,1\nvgg16,2\n");
  EXPECT_EQ(import_file(store, folder / "a.csv").inserted, 1u);
  EXPECT_EQ(import_file(store, folder / "a.csv", {.source = "another"}).inserted, 3u);
  EXPECT_EQ(store.rows({}).size(), 6u);
  EXPECT_EQ(store.rows({.source = "measured"}).size(), 0u);
}

TEST(Import, an_error_stores_nothing) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  put_file(folder / "a.csv", "model,per_image_ms\nalexnet,1\nvgg16,fast\n");
  expect_error(ErrorCode::input, "a.csv:3: per_image_ms is 'fast'", [&] { import_file(store, folder / "a.csv"); });
  EXPECT_TRUE(store.rows({}).empty());
  expect_error(ErrorCode::usage, "cannot have the source 'measured'",
               [&] { store.import_rows({sample_row("a", 1, 1.0)}, "measured", "{}"); });
  expect_error(ErrorCode::usage, "cannot have the source ''", [&] { store.import_rows({sample_row("a", 1, 1.0)}, "", "{}"); });
}

TEST(Import, errors) {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  struct Case {
    std::string content;
    std::map<std::string, std::string> columns;
    ErrorCode code;
    std::string problem;
  };
  const std::vector<Case> cases{
      {"net,per_image_ms\na,1\n", {}, ErrorCode::input, "has no column 'model'"},
      {"model,ms\na,1\n", {}, ErrorCode::input, "has no column with a time, a rate or a memory"},
      {"model,ms\na,1\n", {{"per_imag_ms", "ms"}}, ErrorCode::usage, "'per_imag_ms' is no column that an import can fill"},
      {"model,per_image_ms,ms\na,1,1\n", {{"per_image_ms", "ms"}}, ErrorCode::usage, "has a column 'per_image_ms' of its own"},
      {"model,ms\na,1\n", {{"per_image_ms", "time"}}, ErrorCode::usage, "has no column 'time'"},
      {"model,per_image_ms,batch\na,1,many\n", {}, ErrorCode::input, "a.csv:2: batch is 'many'"},
      {"model,per_image_ms,batch\na,1,1.5\n", {}, ErrorCode::input, "a.csv:2: batch is '1.5'"},
      {"model,latency_mean_ms\na,-1\n", {}, ErrorCode::input, "a.csv:2: latency_mean_ms is '-1'"},
      {"model,per_image_ms,status\na,1,fine\n", {}, ErrorCode::input, "'fine' is no status"},
      {"model,per_image_ms,verdict\na,1,good\n", {}, ErrorCode::input, "'good' is no verdict"},
      {"model,per_image_ms,notes\na,1,[1]\n", {}, ErrorCode::input, "which is not a JSON list of text"},
      {"model,per_image_ms\na\n", {}, ErrorCode::input, "a.csv:2: 1 fields where the header has 2"},
      {"model,per_image_ms\na,0\n", {}, ErrorCode::input, "a.csv:2: per_image_ms is 0, which is not above 0"},
      {"model,per_image_ms\n,1\n", {}, ErrorCode::input, "a.csv:2: the model has no name"},
      {"model,per_image_ms\na,\n", {}, ErrorCode::input, "has no line with a figure"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.content);
    put_file(file, one.content);
    expect_error(one.code, one.problem, [&] { read_import(file, {.columns = one.columns}); });
  }
  EXPECT_THROW(read_import(folder / "none.csv"), Error);
}

/// A quoted field may hold a line's end, which no message may.
TEST(Import, errors_stay_on_one_line) {
  const TemporaryFolder folder;
  for (const char* content :
       {"model,per_image_ms,status\na,1,\"no\nstatus\"\n", "model,per_image_ms,verdict\na,1,\"no\nverdict\"\n",
        "model,per_image_ms,batch\na,1,\"no\nnumber\"\n", "\"a\nmodel\",per_image_ms\na,1\n", "model,\"a\nfigure\"\na,1\n"}) {
    SCOPED_TRACE(content);
    put_file(folder / "a.csv", content);
    try {
      read_import(folder / "a.csv");
      ADD_FAILURE() << "was read";
    } catch (const Error& error) {
      EXPECT_EQ((error.what() + error.hint()).find('\n'), std::string::npos) << error.what() << " | " << error.hint();
    }
  }
}

TEST(Published, every_measurement_imports_whole_and_only_once) {
  const TemporaryFolder folder;
  Store store(folder / "a.db");
  const std::map<std::string, std::size_t> expected{{"modeltest_colab_latency.csv", 273},
                                                    {"modelscomparison_colab_latency.csv", 231},
                                                    {"modelscomparison_memory_digitised.csv", 21},
                                                    {"icassp23_throughput.csv", 90},
                                                    {"icassp23_efficiency.csv", 90},
                                                    {"dd_performances_latency.csv", 222},
                                                    {"dd_performances_nano_digitised.csv", 13}};
  std::size_t all = 0;
  for (const auto& [name, rows] : expected) {
    SCOPED_TRACE(name);
    const ImportOutcome outcome = import_file(store, kPublished / name);
    EXPECT_EQ(outcome.inserted, rows);
    EXPECT_EQ(outcome.file.left_out, 0u);
    EXPECT_EQ(import_file(store, kPublished / name).inserted, 0u);
    all += rows;
    for (const measure::Row& row : outcome.file.rows) {
      EXPECT_EQ(row.source, outcome.file.source);
      EXPECT_FALSE(row.verdict.has_value());
      EXPECT_EQ(row.protocol, "published");
      EXPECT_FALSE(row.notes.empty());
    }
  }
  EXPECT_EQ(store.rows({}).size(), all);
  EXPECT_TRUE(store.rows({.source = "measured"}).empty());
  EXPECT_EQ(store.rows({.source = "icassp23: icassp23_efficiency.csv"}).size(), 90u);
}

TEST(Published, model_test_carries_what_it_measured) {
  const ImportedFile file = read_import(kPublished / "modeltest_colab_latency.csv");
  const measure::Row& row = row_of(file, "vgg11_bn", 64);
  EXPECT_EQ(file.source, "model_test: modeltest_colab_latency.csv");
  EXPECT_EQ(row.per_image_ms, 0.54);
  EXPECT_DOUBLE_EQ(*row.images_per_s, 1000 / 0.54);
  EXPECT_EQ(row.input_height, 32);
  EXPECT_EQ(row.input_width, 32);
  EXPECT_EQ(row.platform, "Google Colab GPU");
  EXPECT_EQ(row.engine, "torch");
  EXPECT_EQ(row.engine_version, "1.9");
  EXPECT_EQ(row.mode, "latency");
  EXPECT_EQ(row.status, "passed");
  EXPECT_TRUE(has_note(row, "data set: CIFAR-100"));
  EXPECT_TRUE(has_note(row, "the study writes VGG-11BN"));
  EXPECT_TRUE(has_note(row,
                       "timed: whole test pass: data loading by 2 workers, transforms and inference, divided by images; "
                       "Google Colab GPU, PyTorch 1.9"));
  EXPECT_EQ(row_of(file, "model_test:AlexNet", 1).per_image_ms, 8.19);
  EXPECT_TRUE(has_note(row_of(file, "model_test:AlexNet", 1), "no network of the zoo: private net of 27.6 M parameters"));
  EXPECT_NO_THROW(row_of(file, "shufflenet_v2_x0_5", 1));
  EXPECT_EQ(row_of(file, "dpn131", 64).per_image_ms, 2.46);
  EXPECT_EQ(nlohmann::json::parse(file.conditions_json)["data_set"], "CIFAR-100");
}

TEST(Published, models_comparison_takes_each_net_its_own_input) {
  const ImportedFile file = read_import(kPublished / "modelscomparison_colab_latency.csv");
  EXPECT_EQ(row_of(file, "inception_v3", 1).input_height, 299);
  EXPECT_EQ(row_of(file, "mobilenet_v2", 1).input_width, 224);
  EXPECT_EQ(row_of(file, "vgg11_bn", 1).input_width, 32);
  EXPECT_EQ(row_of(file, "models_comparison:DenseNet-121", 1).input_width, 96);

  const ImportedFile memory = read_import(kPublished / "modelscomparison_memory_digitised.csv");
  const measure::Row& row = row_of(memory, "wide_resnet50_2", 1);
  EXPECT_EQ(row.peak_memory_mb, 977);
  EXPECT_FALSE(row.per_image_ms.has_value());
  EXPECT_TRUE(has_note(row, "read off a figure: digitised; +-3 MB"));
  EXPECT_TRUE(has_note(row, "params_mib_plotted=132.2"));
  EXPECT_TRUE(has_note(row, "line=slope1.71"));
  const measure::Row& cluster = row_of(memory, "models_comparison:small-net cluster", 1);
  EXPECT_FALSE(cluster.input_height.has_value());
  EXPECT_TRUE(has_note(cluster, "input: unknown px"));
}

TEST(Published, icassp23_has_rates_efficiencies_and_memory_that_ran_out) {
  const ImportedFile file = read_import(kPublished / "icassp23_throughput.csv");
  const measure::Row& row = row_of(file, "caffe_alexnet", std::nullopt, "XavierGPU", "fp16");
  EXPECT_EQ(row.images_per_s, 529.42);
  EXPECT_FALSE(row.per_image_ms.has_value());
  EXPECT_EQ(row.mode, "throughput");
  EXPECT_FALSE(row.input_height.has_value());
  EXPECT_TRUE(has_note(row, "input: 224 or 227 px"));
  const measure::Row& full = row_of(file, "vgg16", std::nullopt, "Nano", "fp32");
  EXPECT_EQ(full.status, "out_of_memory");
  EXPECT_FALSE(full.images_per_s.has_value());
  EXPECT_EQ(std::count_if(file.rows.begin(), file.rows.end(), [](const auto& one) { return one.status == "out_of_memory"; }), 2);

  const ImportedFile efficiency = read_import(kPublished / "icassp23_efficiency.csv");
  const measure::Row& per_watt = row_of(efficiency, "squeezenet1_0", std::nullopt, "NCS", "fp32");
  EXPECT_EQ(per_watt.images_per_s_per_w, 14.27);
  EXPECT_FALSE(per_watt.images_per_s.has_value());
  EXPECT_FALSE(per_watt.per_image_ms.has_value());
}

TEST(Published, dd_performances_takes_platforms_from_its_column) {
  const ImportedFile file = read_import(kPublished / "dd_performances_latency.csv");
  const measure::Row& row = row_of(file, "mobilenet_v1_depthwise", 2, "GTX1080Ti");
  EXPECT_EQ(row.per_image_ms, 6.2);
  EXPECT_EQ(row.engine, "caffe");
  EXPECT_EQ(row.input_height, 224);
  EXPECT_NO_THROW(row_of(file, "caffe_resnet50", 1, "RaspberryPi3"));
  EXPECT_NO_THROW(row_of(file, "shufflenet_v1_g3", 1, "JetsonTK1"));
  const ImportedFile nano = read_import(kPublished / "dd_performances_nano_digitised.csv");
  EXPECT_EQ(row_of(nano, "shufflenet_v1_g3", 16, "JetsonNano").per_image_ms, 33.8);
  EXPECT_EQ(row_of(nano, "dd_performances:SqueezeNet", 48).per_image_ms, 20.8);
  EXPECT_EQ(row_of(nano, "shufflenet_v1_g3", 1).engine, "");
}

TEST(Published, tables_that_are_no_measurements_and_options_beside_sources_are_refused) {
  expect_error(ErrorCode::input, "holds cost, not measurements", [] { read_import(kPublished / "dd_performances_cost.csv"); });
  expect_error(ErrorCode::input, "holds conditions, not measurements",
               [] { read_import(kPublished / "modelscomparison_input_sizes.csv"); });
  expect_error(ErrorCode::usage, "is listed in the sources.csv beside it", [] {
    read_import(kPublished / "icassp23_throughput.csv", {.columns = {{"images_per_s", "value"}}});
  });
  EXPECT_THROW(read_import(kPublished / "sources.csv"), Error);
  EXPECT_THROW(read_import(kPublished / "names.csv"), Error);
}

TEST(Published, every_spelling_has_one_line_in_names_and_no_line_is_idle) {
  std::set<std::pair<std::string, std::string>> spelt, named;
  const CsvTable sources = read_csv(kPublished / "sources.csv");
  for (const auto& line : sources.rows) {
    const CsvTable table = read_csv(kPublished / line[*sources.column("file")]);
    for (const auto& cells : table.rows) spelt.emplace(line[*sources.column("study")], cells[*table.column("model")]);
  }
  const CsvTable names = read_csv(kPublished / "names.csv");
  for (const auto& cells : names.rows) {
    EXPECT_TRUE(named.emplace(cells[0], cells[1]).second) << cells[0] << " " << cells[1];
    EXPECT_NE(cells[2].empty(), cells[3].empty()) << cells[1] << ": either a network of the zoo or the reason why not";
  }
  EXPECT_EQ(named, spelt);
}

TEST(Published, a_changed_table_is_an_error_with_its_line) {
  const TemporaryFolder folder;
  const auto copy = [&](const std::string& name, const std::string& content) {
    for (const std::string table : {"sources.csv", "names.csv"}) {
      fs::copy_file(kPublished / table, folder / table, fs::copy_options::overwrite_existing);
    }
    put_file(folder / name, content);
    return folder / name;
  };
  expect_error(ErrorCode::input, "lacks the column 'ms_per_image'",
               [&] { read_import(copy("modeltest_colab_latency.csv", "model,batch,ms\na,1,2\n")); });
  expect_error(ErrorCode::input, ":2: ms_per_image is 'quick'",
               [&] { read_import(copy("modeltest_colab_latency.csv", "model,batch,ms_per_image\nVGG-16,1,quick\n")); });
  expect_error(ErrorCode::input, ":2: ms_per_image is '0'",
               [&] { read_import(copy("modeltest_colab_latency.csv", "model,batch,ms_per_image\nVGG-16,1,0\n")); });
  expect_error(ErrorCode::input, ":2: batch is '0'",
               [&] { read_import(copy("modeltest_colab_latency.csv", "model,batch,ms_per_image\nVGG-16,0,1\n")); });
  const ImportedFile file = read_import(copy("modeltest_colab_latency.csv", "model,batch,ms_per_image\nVGG-16,1,\nNewNet,1,3\n"));
  EXPECT_EQ(file.left_out, 1u);
  ASSERT_EQ(file.rows.size(), 1u);
  EXPECT_EQ(file.rows[0].model, "model_test:NewNet");
  EXPECT_TRUE(has_note(file.rows[0], "names.csv does not say which network this is"));
}

TEST(Published, without_names_every_net_keeps_the_studys_spelling) {
  const TemporaryFolder folder;
  fs::copy_file(kPublished / "sources.csv", folder / "sources.csv");
  fs::copy_file(kPublished / "modeltest_colab_latency.csv", folder / "modeltest_colab_latency.csv");
  EXPECT_EQ(read_import(folder / "modeltest_colab_latency.csv").rows.back().model, "model_test:DualPathNet-131");
}

TEST(Published, a_sources_csv_of_others_is_none_of_ours) {
  const TemporaryFolder folder;
  put_file(folder / "sources.csv", "file,author\na.csv,me\n");
  put_file(folder / "a.csv", "model,per_image_ms\nalexnet,1\n");
  EXPECT_EQ(read_import(folder / "a.csv").source, "a.csv");
}

}  // namespace
}  // namespace inferometer::store

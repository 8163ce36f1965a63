#include "cli/study.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/run_fields.h"

namespace inferometer::cli {
namespace {

using Integers = std::vector<std::int64_t>;
using Ints = std::vector<int>;
using Words = std::vector<std::string>;

TEST(Study, EveryKeyOfARun) {
  const Study study = parse_study(R"(
name = "all"
title = "Everything"
[[run]]
name = "first"
models = ["resnet18", "vgg*", "nets/own.onnx"]
engines = ["onnxruntime", "fake:delay_ms=5:spin=1"]
devices = ["cpu", "cuda:0"]
precisions = ["fp32", "native"]
batches = "1-8*2"
threads = [1, 2]
streams = 2
requests = "1-3"
inputs = [32, "224-226"]
classes = 10
mode = "latency"
protocol = "ten"
starts = 5
runs = 7
min_time_s = 1
max_time_s = 2.5
interval_target_ratio = 0.02
percentiles = [90, 99.9]
cpus = "3,0-1"
pause_s = 0.5
power = "auto"
weights = "random:7"
input_seed = 9
shapes = { input = "1x3x8x8", mask = "1x4" }
load_timeout_s = 60
memory_limit_mib = 512
)",
                                  "folder/all.toml");
  EXPECT_EQ(study.name, "all");
  EXPECT_EQ(study.title, "Everything");
  ASSERT_EQ(study.runs.size(), 1u);
  EXPECT_EQ(study.runs[0].name, "first");
  const measure::RunSpec& spec = study.runs[0].spec;
  EXPECT_EQ(spec.models, (Words{"resnet18", "vgg*", "folder/nets/own.onnx"}));
  ASSERT_EQ(spec.engines.size(), 2u);
  EXPECT_EQ(spec.engines[1].settings.at("spin"), "1");
  EXPECT_EQ(spec.devices, (Words{"cpu", "cuda:0"}));
  EXPECT_EQ(spec.precisions, (Words{"fp32", "native"}));
  EXPECT_EQ(spec.batches, (Integers{1, 2, 4, 8}));
  EXPECT_EQ(spec.threads, (Ints{1, 2}));
  EXPECT_EQ(spec.streams, (Ints{2}));
  EXPECT_EQ(spec.requests, (Ints{1, 2, 3}));
  EXPECT_EQ(spec.inputs, (Integers{32, 224, 225, 226}));
  EXPECT_EQ(spec.classes, 10);
  EXPECT_EQ(spec.mode, measure::Mode::latency);
  EXPECT_EQ(spec.protocol, measure::Protocol::ten);
  EXPECT_EQ(spec.starts, 5);
  EXPECT_EQ(spec.stop.runs, 7);
  EXPECT_EQ(spec.min_time_s, 1);
  EXPECT_EQ(spec.max_time_s, 2.5);
  EXPECT_EQ(spec.stop.interval_target_ratio, 0.02);
  EXPECT_EQ(spec.stop.percentiles, (std::vector<double>{90, 99.9}));
  EXPECT_EQ(spec.cpus, (Ints{0, 1, 3}));
  EXPECT_EQ(spec.pause_s, 0.5);
  EXPECT_EQ(spec.power, "auto");
  EXPECT_EQ(spec.weights_seed, 7u);
  EXPECT_EQ(spec.input_seed, 9u);
  EXPECT_EQ(spec.shapes.at("input"), (Shape{1, 3, 8, 8}));
  EXPECT_EQ(spec.shapes.at("mask"), (Shape{1, 4}));
  EXPECT_EQ(spec.limits.load_timeout_s, 60);
  EXPECT_EQ(spec.limits.memory_limit_mib, 512);
}

TEST(Study, AFileThatGivesLittleGetsTheDefaults) {
  const Study study =
      parse_study("[[run]]\nmodels = \"resnet18,vgg16\"\nthreads = \"default\"\ninputs = \"default\"\n", "studies/small.toml");
  EXPECT_EQ(study.name, "small");
  ASSERT_EQ(study.runs.size(), 1u);
  EXPECT_EQ(study.runs[0].name, "1");
  const measure::RunSpec& spec = study.runs[0].spec;
  EXPECT_EQ(spec.models, (Words{"resnet18", "vgg16"}));
  EXPECT_TRUE(spec.engines.empty());
  EXPECT_TRUE(spec.threads.empty());
  EXPECT_TRUE(spec.inputs.empty());
  EXPECT_EQ(spec.batches, (Integers{1}));
  EXPECT_EQ(spec.starts, 3);
  EXPECT_EQ(parse_study("", "empty.toml").runs.size(), 0u);
}

TEST(Study, EveryKeyOfAnEvaluation) {
  const Study study = parse_study(R"(
[[evaluate]]
name = "pictures"
models = ["resnet18", "nets/own.onnx"]
engines = "onnxruntime"
devices = "cpu"
precisions = ["fp32", "bf16"]
batches = 4
threads = 2
streams = 2
inputs = 64
classes = 10
cpus = "0-1"
shapes = { input = "1x3x8x8" }
weights = { resnet18 = "files/resnet18.pth" }
images = "../pictures"
labels = "labels.txt"
limit = 10
class_offset = 1
confidences = true
strict = true
resize = "warp:72"
interpolation = "area"
crop = 64
channels = "bgr"
scale = 1
mean = [104, 117.5, 123]
std = 1
[[evaluate]]
models = "vgg16"
crop = "32x24"
)",
                                  "folder/all.toml");
  ASSERT_EQ(study.evaluations.size(), 2u);
  EXPECT_TRUE(study.runs.empty());
  EXPECT_EQ(study.evaluations[0].name, "pictures");
  const EvaluationRequest& request = study.evaluations[0].request;
  EXPECT_EQ(request.spec.models, (Words{"resnet18", "folder/nets/own.onnx"}));
  EXPECT_EQ(request.spec.engines.at(0).name, "onnxruntime");
  EXPECT_EQ(request.spec.devices, (Words{"cpu"}));
  EXPECT_EQ(request.spec.precisions, (Words{"fp32", "bf16"}));
  EXPECT_EQ(request.spec.batches, (Integers{4}));
  EXPECT_EQ(request.spec.threads, (Ints{2}));
  EXPECT_EQ(request.spec.streams, (Ints{2}));
  EXPECT_TRUE(request.streams_are_asked);
  EXPECT_EQ(request.spec.inputs, (Integers{64}));
  EXPECT_EQ(request.spec.classes, 10);
  EXPECT_EQ(request.spec.cpus, (Ints{0, 1}));
  EXPECT_EQ(request.spec.shapes.size(), 1u);
  EXPECT_EQ(request.weights, (std::map<std::string, std::string>{{"resnet18", "folder/files/resnet18.pth"}}));
  EXPECT_EQ(request.images, "pictures");
  EXPECT_EQ(request.labels, "folder/labels.txt");
  EXPECT_EQ(request.limit, 10);
  EXPECT_EQ(request.class_offset, 1);
  EXPECT_TRUE(request.confidences);
  EXPECT_TRUE(request.strict);
  const dataset::PreprocessingChanges changes = preprocessing_changes(request.preprocessing);
  EXPECT_EQ(changes.resize, zoo::ResizeRule::warp);
  EXPECT_EQ(changes.resize_to, 72);
  EXPECT_EQ(changes.interpolation, zoo::Interpolation::area);
  EXPECT_EQ(changes.crop, 64);
  EXPECT_EQ(changes.channels, zoo::ChannelOrder::bgr);
  EXPECT_EQ(changes.scale, 1);
  EXPECT_EQ(changes.mean, (std::array<double, 3>{104, 117.5, 123}));
  EXPECT_EQ(changes.standard_deviation, (std::array<double, 3>{1, 1, 1}));

  const StudyEvaluation& little = study.evaluations[1];
  EXPECT_EQ(little.name, "");
  EXPECT_EQ(little.request.class_offset, -1);
  EXPECT_FALSE(little.request.streams_are_asked || little.request.confidences || little.request.strict);
  EXPECT_EQ(preprocessing_changes(little.request.preprocessing).crop_height, 24);
  // Without a name, --only never means it.
  EXPECT_EQ(select_evaluations(study, {}).size(), 2u);
  ASSERT_EQ(select_evaluations(study, {"pictures"}).size(), 1u);
  EXPECT_TRUE(select_runs(study, {"pictures"}).empty());
}

TEST(Study, TheOtherBlocks) {
  const Study study = parse_study(R"(text = "What it asks."
[[column]]
name = "class"
of = "platform"
values = { Nano = "GPU" }
other = "here"
[[published]]
file = "../published/times.csv"
[[published]]
file = "../published/cost.csv"
name = "cost"
[[run]]
models = ["resnet18", "vgg*"]
[[section]]
title = "First"
text = "Words."
[[analysis]]
type = "anova"
response = "per_image_ms"
log = true
factors = ["batch", "model"]
where = "engine=torch"
each = "class"
takeaway = true
[[table]]
title = "Times"
rows = "model"
columns = ["engine", "batch"]
value = "per_image_ms"
empty = "x"
[[table]]
from = "networks"
columns = ["model", "gmacs"]
sort = "gmacs"
[[figure]]
type = "bubble"
from = "cost"
x = "what the file has"
y = "top1"
size = "parameters"
fit = { model = "logarithmic", bands = false }
size_legend = [{ at = 50e6, label = "50 M" }, { at = 1 }]
[[figure]]
type = "scatter_fit"
x = "parameters_mb"
y = "peak_memory_mb"
fit = "two_lines"
reference_lines = [{ at = 40, label = "25 fps" }]
across = 3
[[takeaway]]
type = "ratio"
value = "images_per_s"
column = "precision"
numerator = "fp16"
denominator = "fp32"
each = ["platform"]
[[absent]]
title = "Power"
reason = "no meter"
)",
                                  "studies/x.toml");
  const report::StudyPlan& plan = study.report;
  EXPECT_EQ(plan.file, "studies/x.toml");
  EXPECT_EQ(plan.text, "What it asks.");
  EXPECT_EQ(plan.networks, (Words{"resnet18", "vgg*"}));
  ASSERT_EQ(plan.columns.size(), 1u);
  EXPECT_EQ(plan.columns[0].values.at("Nano"), "GPU");
  EXPECT_EQ(plan.columns[0].other, "here");
  ASSERT_EQ(plan.published.size(), 2u);
  EXPECT_EQ(plan.published[0].file, "published/times.csv");
  EXPECT_EQ(plan.published[0].name, "times");
  EXPECT_EQ(plan.published[1].name, "cost");

  ASSERT_EQ(plan.blocks.size(), 8u);  // in the order of the file
  EXPECT_EQ(std::get<report::SectionSpec>(plan.blocks[0].content).text, "Words.");
  const auto& analysis = std::get<report::StudyAnalysis>(plan.blocks[1].content);
  EXPECT_EQ(plan.blocks[1].line, 17u);
  EXPECT_EQ(analysis.spec.type, "anova");
  EXPECT_EQ(analysis.spec.response, "per_image_ms");
  EXPECT_TRUE(analysis.spec.log);
  EXPECT_EQ(analysis.spec.factors, (Words{"batch", "model"}));
  EXPECT_EQ(analysis.where, "engine=torch");
  EXPECT_EQ(analysis.each, (Words{"class"}));
  EXPECT_TRUE(analysis.takeaway);
  const auto& grid = std::get<report::TableSpec>(plan.blocks[2].content);
  EXPECT_EQ(grid.title, "Times");
  EXPECT_EQ(grid.rows, (Words{"model"}));
  EXPECT_EQ(grid.columns, (Words{"engine", "batch"}));
  EXPECT_EQ(grid.value, "per_image_ms");
  EXPECT_EQ(grid.empty, "x");
  EXPECT_EQ(plan.blocks[2].from, "rows");
  EXPECT_EQ(plan.blocks[3].from, "networks");
  EXPECT_EQ(std::get<report::TableSpec>(plan.blocks[3].content).sort, "gmacs");
  const auto& bubble = std::get<report::FigureSpec>(plan.blocks[4].content);
  EXPECT_EQ(plan.blocks[4].from, "cost");
  EXPECT_EQ(bubble.x, "what the file has");
  EXPECT_EQ(bubble.fit->model, "logarithmic");
  EXPECT_FALSE(bubble.fit->bands);
  ASSERT_EQ(bubble.size_legend.size(), 2u);
  EXPECT_EQ(bubble.size_legend[0], (std::pair<double, std::string>(50e6, "50 M")));
  const auto& scatter = std::get<report::FigureSpec>(plan.blocks[5].content);
  EXPECT_EQ(scatter.fit->model, "two_lines");
  EXPECT_TRUE(scatter.fit->bands);
  EXPECT_EQ(scatter.columns, 3u);
  EXPECT_EQ(scatter.reference_lines, (std::vector<std::pair<double, std::string>>{{40, "25 fps"}}));
  const auto& ratio = std::get<report::TakeawaySpec>(plan.blocks[6].content);
  EXPECT_EQ(ratio.numerator, "fp16");
  EXPECT_EQ(ratio.each, (Words{"platform"}));
  EXPECT_EQ(std::get<report::AbsentSpec>(plan.blocks[7].content).reason, "no meter");
}

struct Failure {
  std::string message, hint;
};

Failure failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.what(), error.hint()};
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Study, Errors) {
  const struct {
    const char* text;
    const char* message;
    const char* hint_part;
  } cases[] = {
      {"name = ", "s.toml:1:8: ", "TOML"},
      {"x = \xff", "s.toml:1:4: ", "TOML"},
      {"\xc3\xa9 = 1", "s.toml:1:1: ", "TOML"},
      {"name = \"x\" \xc8\xa0", "s.toml:1:12: ", "TOML"},
      {"[%run]", "s.toml", "TOML"},  // toml++ checks this by an assertion
      {"nam = \"x\"", "s.toml:1:1: unknown key 'nam'", "name"},
      {"name = 3", "s.toml:1:1: name: must be a string, not a whole number", ""},
      {"run = 3", "s.toml:1:1: run: must be written [[run]], once for each run, not a whole number", ""},
      {"[run]\nmodels = [\"a\"]", "s.toml:1:2: run: must be written [[run]], once for each run, not a table", ""},
      {"run = [1]", "s.toml:1:1: run: must be written [[run]], once for each run, not a whole number", ""},
      {"[[run]]\nbatches = 1", "s.toml:1:1: this run names no models", "models"},
      {"[[run]]\nmodels = [\"a\"]\nbatchs = 1", "s.toml:3:1: unknown key 'batchs'", "batches"},
      {"[[run]]\nmodels = [\"a\"]\n  batch = 1", "s.toml:3:3: unknown key 'batch'", "batches"},
      {"[[run]]\nmodels = []", "s.toml:2:1: models: the list is empty", ""},
      {"[[run]]\nmodels = 3", "s.toml:2:1: models: must be a string or a list of strings, not a whole number", ""},
      {"[[run]]\nmodels = [[\"a\"]]", "s.toml:2:1: models: must be a string or a list of strings, not a list", ""},
      {"[[run]]\nbatches = 0", "s.toml:2:1: batches: 0 is outside 1 to 65536", "1-128*2"},
      {"[[run]]\nbatches = [1, \"2-1\"]", "s.toml:2:1: batches: the range '2-1' ends below its begin", ""},
      {"[[run]]\nbatches = 1.5", "s.toml:2:1: batches: must be whole numbers, such as [1, 2] or \"1-4*2\", not a number", ""},
      {"[[run]]\nbatches = true", "s.toml:2:1: batches: must be whole numbers, such as [1, 2] or \"1-4*2\", not true or false", ""},
      {"[[run]]\nstarts = \"3\"", "s.toml:2:1: starts: must be a whole number, not a string", ""},
      {"[[run]]\nstarts = [3]", "s.toml:2:1: starts: must be a whole number, not a list", ""},
      {"[[run]]\nmax_time_s = inf", "s.toml:2:1: max_time_s: 'inf' is not a number", ""},
      {"[[run]]\npause_s = 1979-05-27", "s.toml:2:1: pause_s: must be a number, not a date or time", ""},
      {"[[run]]\nprotocol = \"tne\"", "s.toml:2:1: protocol: unknown value 'tne'", "ten"},
      {"[[run]]\nprecisions = \"fp23\"", "s.toml:2:1: precisions: unknown value 'fp23'", "fp32"},
      {"[[run]]\nmode = \"throughputs\"", "s.toml:2:1: mode: unknown value 'throughputs'", "throughput"},
      {"[[run]]\nshapes = \"1x3\"", "s.toml:2:1: shapes: must be a table such as { input = \"1x3x224x224\" }, not a string", ""},
      {"[[run]]\nmodels = \"a\"\nname = \"x\"\n[[run]]\nmodels = \"b\"\nname = \"x\"", "s.toml: two runs are named 'x'", "name"},
      {"[[evaluate]]\nimages = \"a\"", "s.toml:1:1: this evaluation names no models", "models"},
      {"[[evaluate]]\nmodels = \"a\"\n  imagess = \"x\"", "s.toml:3:3: unknown key 'imagess'", "images"},
      {"[[evaluate]]\nmodels = \"a\"\nprotocol = \"ten\"", "s.toml:3:1: unknown key 'protocol'", ""},
      {"[[evaluate]]\nmodels = \"a\"\nresise = \"none\"", "s.toml:3:1: unknown key 'resise'", "resize"},
      {"[[evaluate]]\nresize = \"fit:3\"", "s.toml:2:1: resize: --resize: 'fit:3' is not known", "warp:256"},
      {"[[evaluate]]\nscale = \"1\"", "s.toml:2:1: scale: must be a number, not a string", ""},
      {"[[evaluate]]\nmean = [1, 2]", "s.toml:2:1: mean: --mean: 2 numbers", ""},
      {"[[evaluate]]\nweights = \"x.pth\"", "s.toml:2:1: weights: must be a table of strings", ""},
      {"[[evaluate]]\nconfidences = 1", "s.toml:2:1: confidences: must be true or false, not a whole number", ""},
      {"[[evaluate]]\nmodels = \"a\"\nlimit = 0", "s.toml:1:1: limit: must be 1 or more", ""},
      {"[[evaluate]]\nmodels = \"a\"\nlabels = \"x\"", "s.toml:1:1: labels: of which pictures?", "images"},
      {"[[evaluate]]\nmodels = \"a\"\nthreads = [1, 2]", "s.toml:1:1: threads: an evaluation takes one value", "[[evaluate]]"},
      {"[[run]]\nmodels = \"a\"\nname = \"x\"\n[[evaluate]]\nmodels = \"b\"\nname = \"x\"", "s.toml: two runs or evaluations are named 'x'",
       "name"},
      {"[[table]]\nrows = \"model\"\ncolumns = \"batch\"", "s.toml:1:1: the key 'value' is missing here", ""},
      {"[[table]]\nrows = \"model\"", "s.toml:1:1: the key 'columns' is missing here", ""},
      {"[[table]]\nvalue = \"load_ms\"\ncolumns = \"batch\"", "s.toml:1:1: the key 'rows' is missing here", "grid"},
      {"[[table]]\nrows = \"modell\"", "s.toml:2:1: rows: there is no column 'modell'", "model"},
      {"[[table]]\nvalue = \"engine\"", "s.toml:2:1: value: the column 'engine' holds no numbers", ""},
      {"[[table]]\nfrom = \"network\"", "s.toml:2:1: from: there is no table 'network'", "networks"},
      {"[[table]]\nfrom = \"networks\"\ncolumns = \"gmac\"", "s.toml:3:1: columns: there is no column 'gmac'", "gmacs"},
      {"[[table]]\nfrom = \"networks\"\nrows = \"model\"\ncolumns = \"year\"\nvalue = \"macs\"",
       "s.toml:1:1: a grid is made of the rows of the study or of pictures", ""},
      {"[[table]]\ncolumns = \"model\"\nempty = \"x\"", "s.toml:1:1: a list has no use for the key 'empty'", ""},
      {"[[table]]\ncolumns = \"model\"\ndistinkt = true", "s.toml:3:1: unknown key 'distinkt'", "distinct"},
      {"[[table]]\nrows = \"model\"\ncolumns = \"batch\"\nvalue = \"load_ms\"\ndistinct = true",
       "s.toml:1:1: a grid has no use for the key 'distinct'", "list"},
      {"[[figure]]\ntype = \"bubbel\"", "s.toml:1:1: unknown figure type 'bubbel'", "bubble"},
      {"[[figure]]\ntype = \"bubble\"\nx = \"gmacs\"\ny = \"top1\"", "s.toml:1:1: a figure of type bubble needs the key 'size'", ""},
      {"[[figure]]\ntype = \"ecdf\"\nx = \"gmacs\"\nsort = \"value\"", "s.toml:1:1: a figure of type ecdf has no use for the key 'sort'",
       ""},
      {"[[figure]]\ntype = \"ecdf\"\nx = \"gmac\"", "s.toml:3:1: x: there is no column 'gmac'", "gmacs"},
      {"[[figure]]\ntype = \"ecdf\"\nx = \"gmacs\"\nwhere = \"batsch=1\"", "s.toml:4:1: where: there is no column 'batsch'", "batch"},
      {"[[figure]]\ntype = \"ecdf\"\nx = \"gmacs\"\nwhere = \"batch\"", "s.toml:4:1: where: --where 'batch': a comparison",
       "write it like"},
      {"[[figure]]\nfit = { modle = \"x\" }", "s.toml:2:9: unknown key 'modle'", "model"},
      {"[[figure]]\ntype = \"scatter_fit\"\nx = \"gmacs\"\ny = \"top1\"\nfit = \"lineer\"", "s.toml:1:1: fit: unknown model 'lineer'",
       "linear"},
      {"[[figure]]\ntype = \"bar\"\nx = \"model\"\ny = \"top1\"\nsort = \"size\"", "s.toml:1:1: sort: unknown value 'size'", "value"},
      {"[[figure]]\ntype = \"bar\"\nx = \"model\"\ny = \"top1\"\nvalue_format = \"{:q}\"", "s.toml:1:1: value_format: '{:q}'", "{:.3g}"},
      {"[[figure]]\nacross = -1", "s.toml:2:1: across: must not be below 0", ""},
      {"[[figure]]\nreference_lines = [40]", "s.toml:2:1: reference_lines: must be a list such as", ""},
      {"[[figure]]\nreference_lines = [{ label = \"x\" }]", "s.toml:2:20: the key 'at' is missing here", ""},
      {"[[analysis]]\ntype = \"anova\"\nlog = 1", "s.toml:3:1: log: must be true or false, not a whole number", ""},
      {"[[analysis]]\ntype = \"anova\"\nresponse = \"top1\"\nfactors = \"model\"\nconfidence = 1",
       "s.toml:1:1: anova: confidence must lie between 0 and 1", ""},
      {"[[takeaway]]\ntype = \"ratio\"\nvalue = \"load_ms\"", "s.toml:1:1: type ratio needs the key 'column'", ""},
      {"[[takeaway]]\ntype = \"rato\"\nvalue = \"load_ms\"", "s.toml:1:1: unknown takeaway type 'rato'", "ratio"},
      {"[[absent]]\ntitle = \"x\"", "s.toml:1:1: the key 'reason' is missing here", ""},
      {"[[published]]\n", "s.toml:1:1: the key 'file' is missing here", ""},
      {"[[published]]\nfile = \"x.csv\"\nname = \"rows\"", "s.toml:1:1: 'rows' is no name for a table", ""},
      {"[[column]]\nname = \"model\"\nof = \"engine\"\nvalues = {}", "s.toml:1:1: the rows have a column 'model' already", ""},
      {"[[column]]\nname = \"m\"\nof = \"engin\"\nvalues = {}", "s.toml:1:1: of: there is no column 'engin'", "engine"},
  };
  for (const auto& each : cases) {
    const Failure failure = failure_of([&] { parse_study(each.text, "s.toml"); });
    EXPECT_EQ(failure.message.rfind(each.message, 0), 0u) << each.text << "\n  says: " << failure.message;
    EXPECT_NE(failure.hint.find(each.hint_part), std::string::npos) << each.text << "\n  hints: " << failure.hint;
  }
}

TEST(Study, ErrorsAreInputErrors) {
  for (const char* text : {"nam = 1", "[[run]]\nbatches = 0", "= 1"}) {
    try {
      parse_study(text, "s.toml");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input) << text;
    }
  }
}

TEST(Study, WhatFuzzingFoundIsAnInputError) {
  int replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(INFEROMETER_SOURCE_DIR) + "/tests/fuzz/crashes/study")) {
    ++replayed;
    try {
      read_study(entry.path());
      ADD_FAILURE() << entry.path();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input) << entry.path();
      EXPECT_EQ(std::string_view(error.what()).find_first_of("\r\n"), std::string_view::npos) << entry.path();
    }
  }
  EXPECT_GE(replayed, 3);
}

TEST(Study, SelectRuns) {
  const Study study = parse_study("[[run]]\nmodels = \"a\"\nname = \"small\"\n[[run]]\nmodels = \"b\"\n", "s.toml");
  EXPECT_EQ(select_runs(study, {}).size(), 2u);
  ASSERT_EQ(select_runs(study, {"2"}).size(), 1u);
  EXPECT_EQ(select_runs(study, {"2"})[0].models, (Words{"b"}));
  // File order, whatever the order of the names.
  EXPECT_EQ(select_runs(study, {"2", "small"})[0].models, (Words{"a"}));
  const Failure failure = failure_of([&] { select_runs(study, {"large"}); });
  EXPECT_EQ(failure.message, "the study 's' has no run named 'large'");
  EXPECT_EQ(failure.hint, "its runs: small, 2");
}

TEST(Study, TheProjectsOwnStudiesParse) {
  const Study study = read_study(std::string(INFEROMETER_SOURCE_DIR) + "/studies/quick.toml");
  EXPECT_EQ(study.name, "quick");
  ASSERT_EQ(study.runs.size(), 1u);
  EXPECT_EQ(study.runs[0].spec.models.size(), 6u);
  EXPECT_EQ(study.runs[0].spec.engines.size(), 3u);
  EXPECT_FALSE(study.report.blocks.empty());
}

TEST(RunFields, OptionsAndKeysAreDistinct) {
  std::vector<std::string> names;
  for (const RunField& field : run_fields()) {
    names.emplace_back(field.option);
    names.emplace_back(field.key);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace inferometer::cli

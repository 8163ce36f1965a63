#include "report/store_plan.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "report/frame.h"
#include "report/telling_apart.h"
#include "zoo/zoo.h"

namespace inferometer::report {
namespace {

/// More networks than these are not told apart in one panel.
constexpr std::size_t kMostBars = 60, kMostLines = 40;
constexpr std::size_t kLeastOfCurve = 5, kMostLayerFigures = 12;

/// What there is among the rows that passed.
struct Inventory {
  std::set<std::string> models, engines;
  std::set<std::string> networks_with_accuracy;  ///< of the zoo
  std::set<std::string> models_with_accuracy;    ///< in their rows, beside a speed
  std::set<std::int64_t> batches;
  std::size_t with_time = 0, with_memory = 0;

  explicit Inventory(const std::vector<measure::Row>& rows) {
    for (const measure::Row& row : rows) {
      if (row.status != "passed") continue;
      models.insert(row.model);
      engines.insert(row.engine);
      if (row.batch) batches.insert(*row.batch);
      with_time += row.per_image_ms ? 1 : 0;
      with_memory += row.peak_memory_mb && row.parameters ? 1 : 0;
      const zoo::Network* network = zoo::find(row.model);
      if (network != nullptr && network->published) networks_with_accuracy.insert(row.model);
      if (row.top1 && row.images_per_s) models_with_accuracy.insert(row.model);
    }
  }
  std::string smallest_batch() const { return batches.empty() ? std::string() : fmt::format("batch={}", *batches.begin()); }
};

FigureSpec figure(std::string type, std::string title, std::string x, std::string y) {
  FigureSpec spec;
  spec.type = std::move(type);
  spec.title = std::move(title);
  spec.x = std::move(x);
  spec.y = {std::move(y)};
  return spec;
}

/// As a value of a condition.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char letter : text) result += letter == '\'' ? "''" : std::string(1, letter);
  return result + "'";
}

/// Adds blocks to a plan in reading order.
class Planner {
 public:
  Planner(StudyPlan& plan, const Inventory& has) : plan_(plan), has_(has) {}

  void times() {
    if (has_.with_time == 0) return;
    add(SectionSpec{"Time per image", ""});
    TableSpec grid;
    grid.title = "Milliseconds per image";
    grid.rows = {"model"};
    grid.columns = {"engine", "batch"};
    grid.value = "per_image_ms";
    add(grid);

    if (has_.models.size() <= kMostBars) {
      FigureSpec bars = figure("grouped_bar", "Time per image of each network", "model", "per_image_ms");
      bars.series = {"engine"};
      bars.where = has_.smallest_batch();
      bars.sort = "value";
      bars.log_y = true;
      add(bars);
    }
    if (has_.batches.size() > 1 && has_.models.size() <= kMostLines) {
      FigureSpec lines = figure("line", "Time per image against the batch", "batch", "per_image_ms");
      lines.series = {"model"};
      lines.group = {"engine"};
      lines.log_x = lines.log_y = true;
      add(lines);
    }
    if (has_.engines.size() > 1 && has_.models.size() > 2) {
      FigureSpec box = figure("box", "Time per image over all networks", "engine", "per_image_ms");
      box.where = has_.smallest_batch();
      box.log_y = true;
      add(box);
    }
    if (has_.batches.size() > 1 && has_.models.size() > 1) analysis();
  }

  void accuracy() {
    if (has_.networks_with_accuracy.size() < kLeastOfCurve) return;
    add(SectionSpec{"Accuracy and cost",
                    "Accuracies are those that the networks' authors published; the weights measured here may be others."});
    FigureSpec bubble = figure("bubble", "Top-1 accuracy against multiply-accumulates", "gmacs", "top1");
    bubble.size = "parameters";
    bubble.label = "model";
    bubble.fit = FitSpec{"logarithmic"};
    add(bubble, kFromNetworks);
    if (has_.models_with_accuracy.size() < kLeastOfCurve) return;
    FigureSpec speed = figure("scatter_fit", "Top-1 accuracy against images per second", "images_per_s", "top1");
    speed.group = {"engine"};
    speed.label = "model";
    speed.log_x = true;
    speed.where = has_.smallest_batch();
    speed.fit = FitSpec{"logistic"};
    add(speed);
  }

  void memory() {
    if (has_.with_memory == 0 || has_.models.size() < kLeastOfCurve) return;
    add(SectionSpec{"Memory", ""});
    FigureSpec memory = figure("scatter_fit", "Peak memory against the size of the parameters", "parameters_mb", "peak_memory_mb");
    memory.group = {"engine"};
    memory.label = "model";
    memory.where = has_.smallest_batch();
    memory.fit = FitSpec{"linear"};
    add(memory);
  }

  void layers(const std::vector<measure::LayerRow>& rows) {
    if (rows.empty()) return;
    add(SectionSpec{"Layer times", "From profiled starts of their own: profiling changes timing."});
    std::vector<std::string> models;
    for (const measure::LayerRow& row : rows) {
      if (std::find(models.begin(), models.end(), row.model) == models.end()) models.push_back(row.model);
    }
    if (models.size() > kMostLayerFigures) models.resize(kMostLayerFigures);
    for (const std::string& model : models) {
      FigureSpec figure;
      figure.type = "layers";
      figure.title = "Layers of " + model;
      figure.where = fmt::format("model={}", quoted(model));
      add(figure, kFromLayers);
    }
    TableSpec list;
    list.title = "Every layer";
    list.columns = {"model",      "engine",  "precision", "batch",        "threads",         "layer",   "operator",    "outcome",
                    "fused_into", "mapping", "kernel",    "engine_layer", "layer_precision", "time_us", "share_ratio", "gmacs_per_s"};
    add(list, kFromLayers);
  }

  /// Curves, one panel for each training.
  void trainings(const std::vector<train::TrainingRow>& rows) {
    if (rows.empty()) return;
    add(SectionSpec{"Training",
                    "Training pictures were seen augmented and by the weights of each step; validation came after each epoch."});
    const bool validated = std::any_of(rows.begin(), rows.end(), [](const train::TrainingRow& row) { return row.validation_loss; });
    const auto curves = [&](const char* title, const char* training, const char* validation) {
      FigureSpec spec = figure("line", title, "epoch", training);
      if (validated) spec.y.emplace_back(validation);
      spec.group = {"model", "training"};
      return spec;
    };
    FigureSpec loss = curves("Loss by epoch", "train_loss", "validation_loss");
    loss.log_y = true;
    add(loss, kFromTrainings);
    add(curves("Accuracy by epoch", "train_top1", "validation_top1"), kFromTrainings);
    TableSpec list;
    list.title = "Every epoch";
    list.columns = {"training",        "model",           "epoch", "learning_rate", "train_loss", "train_top1",
                    "validation_loss", "validation_top1", "best",  "images_per_s",  "data",       "started_at"};
    add(list, kFromTrainings);
  }

  void all_rows(const std::vector<measure::Row>& rows) {
    add(SectionSpec{"All rows", ""});
    TableSpec list;
    list.title = "Every row";
    const Frame settings = frame_of(rows, {setting_columns().begin(), setting_columns().end()});
    std::vector<std::size_t> all(rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<std::string> always{"model", "engine", "engine_settings", "device", "precision", "threads", "input_height", "batch"};
    const auto is_plain = [](const measure::Row& row) { return row.mode.empty() || row.mode == "latency"; };
    if (!std::all_of(rows.begin(), rows.end(), is_plain)) always.insert(always.end(), {"mode", "streams", "requests"});
    const std::vector<std::string> behind{"platform", "source"};
    // Further settings where lines would differ in them unseen.
    list.columns = telling_apart(settings, all, behind, always);
    for (const char* column : {"per_image_ms", "images_per_s", "peak_memory_mb", "status", "verdict", "platform", "started_at", "source"}) {
      list.columns.emplace_back(column);
    }
    add(list);
  }

 private:
  void analysis() {
    StudyAnalysis anova;
    anova.spec.type = "anova";
    anova.spec.title = "What the time depends on";
    anova.spec.response = "per_image_ms";
    anova.spec.log = true;
    anova.spec.factors = {"batch", "model"};
    if (has_.engines.size() > 1) anova.each = {"engine"};
    add(anova);
  }

  void add(BlockContent content, std::string_view from = kFromRows) {
    StudyBlock block;
    block.content = std::move(content);
    block.from = std::string(from);
    plan_.blocks.push_back(std::move(block));
  }

  StudyPlan& plan_;
  const Inventory& has_;
};

}  // namespace

StudyPlan store_plan(const std::vector<measure::Row>& rows, const std::vector<measure::LayerRow>& layers,
                     const std::vector<train::TrainingRow>& trainings) {
  const Inventory has(rows);
  StudyPlan plan;
  plan.name = "store";
  plan.title = has.models.size() == 1 ? *has.models.begin() : fmt::format("{} networks", has.models.size());
  plan.title += fmt::format(" on {}", has.engines.size() == 1 ? *has.engines.begin() : fmt::format("{} engines", has.engines.size()));
  plan.networks.assign(has.networks_with_accuracy.begin(), has.networks_with_accuracy.end());
  Planner planner(plan, has);
  planner.times();
  planner.accuracy();
  planner.memory();
  planner.layers(layers);
  planner.trainings(trainings);
  if (rows.empty())
    plan.title = "Trainings";
  else
    planner.all_rows(rows);
  return plan;
}

}  // namespace inferometer::report

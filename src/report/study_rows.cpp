#include "report/study_rows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "report/network_columns.h"
#include "report/network_facts.h"
#include "report/picture_frame.h"
#include "stats/accuracy.h"
#include "stats/sample.h"
#include "store/published.h"
#include "zoo/zoo.h"

namespace inferometer::report {
namespace {

using measure::Row;
using Numbers = std::vector<std::optional<double>>;

constexpr double kBytesOfAParameter = 4;  ///< fp32
/// Published accuracies stand for ImageNet's 50,000 validation images.
constexpr std::int64_t kImageNetImages = 50'000;

std::optional<double> scaled(const std::optional<std::int64_t>& value, double factor) {
  return value ? std::optional(static_cast<double>(*value) * factor) : std::nullopt;
}

/// Top-1 percent per million parameters with Wilson's limits, from a published percentage.
std::optional<stats::AccuracyDensity> density(const std::optional<double>& top1, const std::optional<std::int64_t>& parameters) {
  if (!top1 || !parameters) return std::nullopt;
  const auto right = static_cast<std::int64_t>(std::llround(*top1 / 100 * static_cast<double>(kImageNetImages)));
  auto made = stats::accuracy_density(right, kImageNetImages, *parameters);
  // The point is the published figure itself, not its nearest count of images.
  if (made) made->value = *top1 / (static_cast<double>(*parameters) / 1e6);
  return made;
}

/// A private network's name without its study, told apart from the zoo's.
std::string network_name(const Row& row) {
  const std::size_t colon = row.model.find(':');
  const bool is_private = row.source != "measured" && colon != std::string::npos;
  return is_private ? row.model.substr(colon + 1) + " (study)" : row.model;
}

struct AddedNumber {
  const char* name;
  std::optional<double> (*of)(const Row&);
};
constexpr AddedNumber kAddedNumbers[] = {
    {"parameters_m", [](const Row& row) { return scaled(row.parameters, 1e-6); }},
    {"parameters_mb", [](const Row& row) { return scaled(row.parameters, kBytesOfAParameter / 1e6); }},
    {"parameters_mib", [](const Row& row) { return scaled(row.parameters, kBytesOfAParameter / (1 << 20)); }},
    {"top1_density",
     [](const Row& row) {
       const auto made = density(row.top1, row.parameters);
       return made ? std::optional(made->value) : std::nullopt;
     }},
};

}  // namespace

const std::vector<std::string>& added_columns() {
  static const std::vector<std::string> columns{"network",     "parameters_m", "parameters_mb", "parameters_mib", "top1_density",
                                                "origin",      "citation",     "timed",         "data_set",       "family",
                                                "activations", "operators",    "weight_layers"};
  return columns;
}

const std::vector<std::string>& network_columns() {
  static const std::vector<std::string> columns{
      "model",           "family",      "year",  "parameters",   "parameters_m",     "parameters_mb",
      "parameters_mib",  "macs",        "gmacs", "gflops",       "activations",      "operators",
      "weight_layers",   "top1",        "top5",  "top1_density", "top1_density_low", "top1_density_high",
      "accuracy_source", "input_height"};
  return columns;
}

std::vector<std::string> known_columns(std::string_view from) {
  if (from == kFromNetworks) return network_columns();
  if (from == kFromLayers) return measure::layer_columns();
  if (from == kFromPictures) return picture_columns();
  if (from == kFromTrainings) return train::training_columns();
  if (from != kFromRows) return {};
  std::vector<std::string> columns = measure::row_columns();
  columns.insert(columns.end(), added_columns().begin(), added_columns().end());
  return columns;
}

StudyRows::StudyRows(const StudyPlan& plan, const std::vector<Row>& measured, const std::set<std::string>& columns,
                     const std::vector<measure::LayerRow>& layers, const std::vector<measure::AnsweredPictures>& pictures,
                     const std::vector<train::TrainingRow>& trainings)
    : rows_(measured), measured_count_(measured.size()) {
  read_published(plan);
  make_row_frame(plan, columns);
  make_network_frame(plan);
  frames_[std::string(kFromLayers)] = frame_of(layers);
  frames_[std::string(kFromPictures)] = picture_frame(pictures);
  std::set<std::string> sets;
  for (const measure::AnsweredPictures& each : pictures) sets.insert(each.evaluation.data);
  about_[std::string(kFromPictures)] = "Evaluations of trained weights that kept the probability of the right class" +
                                       (sets.empty() ? "" : ", on " + join({sets.begin(), sets.end()}, ", "));
  frames_[std::string(kFromTrainings)] = frame_of(trainings);
}

const Frame& StudyRows::frame(const std::string& from) const {
  const auto found = frames_.find(from);
  if (found == frames_.end()) throw Error(ErrorCode::internal, fmt::format("a study without the table '{}'", from));
  return found->second;
}

std::string StudyRows::about(const std::string& from) const {
  const auto found = about_.find(from);
  return found == about_.end() ? "" : found->second;
}

void StudyRows::read_published(const StudyPlan& plan) {
  NetworkCatalog catalog;
  for (const PublishedSpec& spec : plan.published) {
    try {
      const CsvTable table = read_csv(spec.file);
      const std::optional<store::PublishedSource> source = store::published_source(spec.file);
      Frame frame = frame_of(table);
      frame.name = spec.name;
      frames_[spec.name] = std::move(frame);
      const std::string citation =
          source ? source->citation + (source->figure.empty() ? "" : ", " + source->figure) : spec.file.filename().string();
      about_[spec.name] = source ? "Published: " + citation : "From " + citation;
      std::string conditions = source ? source->timed : "";
      if (source && !source->data_set.empty()) conditions += (conditions.empty() ? "" : "; ") + ("data: " + source->data_set);
      sources_.emplace_back(spec.file.filename().string(), citation + (conditions.empty() ? "" : "; " + conditions));
      if (!source || source->import_as != "measurement") continue;
      row_sources_.push_back({citation, source->timed, source->data_set});
      for (Row& row : store::read_published(table, *source, spec.file.parent_path()).rows) {
        catalog.complete(row, source->input_px, Accuracies::of_any);
        rows_.push_back(std::move(row));
        source_of_.push_back(row_sources_.size() - 1);
      }
    } catch (const Error& error) {
      throw Error(ErrorCode::input, fmt::format("{}:{}: {}", plan.file, spec.line, error.what()), error.hint());
    }
  }
}

void StudyRows::make_row_frame(const StudyPlan& plan, const std::set<std::string>& columns) {
  std::set<std::string> wanted = columns;
  for (const ColumnSpec& column : plan.columns) wanted.insert(column.of);
  wanted.insert({"model", "input_height", "input_width"});  // what a network's features are found by
  Frame frame = frame_of(rows_, wanted);
  frame.name = measured_count_ == 0 ? "the published rows" : "the study's rows";
  const auto add_text = [&](const char* name, const std::function<std::string(std::size_t)>& of) {
    if (!wanted.contains(name)) return;
    std::vector<std::string> texts(rows_.size());
    for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = of(i);
    frame.set(name, std::move(texts));
  };
  const auto published = [&](std::size_t row, std::string RowSource::*member) {
    return row < measured_count_ ? std::string() : row_sources_[source_of_[row - measured_count_]].*member;
  };
  // A row that was imported into the store carries its source.
  add_text("origin", [&](std::size_t row) { return rows_[row].source == "measured" ? "measured" : "published"; });
  add_text("network", [&](std::size_t row) { return network_name(rows_[row]); });
  add_text("citation", [&](std::size_t row) {
    std::string text = published(row, &RowSource::citation);
    return text.empty() && rows_[row].source != "measured" ? rows_[row].source : text;
  });
  add_text("timed", [&](std::size_t row) { return published(row, &RowSource::timed); });
  add_text("data_set", [&](std::size_t row) { return published(row, &RowSource::data_set); });
  for (const AddedNumber& added : kAddedNumbers) {
    if (!wanted.contains(added.name)) continue;
    Numbers numbers(rows_.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = added.of(rows_[i]);
    frame.set(added.name, std::move(numbers));
  }
  add_network_columns(frame, "model", wanted);
  add_plan_columns(plan, frame);
  frames_[std::string(kFromRows)] = std::move(frame);
}

void StudyRows::add_plan_columns(const StudyPlan& plan, Frame& frame) const {
  for (const ColumnSpec& column : plan.columns) {
    if (!frame.has(column.of)) {
      std::string hint = did_you_mean(column.of, known_columns(kFromRows));
      throw Error(ErrorCode::input, fmt::format("{}:{}: of: the rows have no column '{}'", plan.file, column.line, one_line(column.of, 60)),
                  hint.empty() ? "docs/columns.md lists the columns of a row" : hint);
    }
    std::vector<std::string> texts;
    for (const std::string& text : frame.texts(column.of)) {
      const auto found = column.values.find(text);
      texts.push_back(found == column.values.end() ? column.other : found->second);
    }
    frame.set(column.name, std::move(texts));
  }
}

void StudyRows::make_network_frame(const StudyPlan& plan) {
  std::vector<std::string> names;
  for (const std::string& pattern : plan.networks) {
    for (const std::string& name : zoo::match(pattern)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  NetworkCatalog catalog;
  std::map<std::string, std::vector<std::string>> texts;
  std::map<std::string, Numbers> numbers;
  std::set<std::string> accuracy_sources;
  for (const std::string& name : names) {
    const NetworkFacts& facts = *catalog.find(name, 0);
    texts["model"].push_back(name);
    texts["family"].push_back(facts.family);
    texts["accuracy_source"].push_back(facts.accuracy_source);
    if (!facts.accuracy_source.empty()) accuracy_sources.insert(facts.accuracy_source);
    const auto add = [&](const char* column, std::optional<double> value) { numbers[column].push_back(value); };
    const auto parameters = static_cast<double>(facts.parameters), macs = static_cast<double>(facts.macs);
    const auto made = density(facts.top1, facts.parameters);
    add("year", facts.year);
    add("parameters", parameters);
    add("parameters_m", parameters / 1e6);
    add("parameters_mb", parameters * kBytesOfAParameter / 1e6);
    add("parameters_mib", parameters * kBytesOfAParameter / (1 << 20));
    add("macs", macs);
    add("gmacs", macs / 1e9);
    add("gflops", 2 * macs / 1e9);
    add("activations", static_cast<double>(facts.activations));
    add("operators", static_cast<double>(facts.operators));
    add("weight_layers", static_cast<double>(facts.weight_layers));
    add("top1", facts.top1);
    add("top5", facts.top5);
    add("top1_density", made ? std::optional(made->value) : std::nullopt);
    add("top1_density_low", made ? std::optional(made->low) : std::nullopt);
    add("top1_density_high", made ? std::optional(made->high) : std::nullopt);
    add("input_height", static_cast<double>(facts.input));
  }
  Frame frame;
  frame.name = "the table of networks";
  for (const std::string& column : network_columns()) {
    if (numbers.contains(column))
      frame.set(column, numbers[column]);
    else
      frame.set(column, texts[column]);
  }
  frames_[std::string(kFromNetworks)] = std::move(frame);
  about_[std::string(kFromNetworks)] =
      fmt::format("Cost counted from the networks' graphs at their own input size; accuracy on ImageNet as published by {}",
                  accuracy_sources.empty() ? "nobody" : join({accuracy_sources.begin(), accuracy_sources.end()}, "; "));
}

}  // namespace inferometer::report

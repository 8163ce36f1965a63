#include "report/prediction_report.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/analysis_text.h"
#include "report/column_titles.h"
#include "report/complete_cases.h"

namespace inferometer::report {
namespace {

using Json = nlohmann::ordered_json;
using stats::FeatureForm;
using stats::RelativeErrors;

constexpr std::size_t kWorstNamed = 5;

double error_percent(double predicted, double measured) { return 100 * (predicted / measured - 1); }

/// Errors of the rows that have a prediction.
std::optional<RelativeErrors> errors_of(const Predictions& data, const std::vector<stats::HeldOut>& held) {
  std::vector<double> predicted, measured;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (!held[i].value) continue;
    predicted.push_back(*held[i].value);
    measured.push_back(data.measured[i]);
  }
  return stats::relative_errors(predicted, measured);
}

struct ErrorLine {
  const char* held_out;
  std::size_t groups;
  std::optional<RelativeErrors> errors;
};

std::size_t distinct(const std::vector<std::string>& names) { return std::set<std::string>(names.begin(), names.end()).size(); }

std::vector<ErrorLine> error_lines(const Predictions& data) {
  std::vector<ErrorLine> lines{{"nothing", 0, stats::relative_errors(data.fitted, data.measured)},
                               {"one net", distinct(data.nets), errors_of(data, data.by_net)}};
  if (!data.by_family.empty()) lines.push_back({"one family", distinct(data.families), errors_of(data, data.by_family)});
  return lines;
}

Table error_table(const Predictions& data) {
  Table table;
  table.title = fmt::format("Errors of {} predicted", data.response);
  table.columns = {"held out", "groups", "rows", "median error, %", "mean error, %", "within 10 %", "within 20 %", "median with sign, %"};
  for (const ErrorLine& line : error_lines(data)) {
    std::vector<Cell> cells{line.held_out, line.groups == 0 ? Cell() : Cell(static_cast<std::int64_t>(line.groups))};
    if (line.errors) {
      const RelativeErrors& errors = *line.errors;
      cells.insert(cells.end(), {static_cast<std::int64_t>(errors.n), 100 * errors.median, 100 * errors.mean, errors.within_10_percent,
                                 errors.within_20_percent, 100 * errors.bias});
    } else {
      cells.resize(table.columns.size());
    }
    table.rows.push_back(std::move(cells));
  }
  table.notes.emplace_back(
      "Held out nothing: the fit's own error, by rows that it has seen; it is no error of a prediction. One net, one family: each in turn "
      "by "
      "a model that has seen none of its rows.");
  return table;
}

Table coefficient_table(const Predictions& data) {
  const bool powers = data.model.form == FeatureForm::log_log;
  Table table;
  table.title = "The model of all rows";
  table.columns = {"term", powers ? "exponent" : "coefficient"};
  table.rows.push_back({powers ? "factor" : "constant", powers ? std::exp(data.model.intercept) : data.model.intercept});
  for (std::size_t j = 0; j < data.features.size(); ++j) table.rows.push_back({data.features[j], data.model.coefficients[j]});
  table.notes.push_back(powers
                            ? fmt::format("{} = factor × the product of each feature to its exponent.", data.response)
                            : fmt::format("{} = constant + the sum of each feature times its coefficient, none below 0{}.", data.response,
                                          data.model.form == FeatureForm::additive ? "; rows weighted by 1 / " + data.response + "²" : ""));
  return table;
}

Cell cell_of(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

Table row_table(const Predictions& data) {
  Table table;
  table.title = "Predictions of what the model had not seen";
  table.columns = {data.net_column};
  for (const auto& [column, texts] : data.settings) table.columns.push_back(column);
  table.columns.insert(table.columns.end(), {"measured", "predicted", "low", "high", "error, %"});
  const bool families = !data.by_family.empty();
  if (families) table.columns.insert(table.columns.end(), {"kin", "family held out", "its error, %"});
  for (std::size_t i = 0; i < data.measured.size(); ++i) {
    const stats::HeldOut& held = data.by_net[i];
    std::vector<Cell> line{data.nets[i]};
    for (const auto& [column, texts] : data.settings) line.emplace_back(texts[i]);
    line.insert(line.end(), {data.measured[i], cell_of(held.value), held.interval ? Cell(held.interval->low) : Cell(),
                             held.interval ? Cell(held.interval->high) : Cell(),
                             held.value ? Cell(error_percent(*held.value, data.measured[i])) : Cell()});
    if (families) {
      const std::optional<double>& value = data.by_family[i].value;
      line.insert(line.end(), {data.families[i], cell_of(value), value ? Cell(error_percent(*value, data.measured[i])) : Cell()});
    }
    table.rows.push_back(std::move(line));
  }
  table.notes.push_back(fmt::format("low, high: {} % interval of a net not seen (jackknife+).", percent_text(data.confidence)));
  return table;
}

/// Rows with an interval, and how many of them it holds.
std::pair<std::size_t, std::size_t> coverage(const Predictions& data) {
  std::size_t with = 0, held = 0;
  for (std::size_t i = 0; i < data.measured.size(); ++i) {
    const auto& interval = data.by_net[i].interval;
    if (!interval) continue;
    ++with;
    held += interval->low <= data.measured[i] && data.measured[i] <= interval->high ? 1 : 0;
  }
  return {with, held};
}

Json error_json(const ErrorLine& line) {
  Json json{{"held_out", line.held_out}, {"groups", line.groups == 0 ? Json() : Json(line.groups)}};
  const bool known = line.errors.has_value();
  const RelativeErrors errors = line.errors.value_or(RelativeErrors{});
  json["rows"] = errors.n;
  const auto put = [&](const char* key, double value) { json[key] = known ? Json(value) : Json(); };
  put("median_percent", 100 * errors.median);
  put("mean_percent", 100 * errors.mean);
  put("largest_percent", 100 * errors.largest);
  put("within_10_percent_ratio", errors.within_10_percent);
  put("within_20_percent_ratio", errors.within_20_percent);
  put("bias_percent", 100 * errors.bias);
  return json;
}

std::string json_of(const Predictions& data) {
  Json terms = Json::array(), errors = Json::array(), rows = Json::array(), worst = Json::array();
  for (std::size_t j = 0; j < data.features.size(); ++j)
    terms.push_back({{"feature", to_utf8(data.features[j])}, {"coefficient", data.model.coefficients[j]}});
  for (const ErrorLine& line : error_lines(data)) errors.push_back(error_json(line));
  for (std::size_t i = 0; i < data.measured.size(); ++i) {
    const stats::HeldOut& held = data.by_net[i];
    Json row{{"net", to_utf8(data.nets[i])}};
    for (const auto& [column, texts] : data.settings) row[to_utf8(column)] = to_utf8(texts[i]);
    row["measured"] = data.measured[i];
    row["fitted"] = data.fitted[i];
    row["predicted"] = report::json_of(held.value);
    row["low"] = held.interval ? Json(held.interval->low) : Json();
    row["high"] = held.interval ? Json(held.interval->high) : Json();
    row["error_percent"] = held.value ? Json(error_percent(*held.value, data.measured[i])) : Json();
    const bool family = !data.by_family.empty();
    row["family"] = data.families.empty() ? Json() : Json(to_utf8(data.families[i]));
    row["family_predicted"] = family ? report::json_of(data.by_family[i].value) : Json();
    row["family_error_percent"] =
        family && data.by_family[i].value ? Json(error_percent(*data.by_family[i].value, data.measured[i])) : Json();
    rows.push_back(std::move(row));
  }
  const std::vector<std::size_t> order = worst_first(data);
  for (std::size_t k = 0; k < std::min(kWorstNamed, order.size()); ++k) worst.push_back(to_utf8(row_title(data, order[k])));
  const auto [with, held] = coverage(data);
  return Json{{"type", "predict"},
              {"response", to_utf8(data.response)},
              {"form", stats::name(data.model.form)},
              {"n", data.measured.size()},
              {"nets", distinct(data.nets)},
              {"families", data.by_family.empty() ? Json() : Json(distinct(data.families))},
              {"intercept", data.model.intercept},
              {"terms", terms},
              {"errors", errors},
              {"confidence", data.confidence},
              {"intervals", with},
              {"covered", held},
              {"worst", worst},
              {"rows", rows}}
      .dump();
}

std::string percent(double ratio) { return fmt::format("{:.1f} %", 100 * ratio); }

void add_error_sentences(std::vector<std::string>& sentences, const Predictions& data) {
  for (const ErrorLine& line : error_lines(data)) {
    if (line.groups == 0 || !line.errors) continue;
    sentences.push_back(fmt::format(
        "With {} held out, the error is {} in the median and {} in the mean; {:.0f} % of {} lie within 10 % and {:.0f} % within 20 %.",
        line.held_out, percent(line.errors->median), percent(line.errors->mean), 100 * line.errors->within_10_percent,
        counted(line.errors->n, "row"), 100 * line.errors->within_20_percent));
  }
  const auto fit = stats::relative_errors(data.fitted, data.measured);
  sentences.push_back(
      fmt::format("The fit's own median error, {}, is of rows that it has seen: it does not speak of other nets.", percent(fit->median)));
  const std::vector<std::size_t> order = worst_first(data);
  std::vector<std::string> worst;
  for (std::size_t k = 0; k < std::min(kWorstNamed, order.size()); ++k) {
    const std::size_t row = order[k];
    worst.push_back(fmt::format("{} ({:+.0f} %)", row_title(data, row), error_percent(*data.by_net[row].value, data.measured[row])));
  }
  if (!worst.empty()) sentences.push_back("Farthest off with the net held out: " + join(worst, ", ") + ".");
}

void add_interval_sentences(std::vector<std::string>& sentences, const Predictions& data) {
  const auto [with, held] = coverage(data);
  if (with > 0) {
    std::vector<double> widths;
    for (const stats::HeldOut& row : data.by_net) {
      if (row.interval) widths.push_back(std::sqrt(row.interval->high / row.interval->low) - 1);
    }
    sentences.push_back(fmt::format("The {} % intervals hold {} of {}; half their width is {} in the median.",
                                    percent_text(data.confidence), held, counted(with, "row"), percent(*stats::median(widths))));
  } else if (distinct(data.nets) > stats::kMostIntervalGroups) {
    sentences.push_back(fmt::format("Note: no intervals: they are made for up to {} nets.", stats::kMostIntervalGroups));
  } else {
    sentences.push_back(fmt::format("Note: no intervals: {} % needs at least {:.0f} nets, and a model without any two of them.",
                                    percent_text(data.confidence), std::ceil(1 / (1 - data.confidence) - 1e-9)));
  }
}

std::vector<std::string> sentences_of(const Predictions& data) {
  std::vector<std::string> sentences;
  add_error_sentences(sentences, data);
  add_interval_sentences(sentences, data);
  const auto missing = std::count_if(data.by_net.begin(), data.by_net.end(), [](const stats::HeldOut& row) { return !row.value; });
  if (missing > 0) {
    sentences.push_back(fmt::format("Note: {} no prediction: without the net the features do not determine the model.",
                                    missing == 1 ? "1 row has" : fmt::format("{} rows have", missing)));
  }
  if (data.by_family.empty()) {
    sentences.push_back(fmt::format("Note: no family is held out: the column {} does not tell families apart.", data.family_column));
  }
  for (const auto& [column, texts] : data.settings) {
    if (std::find(data.features.begin(), data.features.end(), column) != data.features.end()) continue;
    sentences.push_back(
        fmt::format("Note: rows of one net differ in {}, which is no feature: the model gives them all the same figure.", column));
    break;
  }
  return sentences;
}

}  // namespace

std::vector<std::size_t> worst_first(const Predictions& data) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < data.by_net.size(); ++i) {
    if (data.by_net[i].value) order.push_back(i);
  }
  const auto size = [&](std::size_t i) { return std::fabs(std::log(*data.by_net[i].value / data.measured[i])); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  return order;
}

std::string row_title(const Predictions& data, std::size_t row) {
  std::vector<std::string> parts{data.nets[row]};
  for (const auto& [column, texts] : data.settings) {
    if (!texts[row].empty()) parts.push_back(value_title(column, texts[row]));
  }
  return join(parts, ", ");
}

AnalysisResult describe_predictions(const Predictions& data) {
  AnalysisResult result;
  result.title = fmt::format("{} predicted from {}", data.response, join(data.features, ", "));
  result.json = json_of(data);
  result.tables = {error_table(data), coefficient_table(data), row_table(data)};
  result.sentences = sentences_of(data);
  result.charts.push_back(prediction_chart(data));
  return result;
}

}  // namespace inferometer::report

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/column_titles.h"
#include "report/study_items.h"
#include "report/table.h"
#include "stats/correlation.h"

namespace inferometer::report {
namespace {

/// Those of a part that hold the value and may be believed.
std::vector<std::size_t> valued_rows(const Frame& frame, const RowPart& part, const std::string& value) {
  std::vector<std::size_t> rows = believable_rows(frame, part.rows);
  std::erase_if(rows, [&](std::size_t row) { return !frame.numbers(value)[row]; });
  return rows;
}

std::string headed(const RowPart& part, const std::string& text) { return part.title.empty() ? text : part.title + ": " + text; }

/// "of 9 pairs" of rows that agree in the match columns: geometric mean and range of numerator over denominator.
std::string ratio_sentence(const TakeawaySpec& spec, const Frame& frame, const RowPart& part) {
  const std::vector<std::string> match = spec.match.empty() ? std::vector<std::string>{"model"} : spec.match;
  std::map<std::vector<std::string>, std::pair<std::optional<double>, std::optional<double>>> pairs;
  std::size_t doubled = 0;
  for (const std::size_t row : valued_rows(frame, part, spec.value)) {
    const std::string& side = frame.texts(spec.column)[row];
    if (side != spec.numerator && side != spec.denominator) continue;
    std::vector<std::string> key;
    for (const std::string& column : match) key.push_back(frame.texts(column)[row]);
    auto& [above, below] = pairs[key];
    std::optional<double>& place = side == spec.numerator ? above : below;
    doubled += place ? 1 : 0;
    place = frame.numbers(spec.value)[row];
  }
  // Rows that differ in a column that is not matched would be paired by chance.
  if (doubled > 0)
    return headed(part, fmt::format("no ratio of {} over {}: {} rows share a place; add a column to match or each", spec.numerator,
                                    spec.denominator, doubled)) +
           ".";
  double sum = 0, low = INFINITY, high = 0;
  std::size_t n = 0;
  for (const auto& [key, pair] : pairs) {
    if (!pair.first || !pair.second || *pair.first <= 0 || *pair.second <= 0) continue;
    const double ratio = *pair.first / *pair.second;
    sum += std::log(ratio);
    low = std::min(low, ratio);
    high = std::max(high, ratio);
    ++n;
  }
  if (n == 0) return "";
  return headed(part,
                fmt::format("{} over {}, {}: {:.3g} times (geometric mean of {} {}; {:.3g} to {:.3g}).", spec.numerator, spec.denominator,
                            axis_title(spec.value), std::exp(sum / static_cast<double>(n)), n, n == 1 ? "pair" : "pairs", low, high));
}

std::string correlation_sentence(const TakeawaySpec& spec, const Frame& frame, const RowPart& part) {
  std::vector<std::string> found;
  for (const std::string& column : spec.with) {
    std::vector<double> x, y;
    for (const std::size_t row : valued_rows(frame, part, spec.value)) {
      const std::optional<double>& other = frame.numbers(column)[row];
      if (!other) continue;
      x.push_back(*other);
      y.push_back(*frame.numbers(spec.value)[row]);
    }
    const stats::Correlation correlation = stats::correlate(stats::CorrelationMethod::spearman, x, y);
    if (!correlation.coefficient) continue;
    const std::string p = correlation.p ? (*correlation.p < 0.001 ? ", p < 0.001" : fmt::format(", p = {:.3f}", *correlation.p)) : "";
    found.push_back(fmt::format("{} {:.2f} (n = {}{})", column, *correlation.coefficient, correlation.n, p));
  }
  if (found.empty()) return "";
  return headed(part, fmt::format("Spearman's rank correlation with {}: {}.", axis_title(spec.value), join(found, ", ")));
}

std::string best_sentence(const TakeawaySpec& spec, const Frame& frame, const RowPart& part) {
  const std::vector<std::string> names = spec.name.empty() ? std::vector<std::string>{"model"} : spec.name;
  std::optional<std::size_t> best;
  const auto& values = frame.numbers(spec.value);
  const std::vector<std::size_t> rows = valued_rows(frame, part, spec.value);
  for (const std::size_t row : rows) {
    if (!best || (spec.lowest ? *values[row] < *values[*best] : *values[row] > *values[*best])) best = row;
  }
  if (!best) return "";
  std::vector<std::string> words;
  for (const std::string& column : names) {
    if (const std::string& text = frame.texts(column)[*best]; !text.empty()) words.push_back(value_title(column, text));
  }
  return headed(part, fmt::format("{} {}: {} with {} ({} rows).", spec.lowest ? "lowest" : "highest", axis_title(spec.value),
                                  rounded_text(*values[*best]), join(words, ", "), rows.size()));
}

/// What a reader must know of the rows before he believes the sentence.
std::string unstable_sentence(const Frame& frame, const std::vector<std::size_t>& rows) {
  if (!frame.has("verdict")) return "";
  const std::vector<std::string>& verdicts = frame.texts("verdict");
  const auto count = std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return verdicts[row] == "unstable"; });
  return count == 0 ? "" : fmt::format(" Of the {} rows, {} {} unstable.", rows.size(), count, count == 1 ? "is" : "are");
}

}  // namespace

std::vector<std::string> takeaway_sentences(const TakeawaySpec& spec, const std::string& from, const ItemContext& context,
                                            std::string& missing) {
  const Frame& frame = context.rows.frame(from);
  std::vector<std::string> sentences;
  try {
    for (const RowPart& part : parts_of(frame, spec.where, spec.each, context.place)) {
      std::string sentence = spec.type == "ratio"         ? ratio_sentence(spec, frame, part)
                             : spec.type == "correlation" ? correlation_sentence(spec, frame, part)
                                                          : best_sentence(spec, frame, part);
      if (!sentence.empty()) sentence += unstable_sentence(frame, valued_rows(frame, part, spec.value));
      if (!sentence.empty()) sentences.push_back((spec.title.empty() ? "" : spec.title + ": ") + sentence);
    }
  } catch (const Error& error) {
    throw with_place(error, context.place);
  }
  if (sentences.empty()) missing = "no rows give this sentence";
  return sentences;
}

}  // namespace inferometer::report

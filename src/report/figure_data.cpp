#include "report/figure_data.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/column_titles.h"
#include "report/frame_where.h"
#include "stats/sample.h"

namespace inferometer::report {
namespace {

const std::vector<std::string>* texts_if_there(const Frame& frame, const std::string& column) {
  return frame.has(column) ? &frame.texts(column) : nullptr;
}

using Key = std::vector<std::string>;

/// Whether a is before b: as numbers where both are, else as they come (equal).
bool number_before(const Key& a, const Key& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::optional<double> left = parse_number(a[i]), right = parse_number(b[i]);
    if (!left || !right || *left == *right) continue;
    return *left < *right;
  }
  return false;
}

}  // namespace

FigureData::FigureData(const FigureSpec& spec, const Frame& rows, const FigureContext& context, const std::vector<std::string>& numeric,
                       const std::vector<std::string>& positive, const std::vector<std::string>& named)
    : spec_(spec),
      rows_(rows),
      context_(context),
      status_(texts_if_there(rows, "status")),
      verdict_(texts_if_there(rows, "verdict")),
      origin_(texts_if_there(rows, "origin")) {
  choose(numeric, positive, named);
  split();
}

void FigureData::choose(const std::vector<std::string>& numeric, const std::vector<std::string>& positive,
                        const std::vector<std::string>& named) {
  const std::vector<bool> wanted = rows_where(rows_, spec_.where);
  const auto bad_column = [&](std::size_t row) {
    const auto lacks = std::find_if(numeric.begin(), numeric.end(), [&](const std::string& name) { return !rows_.numbers(name)[row]; });
    if (lacks != numeric.end()) {
      ++missing_[*lacks];
      return true;
    }
    const auto nameless = std::find_if(named.begin(), named.end(), [&](const std::string& name) { return rows_.texts(name)[row].empty(); });
    if (nameless != named.end()) {
      ++missing_[*nameless];
      return true;
    }
    const auto unsuited = std::find_if(positive.begin(), positive.end(), [&](const std::string& name) {
      const std::optional<double>& number = rows_.numbers(name)[row];
      return number && *number <= 0;
    });
    if (unsuited == positive.end()) return false;
    ++unsuited_[*unsuited];
    return true;
  };
  const std::vector<bool> other = other_figures(numeric.empty() ? spec_.y : numeric);
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (!wanted[row] || other[row]) continue;
    if (status_ != nullptr && !(*status_)[row].empty() && (*status_)[row] != "passed")
      failed_.push_back(row);
    else if (verdict_ != nullptr && (*verdict_)[row] == "invalid")
      ++invalid_;
    else if (!bad_column(row))
      shown_.push_back(row);
  }
}

std::vector<bool> FigureData::other_figures(const std::vector<std::string>& quantities) const {
  std::vector<bool> other(rows_.size(), false);
  if (origin_ == nullptr || !rows_.has("citation")) return other;
  const std::vector<std::string>& citations = rows_.texts("citation");
  for (const std::string& column : quantities) {
    const auto& numbers = rows_.numbers(column);
    std::set<std::string_view> with_numbers;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (numbers[row]) with_numbers.insert(citations[row]);
    }
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (is_published(row) && !with_numbers.contains(citations[row])) other[row] = true;
    }
  }
  return other;
}

void FigureData::split() {
  const std::vector<std::string>* models = spec_.together ? texts_if_there(rows_, "model") : nullptr;
  const std::vector<std::string>* inputs = spec_.together ? texts_if_there(rows_, "input_height") : nullptr;
  std::vector<const std::vector<std::string>*> columns;
  for (const std::string& name : spec_.group) columns.push_back(&rows_.texts(name));
  const auto key_of = [&](std::size_t row) {
    Key key;
    for (const auto* column : columns) key.push_back((*column)[row]);
    return key;
  };
  // What was published of a network at an input, by panel: measured rows may stand beside that and nothing else.
  std::set<Key> published;
  const auto twin_of = [&](std::size_t row) {
    Key key = key_of(row);
    key.push_back(models != nullptr ? (*models)[row] : "");
    key.push_back(inputs != nullptr ? (*inputs)[row] : "");
    return key;
  };
  if (spec_.together) {
    for (const std::size_t row : shown_) {
      if (is_published(row)) published.insert(twin_of(row));
    }
  }

  std::vector<std::pair<Key, FigureGroup>> found;
  std::map<Key, std::size_t> places;
  const auto group_of = [&](std::size_t row) -> FigureGroup& {
    const bool shares = spec_.together && (is_published(row) || published.contains(twin_of(row)));
    Key key = key_of(row);
    key.push_back(shares ? "" : origin_ == nullptr ? "" : (*origin_)[row]);
    const auto [place, is_new] = places.try_emplace(key, found.size());
    if (is_new) {
      FigureGroup group;
      std::vector<std::string> parts;
      for (const std::string& part : {heading(spec_.group, row), key.back()}) {
        if (!part.empty()) parts.push_back(part);
      }
      group.title = join(parts, ", ");
      found.emplace_back(std::move(key), std::move(group));
    }
    return found[place->second].second;
  };
  for (const std::size_t row : shown_) group_of(row).shown.push_back(row);
  for (const std::size_t row : failed_) group_of(row).failed.push_back(row);

  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return number_before(a.first, b.first); });
  for (auto& [key, group] : found) {
    if (group.shown.empty()) continue;  // a panel of failures alone has no axis
    group.published =
        context_.published || std::all_of(group.shown.begin(), group.shown.end(), [&](std::size_t row) { return is_published(row); });
    groups_.push_back(std::move(group));
  }
  if (groups_.empty()) {
    std::vector<std::string> why;
    if (!failed_.empty()) why.push_back(fmt::format("{} did not pass", failed_.size()));
    if (invalid_ > 0) why.push_back(fmt::format("{} invalid", invalid_));
    for (const auto& [name, count] : missing_) why.push_back(fmt::format("{} without {}", count, name));
    for (const auto& [name, count] : unsuited_) why.push_back(fmt::format("{} with {} not above 0", count, name));
    const std::string where = spec_.where.empty() ? "" : fmt::format(" where {}", one_line(spec_.where, 100));
    throw Error(ErrorCode::input,
                fmt::format("{}{}: no row to draw in {}{}{}", context_.place.empty() ? "" : context_.place + ": ",
                            spec_.title.empty() ? spec_.type : spec_.title, rows_.name, where, why.empty() ? "" : ": " + join(why, ", ")),
                "measure the rows, or correct the condition");
  }
  if (groups_.size() == 1) {
    if (spec_.group.empty()) groups_.front().title.clear();
    return;
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::string letter = i < 26 ? std::string(1, static_cast<char>('a' + i)) : std::to_string(i + 1);
    groups_[i].title = fmt::format("({}) {}", letter, groups_[i].title);
  }
}

bool FigureData::is_hollow(std::size_t row) const {
  return verdict_ != nullptr && ((*verdict_)[row] == "unstable" || (*verdict_)[row] == "unchecked");
}

std::string FigureData::failure(std::size_t row) const {
  const std::string& status = (*status_)[row];
  if (status == "out_of_memory") return "Out of Mem.";
  // A batch that is skipped because a smaller one ran out says so in its reasons.
  const std::vector<std::string>* reasons = texts_if_there(rows_, "reasons");
  if (status == "skipped" && reasons != nullptr && (*reasons)[row].find("out of memory") != std::string::npos) return "Out of Mem.";
  return status;
}

std::string FigureData::heading(const std::vector<std::string>& columns, std::size_t row) const {
  std::vector<std::string> parts;
  for (const std::string& column : columns) {
    const std::string& text = rows_.texts(column)[row];
    if (!text.empty()) parts.push_back(value_title(column, text));
  }
  return join(parts, ", ");
}

std::string FigureData::tooltip(std::size_t row, const std::vector<std::string>& columns) const {
  std::vector<std::string> lines;
  std::vector<std::string> names;
  for (const char* column : {"model", "engine", "platform", "precision", "batch"}) {
    if (rows_.has(column)) names.emplace_back(column);
  }
  if (std::string head = heading(names, row); !head.empty()) lines.push_back(std::move(head));
  std::set<std::string> said(names.begin(), names.end());
  for (const std::string& column : columns) {
    if (column.empty() || !said.insert(column).second || !rows_.has(column)) continue;
    const std::string& text = rows_.texts(column)[row];
    if (!text.empty()) lines.push_back(fmt::format("{}: {}", axis_title(column), text));
  }
  if (is_hollow(row)) lines.push_back((*verdict_)[row]);
  if (is_published(row)) lines.emplace_back("published");
  return join(lines, "\n");
}

Axis number_axis(const Frame& frame, const std::string& column, const std::vector<std::size_t>& rows, bool log) {
  Axis axis{axis_title(column), log ? Scale::log10 : Scale::linear};
  std::set<double> values;
  for (const std::size_t row : rows) {
    if (const std::optional<double> value = frame.numbers(column)[row]) values.insert(*value);
  }
  if (!log) {
    axis.whole = std::all_of(values.begin(), values.end(), [](double value) { return value == std::floor(value); });
    return axis;
  }
  constexpr std::size_t kMost = 12;
  const auto is_count = [](double value) { return value >= 1 && value <= 4096 && value == std::floor(value); };
  if (values.size() > 1 && values.size() <= kMost && std::all_of(values.begin(), values.end(), is_count)) {
    axis.ticks.assign(values.begin(), values.end());
  }
  return axis;
}

double settled(const std::vector<std::optional<double>>& numbers, const std::vector<std::size_t>& rows, std::size_t& counted) {
  std::vector<double> values;
  for (const std::size_t row : rows) values.push_back(*numbers[row]);
  counted += values.size() > 1 ? 1 : 0;
  return *stats::median(values);
}

std::string settled_sentence(std::size_t counted) {
  if (counted == 0) return "";
  return fmt::format("{} the median of several rows that are alike in every setting.",
                     counted == 1 ? "1 mark is" : fmt::format("{} marks are", counted));
}

}  // namespace inferometer::report

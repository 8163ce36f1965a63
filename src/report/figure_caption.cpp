#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "report/column_titles.h"
#include "report/figure_data.h"

namespace inferometer::report {
namespace {

/// Distinct values, "a, b and 3 more".
std::string listed(const std::vector<std::string>& values, std::size_t most) {
  std::vector<std::string> first;
  for (const std::string& value : values) {
    if (!value.empty() && std::find(first.begin(), first.end(), value) == first.end()) first.push_back(value);
  }
  const std::size_t more = first.size() > most ? first.size() - most : 0;
  first.resize(first.size() - more);
  return join(first, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

std::vector<std::string> values_of(const Frame& frame, const std::vector<std::size_t>& rows, const char* column) {
  std::vector<std::string> values;
  if (!frame.has(column)) return values;
  const std::vector<std::string>& texts = frame.texts(column);
  for (const std::size_t row : rows) values.push_back(texts[row]);
  return values;
}

std::string dates(std::vector<std::string> stamps) {
  std::erase(stamps, "");
  if (stamps.empty()) return "";
  const auto [first, last] = std::minmax_element(stamps.begin(), stamps.end());
  const std::string from = first->substr(0, 10), to = last->substr(0, 10);
  return from == to ? from : from + " to " + to;
}

std::string rows_text(std::size_t count) { return count == 1 ? "1 row" : fmt::format("{} rows", count); }

std::string sentence(std::vector<std::string> parts) {
  std::erase(parts, "");
  return parts.empty() ? "" : join(parts, "; ") + ".";
}

/// "torch 1.13.1, openvino 2026.4".
std::string engines(const Frame& frame, const std::vector<std::size_t>& rows) {
  const std::vector<std::string> names = values_of(frame, rows, "engine"), versions = values_of(frame, rows, "engine_version");
  std::vector<std::string> both;
  for (std::size_t i = 0; i < names.size(); ++i) {
    both.emplace_back(trim(names[i] + " " + (i < versions.size() ? versions[i] : "")));
  }
  return listed(both, 6);
}

std::string published_text(const Frame& frame, const std::vector<std::size_t>& rows) {
  const std::string input = listed(values_of(frame, rows, "input_height"), 4);
  const std::string data = listed(values_of(frame, rows, "data_set"), 3);
  const std::string timed = listed(values_of(frame, rows, "timed"), 2);
  return sentence({"Published: " + listed(values_of(frame, rows, "citation"), 3), listed(values_of(frame, rows, "platform"), 6),
                   engines(frame, rows), timed.empty() ? "" : "timed: " + timed, data.empty() ? "" : "data: " + data,
                   input.empty() ? "" : fmt::format("input {} px", input), rows_text(rows.size())});
}

std::string measured_text(const Frame& frame, const std::vector<std::size_t>& rows) {
  const std::string machine = listed(values_of(frame, rows, "platform"), 3);
  return sentence({machine.empty() ? "Measured" : "Measured on " + machine, engines(frame, rows),
                   dates(values_of(frame, rows, "started_at")), rows_text(rows.size())});
}

}  // namespace

std::string FigureData::caption() const {
  std::vector<std::size_t> measured, published;
  std::size_t unstable = 0, unchecked = 0;
  for (const FigureGroup& group : groups_) {
    for (const std::size_t row : group.shown) {
      (is_published(row) ? published : measured).push_back(row);
      if (verdict_ == nullptr) continue;
      unstable += (*verdict_)[row] == "unstable" ? 1 : 0;
      unchecked += (*verdict_)[row] == "unchecked" ? 1 : 0;
    }
  }
  std::vector<std::string> sentences{spec_.caption};
  if (origin_ == nullptr) {
    const std::string about = context_.about.empty() ? rows_.name : context_.about;
    sentences.push_back(fmt::format("{}; {}.", about, rows_text(measured.size())));
  }
  if (origin_ != nullptr && !measured.empty()) sentences.push_back(measured_text(rows_, measured));
  if (!published.empty()) sentences.push_back(published_text(rows_, published));
  if (!published.empty() && !measured.empty() && origin_ != nullptr) {
    sentences.emplace_back(spec_.together
                               ? "Published and measured figures share a panel where network and input size match; they time different "
                                 "things on different machines, so only their shapes compare."
                               : "Published and measured figures stand in panels of their own: machine, input and what was timed differ, "
                                 "so their levels do not compare.");
  }
  sentences.insert(sentences.end(), notes_.begin(), notes_.end());
  std::vector<std::string> hollow;
  if (unstable > 0) hollow.push_back(fmt::format("{} unstable", unstable));
  if (unchecked > 0) hollow.push_back(fmt::format("{} unchecked", unchecked));
  if (!hollow.empty()) sentences.push_back("Hollow: " + join(hollow, ", ") + ".");

  std::vector<std::string> left_out;
  if (invalid_ > 0) left_out.push_back(fmt::format("{} invalid", invalid_));
  std::map<std::string, std::size_t> failures;
  for (const std::size_t row : failed_) ++failures[failure(row)];
  for (const auto& [status, count] : failures) {
    left_out.push_back(fmt::format("{} {}", count, status == "Out of Mem." ? "out of memory" : status));
  }
  for (const auto& [column, count] : missing_) left_out.push_back(fmt::format("{} without {}", count, axis_title(column)));
  for (const auto& [column, count] : unsuited_) left_out.push_back(fmt::format("{} with {} not above 0", count, axis_title(column)));
  if (!left_out.empty()) sentences.push_back((spec_.type == "grouped_bar" ? "Without a bar: " : "Left out: ") + join(left_out, ", ") + ".");
  std::erase(sentences, "");
  return join(sentences, " ");
}

}  // namespace inferometer::report

#include "report/complete_cases.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace inferometer::report {
namespace {

constexpr std::string_view kVerdict = "verdict";
constexpr std::string_view kOrigin = "origin";

/// Sums of squares, and squares of these, must neither overflow nor vanish: a constant column would be seen where there is none.
constexpr double kSmallest = 1e-100, kLargest = 1e100;

/// Drops rows step by step and counts what each step dropped.
class Sieve {
 public:
  Sieve(const Frame& frame, CompleteCases& out) : frame_(frame), out_(out), keep_(frame.size(), true) {}

  template <class Unfit>
  std::size_t drop(Unfit&& unfit) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < keep_.size(); ++i) {
      if (!keep_[i] || !unfit(i)) continue;
      keep_[i] = false;
      ++count;
    }
    out_.left_out += count;
    return count;
  }

  void drop_invalid() {
    if (!frame_.has(kVerdict)) return;
    const auto& verdicts = frame_.texts(kVerdict);
    say(drop([&](std::size_t i) { return verdicts[i] == "invalid"; }), "because the verdict is invalid");
  }

  void drop_without_number(const std::string& column) {
    const auto& texts = frame_.texts(column);
    const auto& numbers = frame_.numbers(column);
    say(drop([&](std::size_t i) { return texts[i].empty(); }), fmt::format("because {} is empty", column));
    std::string example;
    const std::size_t count = drop([&](std::size_t i) {
      if (numbers[i]) return false;
      if (example.empty()) example = texts[i];
      return true;
    });
    say(count, fmt::format("because {} holds text there, such as \"{}\"", column, one_line(example, 40)));
  }

  void drop_without_label(const std::string& column) {
    const auto& texts = frame_.texts(column);
    say(drop([&](std::size_t i) { return texts[i].empty(); }), fmt::format("because {} is empty", column));
  }

  void note_unstable() {
    if (!frame_.has(kVerdict)) return;
    const auto& verdicts = frame_.texts(kVerdict);
    std::size_t unstable = 0;
    for (std::size_t i = 0; i < keep_.size(); ++i) unstable += keep_[i] && verdicts[i] == "unstable" ? 1 : 0;
    if (unstable == 0) return;
    out_.sentences.push_back(fmt::format("Note: {} of those used {} unstable.", counted(unstable, "row"), unstable == 1 ? "is" : "are"));
  }

  const std::vector<bool>& keep() const { return keep_; }

 private:
  void say(std::size_t count, const std::string& reason) {
    if (count == 0) return;
    out_.sentences.push_back(
        fmt::format("{} of {} {} left out {}.", counted(count, "row"), frame_.size(), count == 1 ? "is" : "are", reason));
  }

  const Frame& frame_;
  CompleteCases& out_;
  std::vector<bool> keep_;
};

}  // namespace

std::string counted(std::size_t count, std::string_view singular) { return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s"); }

CompleteCases complete_cases(const Frame& frame, const std::vector<std::string>& numeric, const std::vector<std::string>& labels) {
  CompleteCases complete;
  Sieve sieve(frame, complete);
  sieve.drop_invalid();
  for (const std::string& column : numeric) sieve.drop_without_number(column);
  for (const std::string& column : labels) sieve.drop_without_label(column);
  sieve.note_unstable();
  if (complete.left_out == frame.size()) {
    std::vector<std::string> columns = numeric;
    columns.insert(columns.end(), labels.begin(), labels.end());
    throw Error(ErrorCode::input, fmt::format("{}: no row is complete in {}", frame.name, join(columns, ", ")),
                frame.size() == 0 ? "it holds no rows" : join(complete.sentences, " "));
  }
  complete.frame = frame.filtered(sieve.keep());
  return complete;
}

std::vector<bool> published_rows(const Frame& frame) {
  std::vector<bool> published(frame.size(), false);
  if (!frame.has(kOrigin)) return published;
  const auto& origins = frame.texts(kOrigin);
  for (std::size_t i = 0; i < published.size(); ++i) published[i] = origins[i] == "published";
  return published;
}

std::vector<Series> by_origin(const Series& series, const std::vector<bool>& published) {
  std::vector<Series> parts;
  for (const bool wanted : {false, true}) {
    Series part = series;
    part.points.clear();
    part.published = wanted;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      if (published[i] == wanted) part.points.push_back(series.points[i]);
    }
    if (!part.points.empty()) parts.push_back(std::move(part));
  }
  if (parts.size() == 2 && !series.name.empty()) parts[1].name += ", published";
  return parts;
}

std::vector<double> values(const Frame& frame, std::string_view column) {
  std::vector<double> all;
  all.reserve(frame.size());
  for (const std::optional<double>& number : frame.numbers(column)) {
    if (!number) throw Error(ErrorCode::internal, fmt::format("{}: {} has a cell without a number", frame.name, column));
    const double magnitude = std::fabs(*number);
    if (magnitude != 0 && (magnitude < kSmallest || magnitude > kLargest)) {
      throw Error(ErrorCode::input, fmt::format("{}: {} holds {}, whose square no number can hold", frame.name, column, *number),
                  "choose a unit in which the figures lie between 1e-100 and 1e100");
    }
    all.push_back(*number);
  }
  return all;
}

std::vector<double> logarithms(const Frame& frame, std::string_view column) {
  std::vector<double> all = values(frame, column);
  for (double& value : all) {
    if (!(value > 0)) {
      throw Error(ErrorCode::input, fmt::format("{}: {} holds {}, which has no logarithm", frame.name, column, value),
                  "take the values as they are, or leave such rows out");
    }
    value = std::log(value);
  }
  return all;
}

}  // namespace inferometer::report

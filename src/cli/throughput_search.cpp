#include "cli/throughput_search.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "measure/search.h"

namespace inferometer::cli {
namespace {

constexpr std::size_t kConfirmed = 3;

using measure::SearchPoint;

template <class T>
std::vector<T> ascending(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

measure::SearchSpace space_of(const measure::RunSpec& spec, const std::function<bool(const char*)>& is_given) {
  measure::SearchSpace space = measure::default_space(measure::default_threads());
  if (is_given("--threads") && !spec.threads.empty()) space.threads = ascending(spec.threads);
  if (is_given("--streams")) space.streams = ascending(spec.streams);
  if (is_given("--requests")) space.requests = ascending(spec.requests);
  if (is_given("--batch")) space.batches = ascending(spec.batches);
  return space;
}

measure::PlannedEntry at(const SearchPoint& point, measure::PlannedEntry planned) {
  planned.entry.threads = point.threads;
  planned.entry.streams = point.streams;
  planned.entry.requests = point.requests;
  planned.entry.batch = point.batch;
  return planned;
}

/// One start of a second at most: enough to tell settings apart that differ by more than some percent.
measure::PlannedEntry shortened(measure::PlannedEntry planned) {
  planned.entry.starts = 1;
  planned.entry.stop.min_time_s = 0.3;
  planned.entry.stop.max_time_s = 1;
  planned.entry.stop.interval_target_ratio = std::max(planned.entry.stop.interval_target_ratio, 0.02);
  return planned;
}

std::string text_of(const SearchPoint& point) {
  return fmt::format("threads {} streams {} requests {} batch {}", point.threads, point.streams, point.requests, point.batch);
}

/// "resnet18 openvino CPU fp32".
std::string text_of(const measure::Entry& entry) {
  return fmt::format("{} {} {} {}", entry.model.name, measure::engine_text(entry), entry.device, entry.precision);
}

std::string settings_of(const measure::Row& row) {
  return fmt::format("--threads {} --streams {} --requests {} --batch {}", row.threads.value_or(0), row.streams.value_or(0),
                     row.requests.value_or(0), row.batch.value_or(0));
}

std::string summary_of(const measure::Entry& entry, const measure::SearchResult& result, const std::vector<measure::Row>& confirmed) {
  std::string text = fmt::format("{}: tried {} of {} points", text_of(entry), result.tried.size(), result.space_size);
  if (confirmed.empty()) return text + ", none could be measured";
  const measure::Row& best = confirmed.front();
  text += fmt::format("; best {}: {:.4g} images/s", settings_of(best), *best.images_per_s);
  if (confirmed.size() < 2) return text;
  const measure::Row& next = confirmed[1];
  text += fmt::format(", {:.1f} % above {}", 100 * (*best.images_per_s / *next.images_per_s - 1), settings_of(next));
  if (best.images_per_s_low && next.images_per_s_high && *best.images_per_s_low <= *next.images_per_s_high)
    text += " (within the starts' range)";
  return text;
}

/// A plan of one entry for each search.
std::vector<measure::PlannedEntry> searches_of(measure::RunSpec spec, const std::vector<measure::EngineHere>& engines) {
  if (spec.mode != measure::Mode::throughput) {
    throw Error(ErrorCode::usage, fmt::format("--search-throughput: cannot search in {} mode", name_of(spec.mode)), "leave --mode out");
  }
  spec.threads = {1};
  spec.streams = {1};
  spec.requests = {};
  spec.batches = {1};
  return measure::expand({spec}, engines, measure::MissingEngine::is_error);
}

}  // namespace

SearchedEntries search_entries(const measure::RunSpec& spec, const std::function<bool(const char*)>& is_given,
                               const std::vector<measure::EngineHere>& engines, const MeasurePlan& measure_plan) {
  const measure::SearchSpace space = space_of(spec, is_given);
  SearchedEntries searched;
  for (const measure::PlannedEntry& base : searches_of(spec, engines)) {
    if (base.settled) {
      searched.summaries.push_back(fmt::format("{}: {}", text_of(base.entry), base.reason));
      continue;
    }
    const auto images_per_s = [&](const SearchPoint& point) -> std::optional<double> {
      const measure::RunResult result = measure_plan({shortened(at(point, base))});
      if (result.interrupted) throw Error(ErrorCode::interrupted, "interrupted");
      return result.rows.empty() ? std::nullopt : result.rows.front().images_per_s;
    };
    try {
      const measure::SearchResult result = measure::search_throughput(space, images_per_s);
      std::vector<measure::PlannedEntry> best;
      for (const measure::Tried& tried : measure::fastest(result, kConfirmed)) best.push_back(at(tried.point, base));
      measure::RunResult confirmed = measure_plan(best);
      std::erase_if(confirmed.rows, [](const measure::Row& row) { return !row.images_per_s; });
      std::stable_sort(confirmed.rows.begin(), confirmed.rows.end(),
                       [](const measure::Row& a, const measure::Row& b) { return *a.images_per_s > *b.images_per_s; });
      searched.summaries.push_back(summary_of(base.entry, result, confirmed.rows));
      std::string tries;
      for (const measure::Tried& tried : result.tried) {
        const std::string rate = tried.images_per_s ? fmt::format("{:.4g}", *tried.images_per_s) : "not measured";
        tries += fmt::format("{}{}: {}", tries.empty() ? "" : "; ", text_of(tried.point), rate);
      }
      searched.summaries.push_back("  tried, images/s: " + tries);
      searched.rows.insert(searched.rows.end(), confirmed.rows.begin(), confirmed.rows.end());
      searched.interrupted = confirmed.interrupted;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::interrupted) throw;
      searched.interrupted = true;
    }
    if (searched.interrupted) break;
  }
  return searched;
}

std::size_t most_measurements(const measure::RunSpec& spec, const std::function<bool(const char*)>& is_given,
                              const std::vector<measure::EngineHere>& engines) {
  const std::size_t each = measure::search_budget(measure::points_of(space_of(spec, is_given)).size()) + kConfirmed;
  return each * searches_of(spec, engines).size();
}

}  // namespace inferometer::cli

#include <utility>

#include <fmt/format.h>

#include "report/study_items.h"

namespace inferometer::report {

std::vector<ReportItem> recommend_items(const StudyRecommend& choice, const std::string& from, const ItemContext& context,
                                        std::vector<std::string>& takeaways) {
  const Frame& frame = context.rows.frame(from);
  const std::string title = choice.spec.title.empty() ? "The best choice" : choice.spec.title;
  std::vector<ReportItem> items;
  for (const RowPart& part : parts_of(frame, choice.where, choice.each, context.place)) {
    RecommendSpec spec = choice.spec;
    spec.title = part.title.empty() ? title : fmt::format("{} ({})", title, part.title);
    Frame rows = frame_part(frame, part.rows);
    rows.name = origin_text(from, context);
    AnalysisResult result = recommend(spec, rows).result;
    // The choice itself, or that there is none, is said first.
    if (choice.takeaway) takeaways.push_back(fmt::format("{}: {}", spec.title, result.sentences.front()));
    if (!result.tables.empty()) result.tables.front().title = spec.title;
    const std::string computed = fmt::format("{}.{} {} rows; docs/recommending.md has the rules.", origin_text(from, context),
                                             conditions_text(choice.where), rows.size());
    items.emplace_back(ReportText{fmt::format("{}.", spec.title)});
    append_result(items, std::move(result), computed, context);
  }
  if (items.empty()) items.emplace_back(missing_item(title, "no row fulfils the condition", context));
  return items;
}

}  // namespace inferometer::report

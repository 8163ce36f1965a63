#include "report/study_report.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/overloaded.h"
#include "report/analysis_fields.h"
#include "report/frame_where.h"
#include "report/study_items.h"
#include "zoo/zoo.h"

namespace inferometer::report {
namespace {

/// Every column that some block reads from the rows.
std::set<std::string> used_columns(const StudyPlan& plan) {
  std::set<std::string> used;
  const auto add = [&](const std::vector<std::string>& columns) { used.insert(columns.begin(), columns.end()); };
  FigureSpec nothing;
  add(columns_of(nothing));  // what captions need
  for (const StudyBlock& block : plan.blocks) {
    if (block.from != kFromRows) continue;
    std::string where;
    std::visit(graph::Overloaded{
                   [](const SectionSpec&) {},
                   [](const AbsentSpec&) {},
                   [&](const FigureSpec& spec) {
                     for (const auto& [key, column] : required_columns(spec)) used.insert(column);
                   },
                   [&](const TableSpec& spec) {
                     add(spec.rows);
                     add(spec.columns);
                     add(spec.each);
                     used.insert({spec.value, spec.sort});
                     where = spec.where;
                   },
                   [&](const StudyAnalysis& analysis) {
                     add(analysis_columns(analysis.spec));
                     add(analysis.each);
                     where = analysis.where;
                   },
                   [&](const StudyRecommend& choice) {
                     add(recommend_columns());
                     add(choice.each);
                     where = choice.where;
                   },
                   [&](const TakeawaySpec& spec) {
                     add(spec.match);
                     add(spec.with);
                     add(spec.each);
                     add(spec.name);
                     used.insert({spec.value, spec.column});
                     where = spec.where;
                   },
               },
               block.content);
    add(where_columns(where));
  }
  used.erase("");
  return used;
}

void add_facts(Report& report, const StudyRows& rows) {
  std::map<std::string, std::size_t> verdicts;
  std::set<std::string> platforms, engines, days;
  for (std::size_t i = 0; i < rows.measured_count(); ++i) {
    const measure::Row& row = rows.rows()[i];
    ++verdicts[row.verdict.value_or(row.status)];
    if (!row.platform.empty()) platforms.insert(row.platform);
    engines.insert(std::string(trim(row.engine + " " + row.engine_version)));
    if (row.started_at.size() >= 10) days.insert(row.started_at.substr(0, 10));
  }
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) report.facts.emplace_back(name, value);
  };
  add("Measured on", join({platforms.begin(), platforms.end()}, "; "));
  add("Engines", join({engines.begin(), engines.end()}, ", "));
  if (!days.empty()) add("Dates", *days.begin() == *days.rbegin() ? *days.begin() : *days.begin() + " to " + *days.rbegin());
  add("Measured rows",
      rows.measured_count() == 0 ? "none: this report shows published figures alone" : fmt::format("{}", rows.measured_count()));
  if (rows.rows().size() > rows.measured_count()) add("Published rows", fmt::format("{}", rows.rows().size() - rows.measured_count()));
  for (const auto& [file, text] : rows.sources()) report.facts.emplace_back("Published: " + file, text);
  report.verdicts.assign(verdicts.begin(), verdicts.end());
}

void append(ReportSection& section, std::vector<ReportItem> items) {
  std::move(items.begin(), items.end(), std::back_inserter(section.items));
}

/// A store holds rows in the order in which they were measured, which is shuffled: a report has them in the order of the study's networks,
/// then by setting, so that tables and legends do not depend on it.
std::vector<measure::Row> in_study_order(const StudyPlan& plan, std::vector<measure::Row> rows) {
  std::map<std::string, std::size_t> places;
  for (const std::string& pattern : plan.networks) {
    for (const std::string& name : zoo::match(pattern)) places.try_emplace(name, places.size());
    places.try_emplace(pattern, places.size());
  }
  const auto key = [&](const measure::Row& row) {
    const auto found = places.find(row.model);
    return std::tuple(found == places.end() ? places.size() : found->second, std::string_view(row.engine),
                      std::string_view(row.engine_settings), std::string_view(row.device), std::string_view(row.precision_requested),
                      row.input_height, row.threads, row.batch);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const measure::Row& a, const measure::Row& b) { return key(a) < key(b); });
  return rows;
}

}  // namespace

Report study_report(const StudyPlan& plan, const std::vector<measure::Row>& measured, const std::vector<measure::LayerRow>& layers,
                    const std::vector<measure::AnsweredPictures>& pictures, const std::vector<train::TrainingRow>& trainings) {
  const StudyRows rows(plan, in_study_order(plan, measured), used_columns(plan), layers, pictures, trainings);
  Report report;
  report.title = plan.title.empty() ? plan.name : plan.title;
  report.subtitle = plan.text;
  add_facts(report, rows);

  ReportSection section;
  const auto close_section = [&] {
    if (!section.items.empty() || !section.title.empty()) report.sections.push_back(std::move(section));
    section = {};
  };
  for (const StudyBlock& block : plan.blocks) {
    const ItemContext context{plan, rows, fmt::format("{}:{}", plan.file, block.line)};
    std::visit(graph::Overloaded{
                   [&](const SectionSpec& spec) {
                     close_section();
                     section.title = spec.title;
                     if (!spec.text.empty()) section.items.emplace_back(ReportText{spec.text});
                   },
                   [&](const AbsentSpec& spec) {
                     section.items.emplace_back(ReportMissing{spec.title, spec.reason});
                   },
                   [&](const FigureSpec& spec) { append(section, figure_items(spec, block.from, context)); },
                   [&](const TableSpec& spec) { append(section, table_items(spec, block.from, context)); },
                   [&](const StudyAnalysis& analysis) { append(section, analysis_items(analysis, block.from, context, report.takeaways)); },
                   [&](const StudyRecommend& choice) { append(section, recommend_items(choice, block.from, context, report.takeaways)); },
                   [&](const TakeawaySpec& spec) {
                     std::string missing;
                     std::vector<std::string> sentences = takeaway_sentences(spec, block.from, context, missing);
                     if (sentences.empty())
                       section.items.emplace_back(
                           missing_item(spec.title.empty() ? spec.type + " of " + spec.value : spec.title, missing, context));
                     for (std::string& sentence : sentences) {
                       section.items.emplace_back(ReportText{sentence});
                       report.takeaways.push_back(std::move(sentence));
                     }
                   },
               },
               block.content);
  }
  close_section();
  return report;
}

std::vector<Table> measured_tables(const StudyPlan& plan, const std::vector<measure::Row>& measured, Format format) {
  StudyPlan own = plan;
  own.published.clear();
  std::erase_if(own.blocks, [](const StudyBlock& block) {
    const TableSpec* spec = std::get_if<TableSpec>(&block.content);
    return spec == nullptr || spec->value.empty() || block.from != kFromRows;
  });
  const StudyRows rows(own, measured, used_columns(own));
  std::vector<Table> tables;
  for (const StudyBlock& block : own.blocks) {
    const TableSpec& spec = std::get<TableSpec>(block.content);
    std::vector<Table> made = tables_of(spec, block.from, rows, fmt::format("{}:{}", plan.file, block.line), format);
    std::move(made.begin(), made.end(), std::back_inserter(tables));
  }
  return tables;
}

}  // namespace inferometer::report

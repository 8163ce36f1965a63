#include "report/study_items.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "report/analysis_fields.h"
#include "report/column_titles.h"
#include "report/frame_where.h"

namespace inferometer::report {
namespace {

/// Whether an error says that the data do not allow an item, not that the study is wrong.
bool is_about_data(const Error& error, const Frame& frame, const std::vector<std::string>& columns) {
  return error.code() == ErrorCode::input &&
         std::all_of(columns.begin(), columns.end(), [&](const std::string& column) { return column.empty() || frame.has(column); });
}

/// Whether one of the columns holds no number in a part.
bool lacks_numbers(const Frame& frame, const RowPart& part, const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
    if (column.empty() || !frame.has(column)) return false;
    const auto& numbers = frame.numbers(column);
    return std::none_of(part.rows.begin(), part.rows.end(), [&](std::size_t row) { return numbers[row].has_value(); });
  });
}

std::string repeating_command(const ItemContext& context) {
  const std::string& file = context.plan.file;
  return fmt::format("inferometer report {}-o DIR{}", file.empty() ? "" : shell_quote(file) + " ",
                     context.rows.measured_count() == 0 ? " --published" : "");
}

std::string sentence_start(const std::string& title, const std::string& fallback) { return title.empty() ? fallback : title; }

}  // namespace

Frame frame_part(const Frame& frame, const std::vector<std::size_t>& rows) {
  std::vector<bool> keep(frame.size(), false);
  for (const std::size_t row : rows) keep[row] = true;
  return frame.filtered(keep);
}

std::string conditions_text(const std::string& where) { return where.empty() ? "" : fmt::format(" Rows where {}.", where); }

void append_result(std::vector<ReportItem>& items, AnalysisResult result, const std::string& computed, const ItemContext& context) {
  for (std::string& sentence : result.sentences) {
    const bool warning = sentence.starts_with("Note: ");
    items.emplace_back(ReportText{std::move(sentence), warning});
  }
  for (Table& table : result.tables) {
    if (table.title.empty()) table.title = result.title;
    items.emplace_back(ReportTable{"", std::move(table), computed, repeating_command(context)});
  }
  for (Chart& chart : result.charts) items.emplace_back(ReportFigure{std::move(chart), computed, repeating_command(context)});
}

std::vector<std::size_t> believable_rows(const Frame& frame, const std::vector<std::size_t>& rows) {
  const std::vector<std::string>* status = frame.has("status") ? &frame.texts("status") : nullptr;
  const std::vector<std::string>* verdict = frame.has("verdict") ? &frame.texts("verdict") : nullptr;
  std::vector<std::size_t> kept;
  for (const std::size_t row : rows) {
    const bool passed = status == nullptr || (*status)[row].empty() || (*status)[row] == "passed";
    if (passed && (verdict == nullptr || (*verdict)[row] != "invalid")) kept.push_back(row);
  }
  return kept;
}

Error with_place(const Error& error, const std::string& place) {
  const std::string message = error.what();
  return Error(error.code(), message.starts_with(place) ? message : fmt::format("{}: {}", place, message), error.hint());
}

std::vector<RowPart> parts_of(const Frame& frame, const std::string& where, const std::vector<std::string>& each,
                              const std::string& place) {
  try {
    const std::vector<bool> wanted = rows_where(frame, where);
    const std::vector<std::string>* origin = frame.has("origin") ? &frame.texts("origin") : nullptr;
    std::vector<const std::vector<std::string>*> columns;
    for (const std::string& column : each) columns.push_back(&frame.texts(column));
    std::vector<RowPart> parts;
    std::map<std::vector<std::string>, std::size_t> places;
    for (std::size_t row = 0; row < frame.size(); ++row) {
      if (!wanted[row]) continue;
      std::vector<std::string> key, titles;
      for (std::size_t i = 0; i < each.size(); ++i) {
        key.push_back((*columns[i])[row]);
        if (!key.back().empty()) titles.push_back(value_title(each[i], key.back()));
      }
      if (origin != nullptr) key.push_back((*origin)[row]);
      const auto [found, is_new] = places.try_emplace(key, parts.size());
      if (is_new) {
        parts.push_back({join(titles, ", "), {}, origin != nullptr && (*origin)[row] == "published"});
      }
      parts[found->second].rows.push_back(row);
    }
    const bool all_measured = std::none_of(parts.begin(), parts.end(), [](const RowPart& part) { return part.published; });
    for (RowPart& part : parts) {
      if (origin == nullptr || all_measured) continue;  // the word would tell nothing apart
      part.title += fmt::format("{}{}", part.title.empty() ? "" : ", ", part.published ? "published" : "measured");
    }
    return parts;
  } catch (const Error& error) {
    throw with_place(error, place);
  }
}

std::string origin_text(const std::string& from, const ItemContext& context) {
  const std::string about = context.rows.about(from);
  if (!about.empty()) return about;
  if (context.rows.measured_count() == 0) return "Published rows";
  return context.rows.measured_count() == context.rows.rows().size() ? "Measured rows"
                                                                     : "Measured and published rows, told apart by their origin";
}

ReportMissing missing_item(const std::string& title, const std::string& reason, const ItemContext& context) {
  std::string text = reason;
  if (context.rows.measured_count() == 0) {
    text += fmt::format("{}no row of this study is measured yet: `inferometer run {}` measures them", text.empty() ? "" : "; ",
                        shell_quote(context.plan.file));
  }
  return {title, text};
}

std::vector<ReportItem> figure_items(const FigureSpec& spec, const std::string& from, const ItemContext& context) {
  const Frame& frame = context.rows.frame(from);
  try {
    ReportFigure figure;
    figure.chart = make_figure(spec, frame, {context.place, "", context.rows.is_published(from), context.rows.about(from)});
    std::vector<std::string> uses;
    for (const auto& [key, column] : required_columns(spec)) {
      if (key != "where") uses.push_back(fmt::format("{} = {}", key, column));
    }
    figure.computed = fmt::format("{}.{} {}: {}. docs/studies.md explains type and columns.", origin_text(from, context),
                                  conditions_text(spec.where), spec.type, join(uses, ", "));
    figure.command = repeating_command(context);
    return {std::move(figure)};
  } catch (const Error& error) {
    std::vector<std::string> columns;
    for (const auto& [key, column] : required_columns(spec)) columns.push_back(column);
    if (!is_about_data(error, frame, columns)) throw with_place(error, context.place);
    // The item has the title already, and a reader of the page no line of the file before him.
    const std::string title = sentence_start(spec.title, spec.type);
    std::string_view reason = error.what();
    for (const std::string& prefix : {context.place + ": ", title + ": "}) {
      if (reason.starts_with(prefix)) reason.remove_prefix(prefix.size());
    }
    return {missing_item(title, std::string(reason), context)};
  }
}

std::vector<ReportItem> analysis_items(const StudyAnalysis& analysis, const std::string& from, const ItemContext& context,
                                       std::vector<std::string>& takeaways) {
  const Frame& frame = context.rows.frame(from);
  const std::string title = sentence_start(analysis.spec.title, analysis.spec.type);
  std::vector<ReportItem> items;
  for (const RowPart& part : parts_of(frame, analysis.where, analysis.each, context.place)) {
    // A published table of another figure is no gap in this one.
    if (part.published && lacks_numbers(frame, part, {analysis.spec.response, analysis.spec.x, analysis.spec.y})) continue;
    AnalysisSpec spec = analysis.spec;
    spec.title = part.title.empty() ? title : fmt::format("{} ({})", title, part.title);
    const Frame rows = frame_part(frame, believable_rows(frame, part.rows));
    const std::size_t left_out = part.rows.size() - rows.size();
    try {
      AnalysisResult result = analyze(spec, rows);
      if (left_out > 0)
        result.sentences.push_back(
            fmt::format("Note: {} left out: did not pass, or invalid.", left_out == 1 ? "1 row is" : fmt::format("{} rows are", left_out)));
      const std::string computed = fmt::format("{}.{} {} rows; docs/statistics.md has the definitions.", origin_text(from, context),
                                               conditions_text(analysis.where), rows.size());
      for (const std::string& sentence : result.sentences) {
        if (analysis.takeaway && !sentence.starts_with("Note: "))
          takeaways.push_back((part.title.empty() ? "" : part.title + ": ") + sentence);
      }
      append_result(items, std::move(result), computed, context);
    } catch (const Error& error) {
      if (!is_about_data(error, frame, analysis_columns(spec))) throw with_place(error, context.place);
      items.emplace_back(ReportMissing{spec.title, error.what()});
    }
  }
  if (items.empty()) items.emplace_back(missing_item(title, "no row fulfils the condition", context));
  return items;
}

}  // namespace inferometer::report

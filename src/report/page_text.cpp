#include "report/page_text.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/html.h"

namespace inferometer::report {
namespace {

/// Nothing may be fetched: pictures come from beside the page, everything else stands in it.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' file: data: blob:";

/// A longer fact has a line of its own.
constexpr std::size_t kMostFactBytes = 90;
constexpr std::size_t kMostStemBytes = 60;

std::string stem_of(std::string_view id) {
  std::string stem;
  for (const char c : id) stem += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ? c : '-';
  return stem;
}

/// "Top-1 against GMACs (a)" -> "top-1-against-gmacs-a": what has no id is called by its title.
std::string stem_of_title(std::string_view title, std::string_view otherwise) {
  std::string stem;
  for (const std::string& word : split(stem_of(lower(title)), '-')) {
    if (stem.size() + word.size() >= kMostStemBytes) break;
    if (!word.empty()) stem += (stem.empty() ? "" : "-") + word;
  }
  return stem.empty() ? std::string(otherwise) : stem;
}

std::string distinct_stem(const std::string& stem, std::set<std::string>& taken) {
  std::string candidate = stem;
  for (int number = 2; !taken.insert(lower(candidate)).second; ++number) candidate = fmt::format("{}-{}", stem, number);
  return candidate;
}

/// Whether a series that is (or is not) published stands in the chart.
bool has_series(const Chart& chart, bool published) {
  return std::any_of(chart.panels.begin(), chart.panels.end(), [published](const Panel& panel) {
    return std::any_of(panel.series.begin(), panel.series.end(),
                       [published](const Series& series) { return series.published == published && !series.points.empty(); });
  });
}

std::string paragraphs(std::string_view text, std::string_view attributes = {}) {
  std::string html;
  for (const std::string& part : split(text, '\n')) {
    if (!trim(part).empty()) html += fmt::format("<p{}>{}</p>\n", attributes, html_text(trim(part)));
  }
  return html;
}

/// In CSS pixels, as the drawing itself says.
struct DrawingSize {
  double width = 0, height = 0;
};

DrawingSize size_of(const std::string& chart_json) {
  const nlohmann::json drawing = nlohmann::json::parse(chart_json);
  return {drawing.at("width").get<double>(), drawing.at("height").get<double>()};
}

/// Writes the page piece by piece; figures and tables are numbered as they come.
class PageWriter {
 public:
  PageWriter(const Report& report, const PageParts& parts) : report_(report), parts_(parts) {}

  std::string write() {
    std::string sections;
    for (std::size_t i = 0; i < report_.sections.size(); ++i) sections += section(report_.sections[i], i + 1);
    const std::string title = html_text(report_.title.empty() ? "Report" : report_.title);
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"generator\" content=\"inferometer {}\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n"
        "{}<main id=\"content\">\n{}{}{}{}</main>\n{}</body>\n</html>\n",
        kContentPolicy, INFEROMETER_VERSION, title, page_css(), contents(), header(), takeaways(), facts(), sections, scripts());
  }

 private:
  // ---- what stands before the sections ----

  std::string header() const {
    std::string html = fmt::format("<header>\n<h1>{}</h1>\n", html_text(report_.title.empty() ? "Report" : report_.title));
    if (!report_.subtitle.empty()) html += fmt::format("<p class=\"subtitle\">{}</p>\n", html_text(report_.subtitle));
    if (!report_.verdicts.empty()) {
      html += "<ul class=\"verdicts\" aria-label=\"Rows by verdict\">\n";
      for (const auto& verdict : report_.verdicts) {
        std::string name = verdict.first;
        std::replace(name.begin(), name.end(), '_', ' ');
        html += fmt::format("<li class=\"verdict {}\"><b>{}</b> {}</li>\n", stem_of(verdict.first), verdict.second, html_text(name));
      }
      html += "</ul>\n";
    }
    return html + "</header>\n";
  }

  std::string takeaways() const {
    if (report_.takeaways.empty()) return {};
    std::string html =
        "<section id=\"takeaways\" class=\"takeaways\" aria-labelledby=\"takeaways-title\">\n<h2 "
        "id=\"takeaways-title\">Takeaways</h2>\n<ul>\n";
    for (const std::string& sentence : report_.takeaways) html += fmt::format("<li>{}</li>\n", html_text(sentence));
    return html + "</ul>\n</section>\n";
  }

  std::string facts() const {
    if (report_.facts.empty()) return {};
    std::string html =
        "<section id=\"facts\" aria-labelledby=\"facts-title\">\n<h2 id=\"facts-title\">What was measured, where</h2>\n<dl "
        "class=\"facts\">\n";
    for (const auto& fact : report_.facts) {
      html += fmt::format("<div{}><dt>{}</dt><dd>{}</dd></div>\n", fact.second.size() > kMostFactBytes ? " class=\"long\"" : "",
                          html_text(fact.first), html_text(fact.second));
    }
    return html + "</dl>\n</section>\n";
  }

  std::string contents() const {
    std::string html = "<nav class=\"contents\" aria-label=\"Contents\">\n<details open>\n<summary>Contents</summary>\n<ul>\n";
    const auto line = [&html](const std::string& anchor, const std::string& text) {
      html += fmt::format("<li><a href=\"#{}\">{}</a>", anchor, html_text(text));
    };
    if (!report_.takeaways.empty()) line("takeaways", "Takeaways"), html += "</li>\n";
    if (!report_.facts.empty()) line("facts", "What was measured, where"), html += "</li>\n";
    for (std::size_t i = 0; i < report_.sections.size(); ++i) {
      line(fmt::format("section-{}", i + 1), section_title(report_.sections[i], i + 1));
      std::string inner;
      std::swap(inner, html);
      for (const ReportItem& item : report_.sections[i].items) {
        if (const auto* figure = std::get_if<ReportFigure>(&item)) {
          line("figure-" + figure->chart.id, figure->chart.title.empty() ? figure->chart.id : figure->chart.title), html += "</li>\n";
        } else if (const auto* table = std::get_if<ReportTable>(&item)) {
          line("table-" + table->id, table->table.title.empty() ? table->id : table->table.title), html += "</li>\n";
        }
      }
      std::swap(inner, html);
      html += inner.empty() ? "</li>\n" : "\n<ul>\n" + inner + "</ul>\n</li>\n";
    }
    return html + "</ul>\n</details>\n</nav>\n";
  }

  // ---- sections ----

  std::string section_title(const ReportSection& section, std::size_t number) const {
    if (!section.title.empty()) return section.title;
    return report_.sections.size() == 1 ? "Results" : fmt::format("Section {}", number);
  }

  std::string section(const ReportSection& section, std::size_t number) {
    std::string html =
        fmt::format("<section id=\"section-{0}\" aria-labelledby=\"section-{0}-title\">\n<h2 id=\"section-{0}-title\">{1}</h2>\n", number,
                    html_text(section_title(section, number)));
    for (const ReportItem& item : section.items) {
      html += std::visit([this](const auto& each) { return this->item(each); }, item);
    }
    return html + "</section>\n";
  }

  std::string item(const ReportText& text) const {
    if (!text.warning) return paragraphs(text.text);
    return fmt::format("<div class=\"warning\" role=\"note\" aria-label=\"Warning\">\n{}</div>\n", paragraphs(text.text));
  }

  std::string item(const ReportMissing& missing) const {
    return fmt::format("<div class=\"missing\" role=\"note\">\n<p><b>{}</b></p>\n{}</div>\n",
                       html_text(missing.title.empty() ? "Missing" : missing.title), paragraphs(missing.reason));
  }

  static std::string downloads(std::string_view folder, const std::string& id, const std::vector<std::string_view>& formats,
                               const std::string& of) {
    std::string html = fmt::format("<p class=\"downloads\" aria-label=\"Files of {}\">", html_text(of));
    for (const std::string_view format : formats) {
      std::string name(format);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      html += fmt::format("<a href=\"{0}/{1}.{2}\" aria-label=\"{3} as {4}\">{4}</a> ", folder, id, format, html_text(of), name);
    }
    html.back() = '<';
    return html + "/p>\n";
  }

  static std::string details(const std::string& computed, const std::string& command) {
    std::string html;
    if (!computed.empty()) html += fmt::format("<details>\n<summary>How this was computed</summary>\n{}</details>\n", paragraphs(computed));
    if (!command.empty()) {
      html += fmt::format("<details>\n<summary>Repeat it</summary>\n<pre><code>{}</code></pre>\n</details>\n", html_text(command));
    }
    return html.empty() ? html : "<div class=\"background\">\n" + html + "</div>\n";
  }

  std::string item(const ReportTable& table) {
    const std::string number = fmt::format("Table {}", ++tables_);
    const std::string caption = fmt::format("<b>{}.</b> {}", number, html_text(table.table.title.empty() ? table.id : table.table.title));
    std::string html = fmt::format(
        "<div class=\"block table\" id=\"table-{}\">\n<div class=\"table-box\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"{}\">\n{}</div>\n",
        table.id, number, html_table(table.table, caption, kMostTableLinesInPage));
    if (table.table.rows.size() > kMostTableLinesInPage) {
      html += fmt::format("<p class=\"note\">The first {} of {} lines; the files hold all of them.</p>\n", kMostTableLinesInPage,
                          table.table.rows.size());
    }
    if (table.table.rows.empty()) html += "<p class=\"note\">No lines.</p>\n";
    for (const std::string& note : table.table.notes) html += paragraphs(note, " class=\"note\"");
    if (parts_.table_files) html += downloads("tables", table.id, {"csv", "md", "json", "tex"}, number);
    return html + details(table.computed, table.command) + "</div>\n";
  }

  std::string item(const ReportFigure& figure) {
    const Chart& chart = figure.chart;
    const std::string number = fmt::format("Figure {}", ++figures_);
    const std::string title = html_text(chart.title.empty() ? chart.id : chart.title);
    const DrawingSize size = size_of(parts_.charts.at(figures_ - 1));
    std::string html = fmt::format(
        "<figure class=\"block\" id=\"figure-{0}\">\n<div class=\"chart\" role=\"img\" aria-label=\"{1}\" data-width=\"{2:g}\" "
        "data-height=\"{3:g}\" style=\"max-width:{2:g}px;aspect-ratio:{2:g}/{3:g}\"></div>\n",
        chart.id, title, size.width, size.height);
    if (parts_.figure_files) {
      html += fmt::format("<noscript><img src=\"figures/{}.svg\" alt=\"{}\" width=\"{:g}\" height=\"{:g}\"></noscript>\n", chart.id, title,
                          size.width, size.height);
    }
    html +=
        fmt::format("<script type=\"application/json\" class=\"chart-data\">{}</script>\n", json_in_script(parts_.charts.at(figures_ - 1)));
    html += fmt::format("<figcaption><b>{}.</b> {}{}\n{}</figcaption>\n", number, title, origin(chart), paragraphs(chart.caption));
    std::vector<std::string_view> formats{"svg", "png", "pdf"};
    if (chart.animated) formats.emplace_back("gif");
    if (parts_.figure_files) html += downloads("figures", chart.id, formats, number);
    return html + details(figure.computed, figure.command) + "</figure>\n";
  }

  static std::string origin(const Chart& chart) {
    if (!has_series(chart, true)) return {};
    return has_series(chart, false) ? " <span class=\"badge\">published and measured</span>" : " <span class=\"badge\">published</span>";
  }

  // ---- scripts ----

  std::string scripts() const {
    std::string html;
    if (figures_ > 0) {
      html +=
          fmt::format("<script>{}</script>\n<script>{}</script>\n", script_in_page(parts_.echarts), script_in_page(parts_.chart_script));
    }
    return html + fmt::format("<script>{}</script>\n", script_in_page(page_js()));
  }

  const Report& report_;
  const PageParts& parts_;
  std::size_t figures_ = 0, tables_ = 0;
};

}  // namespace

Report with_distinct_ids(Report report) {
  std::set<std::string> figures, tables;
  for (ReportSection& section : report.sections) {
    for (ReportItem& item : section.items) {
      if (auto* figure = std::get_if<ReportFigure>(&item)) {
        const Chart& chart = figure->chart;
        figure->chart.id = distinct_stem(chart.id.empty() ? stem_of_title(chart.title, "figure") : stem_of(chart.id), figures);
      } else if (auto* table = std::get_if<ReportTable>(&item)) {
        table->id = distinct_stem(table->id.empty() ? stem_of_title(table->table.title, "table") : stem_of(table->id), tables);
      }
    }
  }
  return report;
}

std::vector<const ReportFigure*> figures_of(const Report& report) {
  std::vector<const ReportFigure*> figures;
  for (const ReportSection& section : report.sections) {
    for (const ReportItem& item : section.items) {
      if (const auto* figure = std::get_if<ReportFigure>(&item)) figures.push_back(figure);
    }
  }
  return figures;
}

std::string page_text(const Report& report, const PageParts& parts) {
  const std::size_t figures = figures_of(report).size();
  if (figures != parts.charts.size()) {
    throw Error(ErrorCode::internal, fmt::format("the page has {} figures and {} charts", figures, parts.charts.size()));
  }
  return PageWriter(report, parts).write();
}

}  // namespace inferometer::report

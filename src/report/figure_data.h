/// Sort out the rows of a figure: what may be shown, in which panel and series, and what the caption says of the rest.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/figure.h"

namespace inferometer::report {

/// Rows that share a panel.
struct FigureGroup {
  std::string title;                ///< "(a) torch, input 32 px, measured"; empty when there is one panel only
  std::vector<std::size_t> shown;   ///< indices of rows
  std::vector<std::size_t> failed;  ///< rows that did not pass, for types that show them
  bool published = false;           ///< all shown rows are
};

/// A figure's rows, chosen and split. Refers to the frame that it was made from.
class FigureData {
 public:
  /// @param numeric   columns in which a row needs a number to be shown
  /// @param positive  ... and one above zero
  /// @param named     ... and any text, because it is a place on an axis of categories
  FigureData(const FigureSpec& spec, const Frame& rows, const FigureContext& context, const std::vector<std::string>& numeric,
             const std::vector<std::string>& positive, const std::vector<std::string>& named = {});

  const Frame& rows() const { return rows_; }
  std::vector<FigureGroup>& groups() { return groups_; }
  /// Unstable or unchecked.
  bool is_hollow(std::size_t row) const;
  bool is_published(std::size_t row) const { return origin_ != nullptr && (*origin_)[row] == "published"; }
  /// What stands in place of a row that did not pass: "Out of Mem.", else its status.
  std::string failure(std::size_t row) const;
  /// Values of columns as one heading, "torch, batch 8"; empty ones are left out.
  std::string heading(const std::vector<std::string>& columns, std::size_t row) const;
  /// For a tooltip: the row's names, then NAME: VALUE lines of `columns`.
  std::string tooltip(std::size_t row, const std::vector<std::string>& columns) const;
  /// One more sentence of the caption.
  void note(std::string sentence) { notes_.push_back(std::move(sentence)); }
  /// The specification's caption, the data's source and what was left out.
  std::string caption() const;

 private:
  void choose(const std::vector<std::string>& numeric, const std::vector<std::string>& positive, const std::vector<std::string>& named);
  void split();
  /// Published rows whose table has no number in one of the columns: they tell of another figure, and are no gap in this one.
  std::vector<bool> other_figures(const std::vector<std::string>& quantities) const;

  const FigureSpec& spec_;
  const Frame& rows_;
  const FigureContext& context_;
  const std::vector<std::string>* status_ = nullptr;
  const std::vector<std::string>* verdict_ = nullptr;
  const std::vector<std::string>* origin_ = nullptr;
  std::vector<std::size_t> shown_, failed_;
  std::size_t invalid_ = 0;
  std::map<std::string, std::size_t> missing_, unsuited_;  ///< by column
  std::vector<FigureGroup> groups_;
  std::vector<std::string> notes_;
};

/// An axis of a column of numbers. Between whole ones, such as epochs, a linear axis carries no labels. Where a logarithmic one shows a few
/// small counts alone, as batch sizes are, its ticks stand at these.
Axis number_axis(const Frame& frame, const std::string& column, const std::vector<std::size_t>& rows, bool log);

/// The median of rows that share a place because no setting tells them apart; `counted` grows by one where there are several.
double settled(const std::vector<std::optional<double>>& numbers, const std::vector<std::size_t>& rows, std::size_t& counted);

/// The caption's sentence about such places; empty for 0.
std::string settled_sentence(std::size_t counted);

}  // namespace inferometer::report
